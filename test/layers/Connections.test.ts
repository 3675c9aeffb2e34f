/** The URL picks the layer. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import * as Connections from "../../src/layers/Connections.ts"
import { CacheStore } from "../../src/services/CacheStore.ts"
import { DocumentStore } from "../../src/services/DocumentStore.ts"
import { MessageBroker } from "../../src/services/MessageBroker.ts"
import { Postgres } from "../../src/services/Postgres.ts"
import { entry } from "../support/embedded.ts"

const Live = Connections.layer({ embedded: { entry } })

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

  it.effect("documents, messages and caches have embedded ones too, and refuse what is none of theirs", () =>
    Effect.gen(function*() {
      const documents = yield* (yield* DocumentStore).connect("embedded:")
      const messages = yield* (yield* MessageBroker).connect("embedded:")
      const caches = yield* (yield* CacheStore).connect("embedded:")
      for (const { health } of [documents, messages, caches]) assert.strictEqual((yield* health).status, "up")

      const wrong = [
        yield* Effect.flip((yield* DocumentStore).connect("redis://u:hunter2secret@h")),
        yield* Effect.flip((yield* MessageBroker).connect("mongodb://u:hunter2secret@h")),
        yield* Effect.flip((yield* CacheStore).connect("amqp://u:hunter2secret@h"))
      ]
      assert.deepStrictEqual(wrong.map(({ message }) => message), [
        "no document store URL begins with redis:",
        "no message broker URL begins with mongodb:",
        "no cache URL begins with amqp:"
      ])
    }).pipe(Effect.scoped, Effect.provide(Live)))

  it("a driver that is not installed is told with the line that installs it", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(import.meta.dirname, "../fixtures/missing-drivers.ts")
    ])

    assert.deepStrictEqual(stdout.trimEnd().split("\n"), [
      "this document store URL needs the package mongodb, which is not installed; run: npm install mongodb",
      "this message broker URL needs the package amqplib, which is not installed; run: npm install amqplib",
      "this cache URL needs the package redis, which is not installed; run: npm install redis"
    ])
  })
})
