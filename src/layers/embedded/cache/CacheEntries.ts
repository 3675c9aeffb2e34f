/** Values of one schema as entries of the memory level and as bytes of a server. */
import { Clock, Duration, Effect, Exit, Option, Random, Schema } from "effect"
import type { CacheOptions } from "../../../services/CacheStore.ts"
import * as CacheCodec from "./CacheCodec.ts"
import type { Entry, Format } from "./CacheLevel.ts"

export interface Settings {
  /** The longest that memory trusts a value; without end where there is no server. */
  readonly promotionMillis: number
  /** Bytes from which values are deflated. */
  readonly compressAbove: number
  /** Called for each value that does not fit its schema. */
  readonly onUnfit: () => void
}

/** A value ready to be kept. */
export interface Sealed {
  readonly entry: Entry
  readonly bytes: Uint8Array
  /** Its time to live and its grace. */
  readonly keepMillis: number
}

/** A value that its schema cannot write down, or cannot read again. */
export class Unfit {
  readonly _tag = "Unfit"
}

export interface CacheEntries<A> {
  /**
   * Makes a value ready, as every reader will get it: written down and read again. Without a `ttl` it has the cache's own,
   * shortened by the jitter.
   */
  readonly seal: (value: Option.Option<A>, ttl?: Duration.Input) => Effect.Effect<Sealed, Unfit>
  /** Reads what a server keeps; `undefined` when it is not ours or does not fit. Its time may be over. */
  readonly open: (bytes: Uint8Array) => Effect.Effect<Entry | undefined>
  readonly answer: (entry: Entry) => Effect.Effect<Option.Option<A>>
  /** An entry that nobody keeps, around a value that cannot be written down. */
  readonly unkept: (value: Option.Option<A>) => Entry
  readonly graceMillis: number
}

export const make = <A, I>(options: CacheOptions<A, I>, settings: Settings): CacheEntries<A> => {
  const format = formatOf(options.schema)
  const graceMillis = Math.min(millis(options.grace ?? 0), CacheCodec.maxGraceMillis)
  const jitter = options.jitter ?? 0.1

  const entry = (value: Option.Option<unknown>, times: CacheCodec.Times, bytes: number, now: number): Entry => ({
    answer: Exit.succeed(value),
    isNone: Option.isNone(value),
    format,
    freshUntil: Math.min(times.expiresAt, now + settings.promotionMillis),
    expiresAt: times.expiresAt,
    staleUntil: times.expiresAt + times.graceMillis,
    bytes
  })

  const seal = Effect.fnUntraced(
    function*(value: Option.Option<A>, ttl?: Duration.Input) {
      const whole = millis(
        ttl ?? (Option.isNone(value) ? options.negativeTtl ?? "30 seconds" : options.ttl ?? "1 hour")
      )
      const shortened = whole * (1 - jitter * (jitter === 0 ? 0 : yield* Random.next))
      const now = yield* Clock.currentTimeMillis
      const times = {
        expiresAt: Math.min(Math.ceil(now + shortened), CacheCodec.never),
        graceMillis: Option.isNone(value) ? 0 : graceMillis
      }
      const content = Option.isNone(value)
        ? { none: true } as const
        : { none: false, json: yield* format.encode(value.value) } as const
      const bytes = yield* Effect.try({
        try: () => CacheCodec.write({ content, ...times }, settings.compressAbove),
        catch: () => new Unfit()
      })
      const kept = content.none ? Option.none() : Option.some(yield* format.decode(content.json))
      return {
        entry: entry(kept, times, bytes.length, now),
        bytes,
        keepMillis: times.expiresAt + times.graceMillis - now
      }
    },
    Effect.mapError(() => new Unfit()),
    Effect.tapError(() => Effect.sync(settings.onUnfit))
  )

  const open = Effect.fnUntraced(function*(bytes: Uint8Array) {
    const stored = CacheCodec.read(bytes)
    if (stored === undefined) return undefined
    const now = yield* Clock.currentTimeMillis
    if (stored.content.none) return entry(Option.none(), stored, bytes.length, now)
    return entry(Option.some(yield* format.decode(stored.content.json)), stored, bytes.length, now)
  }, Effect.catch(() => Effect.as(Effect.sync(settings.onUnfit), undefined)))

  /** For the rare entry that a cache of the same name with another schema brought in. */
  const reread = (entry: Entry): Effect.Effect<Option.Option<unknown>> =>
    Effect.flatMap(
      entry.answer,
      Option.match({
        onNone: () => Effect.succeedNone,
        onSome: (value) =>
          entry.format.encode(value).pipe(
            Effect.flatMap(format.decode),
            Effect.asSome,
            Effect.catch(() => Effect.as(Effect.sync(settings.onUnfit), Option.none()))
          )
      })
    )

  return {
    seal,
    open,
    // The one place where the type of the value comes back: its schema made it.
    answer: (entry) => (entry.format === format ? entry.answer : reread(entry)) as Effect.Effect<Option.Option<A>>,
    unkept: (value) => entry(value, { expiresAt: 0, graceMillis: 0 }, 0, 0),
    graceMillis
  }
}

const formats = new WeakMap<Schema.Top, Format>()

/** One per schema, so that caches with the same schema know each other's entries. */
const formatOf = <A, I>(schema: Schema.Codec<A, I>): Format => {
  const known = formats.get(schema)
  if (known !== undefined) return known
  const json = Schema.toCodecJson(schema)
  const format = { encode: Schema.encodeUnknownEffect(json), decode: Schema.decodeUnknownEffect(json) }
  formats.set(schema, format)
  return format
}

const millis = (input: Duration.Input): number => Duration.toMillis(Duration.fromInputUnsafe(input))
