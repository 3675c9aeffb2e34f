/** The URL picks the layer. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as Connections from "../../src/layers/Connections.ts"
import { Postgres } from "../../src/services/Postgres.ts"
import { cacheFolder, entry } from "../support/embedded.ts"

const Live = Connections.layer({ embedded: { entry, cacheFolder } })

const refused = (url: string | Redacted.Redacted<string>) =>
  Effect.flatMap(Postgres, (postgres) => Effect.flip(Effect.scoped(postgres.connect(url))))

describe("Connections", () => {
  it.effect("an unknown scheme is refused with the nearest one", () =>
    Effect.gen(function*() {
      const [near, far] = [yield* refused("postgre://app@db/shop"), yield* refused("mysql://app@db/shop")]

      assert.deepInclude(near, { message: "no Postgres URL begins with postgre:", hint: "did you mean postgres:?" })
      assert.deepInclude(far, { reason: "Connection", message: "no Postgres URL begins with mysql:" })
    }).pipe(Effect.provide(Live)))

  it.effect("what is no URL is not repeated: it may be a secret in the wrong place", () =>
    Effect.gen(function*() {
      for (const text of ["hunter2secret", "hunter2secret:", "", "//hunter2secret@db", "mysql://u:hunter2secret@db"]) {
        const error = yield* refused(Redacted.make(text))
        assert.notInclude(JSON.stringify(error), "hunter2secret")
      }
    }).pipe(Effect.provide(Live)))

  it.effect("the scheme decides, in any letter case", () =>
    Effect.gen(function*() {
      const server = yield* refused("POSTGRESQL://postgres@127.0.0.1:1/postgres")
      const embedded = yield* refused("embedded:not a name")

      assert.include(server.message, "ECONNREFUSED")
      assert.include(embedded.message, "names no embedded Postgres")
    }).pipe(Effect.provide(Live)))

  it.effect("a client by URL is the one of that layer", () =>
    Effect.gen(function*() {
      const client = yield* (yield* Postgres).connect("embedded:")

      assert.strictEqual((yield* client.query("select $1::int as n", [7])).rows[0]?.["n"], 7)
    }).pipe(Effect.scoped, Effect.provide(Live)))
})
