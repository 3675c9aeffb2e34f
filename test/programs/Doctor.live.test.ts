/** The doctor on the machine's own servers, and on ports where nobody listens. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import * as Live from "../../src/layers/Live.ts"
import * as Doctor from "../../src/programs/Doctor.ts"
import * as VaultServer from "../support/VaultServer.ts"

const postgres = process.env["SKEIN_TEST_POSTGRES_URL"] ?? "postgres://postgres@127.0.0.1:5432/test"
const redis = process.env["SKEIN_TEST_REDIS_URL"] ?? "redis://127.0.0.1:6379"

const machine = Live.layer().pipe(Layer.provideMerge(NodeServices.layer))

layer(machine, { excludeTestServices: true, timeout: "30 seconds" })("Doctor", (it) => {
  it.effect("asks live servers, each in its own way, and tells those that are away", () =>
    Effect.gen(function*() {
      const vault = yield* VaultServer.make
      const { url } = yield* VaultServer.listen(vault)
      const urls = [
        postgres,
        redis,
        "postgres://nobody@127.0.0.1:1/x",
        "redis://127.0.0.1:1",
        "mongodb://127.0.0.1:1",
        url
      ]
      const servers = urls.map((url) => Doctor.given(url)!)

      const checks = yield* Doctor.run([...servers, { ...servers[5]!, kind: "vault" }], {
        settings: { mongo: { selection_timeout: "500ms" } },
        secrets: {},
        environment: { VAULT_ADDR: url, VAULT_TOKEN: vault.root },
        directory: "/",
        timeout: Duration.seconds(10)
      })

      assert.deepStrictEqual(checks.map(({ kind, status }) => `${kind} ${status}`), [
        "postgres up",
        "cache up",
        "postgres down",
        "cache degraded",
        "mongo down",
        "http up",
        "vault up"
      ])
      assert.match(checks[0]?.version ?? "", /^PostgreSQL \d/)
      assert.match(checks[1]?.version ?? "", /^(Redis|Valkey) \d/)
      for (const { latency_ms, pool } of checks.slice(0, 2)) {
        assert.isAbove(latency_ms ?? 0, 0)
        assert.isAtLeast(pool?.open ?? 0, 1)
      }
      for (const { hint, problem } of checks.slice(2, 5)) {
        assert.include(problem, "ECONNREFUSED")
        assert.isDefined(hint)
      }
    }))
})
