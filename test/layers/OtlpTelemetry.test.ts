import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { layer as mockLayer } from "../../src/layers/embedded/NodeMockServer.ts"
import * as OtlpTelemetry from "../../src/layers/live/OtlpTelemetry.ts"
import { log } from "../../src/scenario/actions/log.ts"
import * as Scenarios from "../support/runScenarios.ts"

/** A collector on loopback that keeps what it is sent, by path. */
const collector = Effect.acquireRelease(
  Effect.callback<{ readonly url: string; readonly bodies: Map<string, string>; readonly close: () => void }>(
    (resume) => {
      const bodies = new Map<string, string>()
      const server = createServer((request, response) => {
        let body = ""
        request.on("data", (chunk) => body += String(chunk))
        request.on("end", () => {
          bodies.set(request.url ?? "", (bodies.get(request.url ?? "") ?? "") + body)
          response.end("{}")
        })
      }).listen(0, "127.0.0.1", () => {
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
        resume(Effect.succeed({
          url,
          bodies,
          close: () => {
            server.closeAllConnections()
            server.close()
          }
        }))
      })
    }
  ),
  ({ close }) => Effect.sync(close)
)

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
