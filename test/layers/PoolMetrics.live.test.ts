/** Every live pool shows in the metrics, and none of their labels tells a password. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { PrometheusMetrics } from "effect/observability"
import * as ServerName from "../../src/core/ServerName.ts"
import * as PgPostgres from "../../src/layers/live/PgPostgres.ts"
import * as RedisCacheStore from "../../src/layers/live/RedisCacheStore.ts"
import { CacheStore } from "../../src/services/CacheStore.ts"
import { Postgres } from "../../src/services/Postgres.ts"

const postgres = process.env["SKEIN_TEST_POSTGRES_URL"] ?? "postgres://postgres@127.0.0.1:5432/test"
const redis = process.env["SKEIN_TEST_REDIS_URL"] ?? "redis://127.0.0.1:6379"

const live = Layer.merge(PgPostgres.layer, RedisCacheStore.layer)

layer(live, { excludeTestServices: true, timeout: "30 seconds" })("the metrics of pools", (it) => {
  const connects = {
    postgres: [postgres, Effect.flatMap(Postgres, ({ connect }) => connect(postgres))],
    cache: [redis, Effect.flatMap(CacheStore, ({ connect }) => connect(redis))]
  } as const
  for (const [service, [url, connect]] of Object.entries(connects)) {
    it.effect(`are those of ${service}, as its health has them`, () =>
      Effect.gen(function*() {
        const client = yield* connect
        const { pool } = yield* client.health
        const text = yield* PrometheusMetrics.format()
        const value = (name: string, state?: string) => {
          const labels = `service="${service}",server="${ServerName.of(url)}"${
            state === undefined ? "" : `,state="${state}"`
          }`
          return Number(new RegExp(`^${name}\\{${labels.replaceAll(".", "\\.")}\\} (\\d+)$`, "m").exec(text)?.[1])
        }

        assert.isAtLeast(pool?.open ?? 0, 1)
        assert.strictEqual(
          value("skein_pool_connections", "busy") + value("skein_pool_connections", "idle"),
          pool?.open
        )
        assert.strictEqual(value("skein_pool_max_connections"), pool?.max)
        assert.strictEqual(value("skein_pool_waiting"), 0)
      }))
  }
})
