import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { layer as mockLayer } from "../../src/layers/embedded/NodeMockServer.ts"
import * as OtlpTelemetry from "../../src/layers/live/OtlpTelemetry.ts"
import { log } from "../../src/scenario/actions/log.ts"
import { collector } from "../support/otlpCollector.ts"
import * as Scenarios from "../support/runScenarios.ts"

describe("OtlpTelemetry", () => {
  it("is wanted when a collector is named and not switched off", () => {
    assert.isFalse(OtlpTelemetry.isWanted({}))
    assert.isTrue(OtlpTelemetry.isWanted({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318" }))
    assert.isFalse(
      OtlpTelemetry.isWanted({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318", OTEL_SDK_DISABLED: "true" })
    )
  })

  it.live("sends a span per case and step, without any value of the run", () =>
    Effect.gen(function*() {
      const { bodies, url } = yield* collector
      const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_SERVICE_NAME: "shop-tests", TOKEN: "s3cret-token" }
      yield* Scenarios.run(
        {
          "a.yaml": "name: A\nsecrets: { token: { env: TOKEN } }\nsteps:\n  - log: \"${secrets.token}\"\n  - log: plain"
        },
        [log],
        { environment }
      ).pipe(Effect.provide(OtlpTelemetry.layer(environment)))

      const traces = bodies.get("/v1/traces") ?? ""
      assert.include(traces, "\"case A\"")
      assert.include(traces, "\"step log plain\"")
      assert.include(traces, "shop-tests")
      assert.notInclude([...bodies.values()].join(), "s3cret-token")
    }).pipe(Effect.scoped, Effect.provide(Layer.merge(Scenarios.layer, mockLayer))))
})
