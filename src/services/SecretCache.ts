/**
 * Remembers secrets for a time, so that a run of many cases asks each source once, and again when the time is over.
 *
 * A secret is older than its time only while its sources are not reached: then it is used once more as long, with a warning.
 * Sources that refuse, or have the secret no more, end it at once. A failure is remembered for ten seconds at most.
 */
import { Clock, Duration, Effect, Redacted, Result, Semaphore } from "effect"
import * as DurationText from "../core/DurationText.ts"
import * as Json from "../core/Json.ts"
import type { Value, ValueRecord } from "../core/Value.ts"
import { type ResolveOptions, type Secrets, SecretsError } from "./Secrets.ts"

export interface Options extends Omit<ResolveOptions, "directory"> {
  /** @default 5 minutes */
  readonly timeToLive?: Duration.Duration | undefined
}

/**
 * The secrets that `references` describe, as in {@link Secrets}: each a text, or for a whole folder a record of texts. Cases that ask
 * for the same one at the same time share the answer.
 */
export type Fetch = (references: ValueRecord, directory: string) => Effect.Effect<ValueRecord, SecretsError>

/** Longest time, in milliseconds, before sources that failed are asked again. */
const maxFailureMillis = 10_000

export const make = (secrets: Secrets["Service"], options: Options): Fetch => {
  const entries = new Map<string, Entry>()
  const timeToLive = options.timeToLive ?? Duration.minutes(5)

  const entryOf = (name: string, reference: Value, directory: string): Entry => {
    const key = Json.stringify([directory, name, reference])
    const entry = entries.get(key) ??
      new Entry(
        name,
        timeToLive,
        Effect.map(secrets.resolve({ [name]: reference }, { ...options, directory }), (found) => valueOf(name, found))
      )
    entries.set(key, entry)
    return entry
  }

  return Effect.fnUntraced(function*(references, directory) {
    const names = Object.entries(references)
    const found = yield* Effect.forEach(
      names,
      ([name, reference]) => Effect.result(entryOf(name, reference, directory).get),
      { concurrency: "unbounded" }
    )
    const failures = found.filter(Result.isFailure).flatMap(({ failure }) => failure.secrets)
    if (failures.length > 0) return yield* new SecretsError({ secrets: failures })
    return Object.fromEntries(names.map(([name], at) => [name, Result.getOrElse(found[at]!, () => null)]))
  })
}

/** One secret: nothing yet, a value until its time is over, or a failure for a while. */
class Entry {
  private readonly name: string
  private readonly millis: number
  private readonly fetch: Effect.Effect<Value, SecretsError>
  private readonly turn = Semaphore.makeUnsafe(1)
  private last: { readonly result: Result.Result<Value, SecretsError>; readonly until: number } | undefined
  private value: { readonly value: Value; readonly at: number } | undefined

  constructor(name: string, timeToLive: Duration.Duration, fetch: Effect.Effect<Value, SecretsError>) {
    this.name = name
    this.millis = Duration.toMillis(timeToLive)
    this.fetch = fetch
  }

  readonly get: Effect.Effect<Value, SecretsError> = Effect.clockWith((clock) => {
    const current = this.current(clock)
    return current === undefined
      ? this.turn.withPermit(Effect.suspend(() => {
        const current = this.current(clock)
        return current === undefined ? this.refresh(clock) : Effect.fromResult(current)
      }))
      : Effect.fromResult(current)
  })

  private current(clock: Clock.Clock): Result.Result<Value, SecretsError> | undefined {
    return this.last !== undefined && millisOf(clock) < this.last.until ? this.last.result : undefined
  }

  private refresh(clock: Clock.Clock): Effect.Effect<Value, SecretsError> {
    return Effect.flatMap(Effect.result(this.fetch), (result) => {
      const now = millisOf(clock)
      const short = now + Math.min(this.millis, maxFailureMillis)
      if (Result.isSuccess(result)) {
        this.value = { value: result.success, at: now }
        this.last = { result, until: now + this.millis }
        return Effect.succeed(result.success)
      }
      const { value } = this
      if (value === undefined || !isOutage(result.failure) || now >= value.at + 2 * this.millis) {
        this.value = undefined
        this.last = { result, until: short }
        return Effect.fail(result.failure)
      }
      this.last = { result: Result.succeed(value.value), until: Math.min(short, value.at + 2 * this.millis) }
      const age = DurationText.format(Duration.millis(now - value.at))
      return Effect.as(
        Effect.logWarning(`secret "${this.name}" is ${age} old and goes on being used: ${result.failure.message}`),
        value.value
      )
    })
  }
}

const millisOf = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** No source said no: each was not reached, or has never had the secret. */
const isOutage = ({ secrets }: SecretsError): boolean =>
  secrets.every(({ sources }) => sources.some(({ kind }) => kind === "Down" || kind === "TimedOut")) &&
  secrets.every(({ sources }) => sources.every(({ kind }) => kind !== "Failed" && kind !== "Invalid"))

/** Returns what {@link Secrets} found for one name: the text, or those of a folder as a record. */
export const valueOf = (name: string, found: Readonly<Record<string, Redacted.Redacted<string>>>): Value => {
  const own = found[name]
  if (own !== undefined) return Redacted.value(own)
  return Object.fromEntries(
    Object.entries(found).map(([key, secret]) => [key.slice(name.length + 1), Redacted.value(secret)])
  )
}
