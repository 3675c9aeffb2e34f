/** Every setting of a family reaches the client that its action gets, and so does what a connection says of its own. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { type Context, Effect, Layer, Result, type Scope } from "effect"
import type { ValueRecord } from "../../../src/core/Value.ts"
import * as Config from "../../../src/programs/Config.ts"
import type * as Action from "../../../src/scenario/Action.ts"
import { amqp } from "../../../src/scenario/actions/amqp.ts"
import { cache } from "../../../src/scenario/actions/cache.ts"
import { mongo } from "../../../src/scenario/actions/mongo.ts"
import { postgres } from "../../../src/scenario/actions/postgres.ts"
import { CacheError, CacheStore } from "../../../src/services/CacheStore.ts"
import { DocumentStore, DocumentStoreError } from "../../../src/services/DocumentStore.ts"
import { BrokerError, MessageBroker } from "../../../src/services/MessageBroker.ts"
import { Postgres, PostgresError } from "../../../src/services/Postgres.ts"
import { makeContext, runAction } from "./context.ts"

type Connect = (url: string, options?: object) => Effect.Effect<never, unknown, Scope.Scope>

/** A server that nobody reaches: it notes how it was called. */
const recorder = <Identifier>(
  key: Context.Key<Identifier, { readonly connect: never }>,
  failure: unknown,
  asked: Array<readonly [url: string, options: object]>
): Layer.Layer<Identifier> =>
  Layer.succeed(key, {
    connect: ((url, options) => {
      asked.push([url, options ?? {}])
      return Effect.fail(failure)
    }) as Connect as never
  })

const why = { reason: "Connection", message: "recorded" } as const
const asked: Array<readonly [url: string, options: object]> = []
const services = Layer.mergeAll(
  recorder(Postgres as never, new PostgresError(why), asked),
  recorder(DocumentStore as never, new DocumentStoreError(why), asked),
  recorder(MessageBroker as never, new BrokerError(why), asked),
  recorder(CacheStore as never, new CacheError(why), asked),
  NodeServices.layer
)

/** A value of each kind that is no default. */
const other: Readonly<Record<string, string>> = {
  number: "7",
  duration: "77ms",
  size: "7MB",
  "true or false": "false",
  text: "other",
  "tracking, pubsub, none": "pubsub"
}

const families = [
  ["postgres", postgres, { query: "select 1" }, Config.postgresOptions],
  ["mongo", mongo, { health: true }, Config.mongoOptions],
  ["amqp", amqp, { health: true }, Config.amqpOptions],
  ["cache", cache, { health: true }, Config.cacheOptions]
] as const satisfies ReadonlyArray<
  readonly [string, Action.Any, ValueRecord, (settings: Config.Settings) => object]
>

const call = (action: Action.Any, input: ValueRecord, settings: ValueRecord) =>
  Effect.gen(function*() {
    asked.length = 0
    yield* Effect.flip(runAction(action, input, { context: yield* makeContext({ settings }) }))
    return asked[0]!
  }).pipe(Effect.provide(services), Effect.scoped) as Effect.Effect<readonly [string, object]>

describe.each(families)("settings of %s", (family, action, input, optionsOf) => {
  const keys = Config.keys.filter((key) => key.startsWith(`${family}.`) && !/\.(url|statement_timeout)$/.test(key))
  const text = [
    `${family}:`,
    "  url: somewhere",
    ...keys.map((key) => `  ${key.slice(family.length + 1)}: ${other[Config.table[key].kind.name]}`),
    `connections: { somewhere: { url: "embedded:x", options: { ${keys[0]!.slice(family.length + 1)}: ${
      Config.table[keys[0]!].kind.name === "number" ? 9 : "99ms"
    } } } }`
  ].join("\n")
  const resolved = Result.getOrThrow(
    Config.resolve({ file: { path: "skein.yaml", text }, directory: "/", environment: {}, cores: 1 })
  )
  const settings = Config.actionSettings(resolved)

  it.effect("all reach its client", () =>
    Effect.gen(function*() {
      const [url, options] = yield* call(action, { ...input, url: "embedded:y" }, settings)

      assert.strictEqual(url, "embedded:y")
      assert.isAtLeast(keys.length, 6)
      assert.strictEqual(Object.keys(options).length, keys.length)
      assert.deepEqual(options, optionsOf(resolved.settings))
    }))

  it.effect("those of a connection come first, and `url` may be its name", () =>
    Effect.gen(function*() {
      const [url, options] = yield* call(action, input, { ...settings, connections: resolved.connections })

      const camel = keys[0]!.slice(family.length + 1).replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
      assert.strictEqual(url, "embedded:x")
      assert.notDeepEqual(options, optionsOf(resolved.settings))
      const [own, outer]: ReadonlyArray<object> = [options, optionsOf(resolved.settings)]
      assert.deepEqual({ ...own, [camel]: 0 }, { ...outer, [camel]: 0 })
    }))
})
