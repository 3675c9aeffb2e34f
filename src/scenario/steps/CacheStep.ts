/** What a `cache` step does: its operations on the values of one cache. */
import { Duration, Effect, Option, Schema, SchemaTransformation } from "effect"
import { Base64 } from "effect/encoding"
import { isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as CacheStore from "../../services/CacheStore.ts"
import { type ActionContext, ActionError } from "../Action.ts"
import * as Fields from "../Fields.ts"
import * as Connection from "./Connection.ts"
import * as HealthOutput from "./HealthOutput.ts"
import * as Operation from "./Operation.ts"

/** Keys of `cache:` in `skein.yaml`. Durations are texts such as `30s`. */
const Settings = Schema.Struct({
  max_entries: Schema.optionalKey(Fields.Int),
  max_bytes: Schema.optionalKey(Fields.Bytes),
  compress_above: Schema.optionalKey(Fields.Bytes),
  promotion_ttl: Schema.optionalKey(Fields.Duration),
  invalidation: Schema.optionalKey(Schema.Literals(["tracking", "pubsub", "none"])),
  connect_timeout: Schema.optionalKey(Fields.Duration),
  command_timeout: Schema.optionalKey(Fields.Duration),
  max_queued: Schema.optionalKey(Fields.Int),
  connections: Schema.optionalKey(Fields.Int),
  min_connections: Schema.optionalKey(Fields.Int),
  acquire_timeout: Schema.optionalKey(Fields.Duration),
  retries: Schema.optionalKey(Fields.Int)
})

/** How a step comes to its cache; `embedded:` is the case's own. */
export const family = {
  name: "cache",
  service: CacheStore.CacheStore,
  settings: Schema.decodeUnknownResult(Settings),
  options: (settings: typeof Settings.Type): CacheStore.ConnectOptions => Connection.inCode(settings),
  toActionError: (error: CacheStore.CacheError) => toActionError(error)
} satisfies Connection.Family<
  CacheStore.CacheStore,
  CacheStore.CacheClient,
  CacheStore.CacheError,
  CacheStore.ConnectOptions,
  typeof Settings.Type
>

const Keys = Schema.Union([Fields.Text, Schema.Array(Fields.Text)])
const { Document, optional } = Fields

export const Input = Schema.Struct({
  get: optional(Keys, "A key, or a list of them"),
  set: optional(Schema.Union([Fields.Text, Document]), "A key whose value is value:, or a map of keys and values"),
  delete: optional(Keys, "A key, or a list of them"),
  expire: optional(Fields.Text, "A key that lives for ttl: from now on"),
  ttl_of: optional(Fields.Text, "A key whose time to live is wanted"),
  get_or_set: optional(
    Fields.Text,
    "A key that is read, and first set to value: or to what load: answers when it is not there"
  ),
  statistics: optional(Schema.Literal(true), "true: hits, misses and loads of this connection"),
  health: optional(Schema.Literal(true), "true: how the server is"),
  value: optional(Fields.Value, "The value to keep: anything"),
  load: optional(Fields.Step, "The step whose output is kept; null is remembered as \"there is none\""),
  ttl: optional(Fields.Duration, "How long the value is good [default: 1h]"),
  negative_ttl: optional(Fields.Duration, "How long \"there is none\" is remembered [default: 30s]"),
  grace: optional(Fields.Duration, "How long after its ttl a value is given out when load fails [default: 0s]"),
  jitter: optional(Schema.Finite, "Part of the ttl by which it differs at random [default: 0.1]"),
  name: optional(Fields.Text, "Which cache: the keys begin with it and a colon [default: skein]"),
  url: optional(
    Fields.Connection,
    "Where the cache is: redis://..., embedded:, embedded:name, or the name of a connection [default: cache.url of skein.yaml, else embedded:]"
  )
})
export type Input = typeof Input.Type

const operations = ["get", "set", "delete", "expire", "ttl_of", "get_or_set", "statistics", "health"] as const
type Name = (typeof operations)[number]

const companions: Readonly<Record<string, ReadonlyArray<string>>> = {
  value: ["set", "get_or_set"],
  load: ["get_or_set"],
  ttl: ["set", "expire", "get_or_set"],
  negative_ttl: ["get_or_set"],
  grace: ["get_or_set"],
  jitter: ["set", "get_or_set"]
}

/** What does not fit together. */
export const problems = (present: ReadonlySet<string>, constants: ValueRecord): ReadonlyArray<string> => {
  const [operation, ...more] = operations.filter((name) => present.has(name))
  if (operation === undefined) return [`give one of ${operations.join(", ")}`]
  if (more.length > 0) return [`give only one of ${[operation, ...more].join(" and ")}`]
  const isMap = isRecord(constants["set"])
  return [
    ...Object.entries(companions).flatMap(([name, belongs]) =>
      present.has(name) && !belongs.includes(operation) ? [`${name} belongs to ${belongs.join(", ")}`] : []
    ),
    ...operation === "expire" && !present.has("ttl") ? ["expire needs ttl"] : [],
    ...operation === "set" && typeof constants["set"] === "string" && !present.has("value") ? ["set needs value"] : [],
    ...operation === "set" && isMap && present.has("value") ? ["a map of keys has its values: leave value out"] : [],
    ...operation === "get_or_set" && present.has("value") === present.has("load") ? ["give value or load"] : []
  ]
}

/** Looking changes nothing. */
export const effectOf = (_: ValueRecord, present: ReadonlySet<string> = new Set()): "read" | "write" =>
  ["get", "ttl_of", "statistics", "health"].some((name) => present.has(name)) ? "read" : "write"

/** Values as JSON: what JSON has not is written as Extended JSON does. */
const Stored: Schema.Codec<Value, unknown> = Schema.Unknown.pipe(
  Schema.decodeTo(
    Fields.Value,
    SchemaTransformation.transform({
      decode: (stored): Value => fromStored(stored),
      encode: (value) => toStored(value)
    })
  )
)

const toStored = (value: Value): unknown => {
  if (typeof value === "bigint") return { $numberLong: String(value) }
  if (value instanceof Uint8Array) return { $binary: { base64: Base64.encode(value), subType: "00" } }
  if (isArray(value)) return value.map(toStored)
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toStored(item)])) : value
}

const fromStored = (stored: unknown): Value => {
  if (Array.isArray(stored)) return stored.map(fromStored)
  if (!isRecord(stored)) return stored as Value
  const [[key, item] = ["", null], ...more] = Object.entries(stored)
  if (more.length === 0 && key === "$numberLong" && typeof item === "string" && /^-?\d+$/.test(item)) {
    return BigInt(item)
  }
  if (more.length === 0 && key === "$binary" && isRecord(item) && item["subType"] === "00") {
    const bytes = Base64.decode(String(item["base64"]))
    if (bytes._tag === "Success") return bytes.success
  }
  return Object.fromEntries(Object.entries(stored).map(([name, value]) => [name, fromStored(value)]))
}

/** A program goes on without its cache server; a step that looks into it does not: what it found would say nothing of the server. */
export const needsServer = Effect.fnUntraced(function*(
  client: CacheStore.CacheClient,
  input: Input
): Effect.fn.Return<void, ActionError> {
  if (input.health === true || input.statistics === true) return
  const { hint, problem, status } = yield* client.health
  if (status === "up") return
  return yield* new ActionError({
    reason: "Connection",
    message: problem ?? "the cache server is not reached",
    ...(hint === undefined ? {} : { hint })
  })
})

/** Does the one operation of an input, and answers with the fields of the action's output that belong to it. */
export const run = (
  client: CacheStore.CacheClient,
  input: Input,
  context: ActionContext
): Effect.Effect<ValueRecord, ActionError> => {
  const operation = operations.find((name) => input[name] !== undefined)!
  const own = input[operation]
  const done = Effect.gen(function*() {
    const cache = yield* client.cache({
      name: input.name ?? "skein",
      schema: Stored,
      ttl: input.ttl,
      negativeTtl: input.negative_ttl,
      grace: input.grace,
      jitter: input.jitter
    })
    return yield* perform(operation, client, cache, input)
  })
  return Operation.kept(
    done.pipe(Effect.mapError((error) => error._tag === "CacheError" ? toActionError(error) : error)),
    {
      service: family.name,
      operation,
      target: own === true ? "" : isRecord(own) ? Object.keys(own).join(", ") : [own].flat().join(", "),
      sent: input.value ?? (operation === "set" && isRecord(own) ? own : undefined),
      received: (answer) => answer
    },
    context
  )
}

const perform = (
  operation: Name,
  client: CacheStore.CacheClient,
  cache: CacheStore.Cache<Value>,
  input: Input
): Effect.Effect<ValueRecord, CacheStore.CacheError | ActionError> => {
  switch (operation) {
    case "get":
      return isArray(input.get)
        ? Effect.map(cache.getMany(input.get as ReadonlyArray<string>), (found) => ({
          values: found.map(Option.getOrNull),
          count: found.filter(Option.isSome).length
        }))
        : Effect.map(cache.get(input.get as string), one)
    case "set": {
      const entries = isRecord(input.set) ? Object.entries(input.set) : [[input.set as string, input.value!] as const]
      return Effect.as(cache.setMany(entries, { ttl: input.ttl }), { count: entries.length })
    }
    case "delete":
      return Effect.map(cache.deleteMany([input.delete!].flat()), (count) => ({ count }))
    case "expire":
      return Effect.map(cache.expire(input.expire!, input.ttl!), (found) => ({ found }))
    case "ttl_of":
      return Effect.map(cache.ttl(input.ttl_of!), (left) => ({
        found: Option.isSome(left),
        ttl_ms: Option.isSome(left) ? Duration.toMillis(left.value) : null
      }))
    case "get_or_set":
      return getOrSet(cache, input)
    case "statistics":
      return Effect.map(client.statistics, (statistics) => ({ statistics: plain(statistics) }))
    case "health":
      return HealthOutput.of(client.health)
  }
}

const one = (found: Option.Option<Value>): ValueRecord => ({
  value: Option.getOrNull(found),
  found: Option.isSome(found)
})

const getOrSet = (cache: CacheStore.Cache<Value>, input: Input): Effect.Effect<ValueRecord, ActionError> =>
  Effect.suspend(() => {
    let loaded = false
    const load = Effect.map(input.load?.run ?? Effect.succeed(input.value!), (value) => {
      loaded = true
      return Option.fromNullOr(value)
    })
    return Effect.map(
      cache.getOrLoad(input.get_or_set!, load, { ttl: input.ttl }),
      (found) => ({ ...one(found), loaded })
    )
  })

const plain = (statistics: CacheStore.Statistics): ValueRecord =>
  Object.fromEntries(
    Object.entries(statistics).flatMap(([key, value]): ReadonlyArray<readonly [string, Value]> =>
      value === undefined ? [] : [[key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value as Value]]
    )
  )

const reasons: Readonly<Record<CacheStore.CacheError["reason"], ActionError["reason"]>> = {
  Connection: "Connection",
  Authentication: "Unavailable",
  Timeout: "Timeout",
  Busy: "Timeout",
  Invalid: "Invalid",
  Refused: "Invalid"
}

const toActionError = (error: CacheStore.CacheError): ActionError =>
  new ActionError({
    reason: reasons[error.reason],
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error
  })
