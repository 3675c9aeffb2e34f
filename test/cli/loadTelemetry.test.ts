/** What a load tells a collector of OpenTelemetry while it goes on. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { LoadResult } from "../../src/programs/load/LoadResult.ts"
import * as HttpServers from "../support/HttpServers.ts"
import { collector } from "../support/otlpCollector.ts"
import { call, folder } from "./commandLine.ts"

const read = Schema.decodeUnknownSync(Schema.fromJsonString(LoadResult))

describe("skein load with OTEL_EXPORTER_OTLP_ENDPOINT", () => {
  it.live("sends its numbers, no traces, and nothing of what it sent or got", () =>
    Effect.gen(function*() {
      const { bodies, url } = yield* collector
      const target = yield* HttpServers.http((_, response) => response.end("s3cret-answer"))
      const header = "authorization: Bearer s3cret-token"
      const ended = yield* Effect.promise(async () => {
        using here = folder({})
        return await call(
          ["load", target.url, "-c", "2", "-n", "40", "-H", header, "--quiet", "--format", "json"],
          here.path,
          { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_SERVICE_NAME: "shop-load" }
        )
      })

      assert.strictEqual(read(ended.stdout).requests.total, 40, ended.stderr)
      assert.deepStrictEqual([...bodies.keys()], ["/v1/metrics"])
      const sent = bodies.get("/v1/metrics") ?? ""
      for (const name of ["requests_total", "errors_total", "latency_seconds", "generator_cpu_ratio", "users"]) {
        assert.include(sent, `"skein_load_${name}"`)
      }
      assert.match(sent, /"skein_load_requests_total"[^]*?"asDouble":40\b/)
      assert.include(sent, "shop-load")
      assert.notInclude(sent, "s3cret")
    }))
})
