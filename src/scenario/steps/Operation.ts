/** One operation of a step on a document store, a broker or a cache: measured, and kept for the reports. */
import { Clock, type Duration, Effect, Exit } from "effect"
import * as DurationText from "../../core/DurationText.ts"
import * as Preview from "../../core/Preview.ts"
import type { Value } from "../../core/Value.ts"
import { type ActionContext, ActionError } from "../Action.ts"
import type { Attachment } from "../Event.ts"

export interface About<A> {
  /** The family of its action: `mongo`. */
  readonly service: string
  readonly operation: string
  /** The collection, the queue, the key. */
  readonly target: string
  readonly sent?: Value | undefined
  readonly received: (answer: A) => Value
}

/** Longest text that is made of what was sent or received. */
const maxText = 65_536

/** Runs the operation and attaches what was exchanged, also when it fails or is interrupted. */
export const kept = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  about: About<A>,
  context: ActionContext
): Effect.Effect<A, E, R> =>
  Effect.flatMap(Clock.Clock, (clock) => {
    const started = clock.monotonicTimeNanosUnsafe()
    return Effect.onExit(effect, (exit) => {
      const elapsed = Number((clock.monotonicTimeNanosUnsafe() - started) / 1_000n) / 1_000
      return context.attach(attachment(about, elapsed, exit))
    })
  })

/** Bounds an operation, which is then cancelled; without a time-out it goes on as long as its client lets it. */
export const within = <A, R>(
  effect: Effect.Effect<A, ActionError, R>,
  { timeout, what }: { readonly timeout: Duration.Duration | undefined; readonly what: string }
): Effect.Effect<A, ActionError, R> =>
  timeout === undefined ? effect : Effect.timeoutOrElse(effect, {
    duration: timeout,
    orElse: () =>
      Effect.fail(
        new ActionError({
          reason: "Timeout",
          message: `${what} was cancelled, it did not end within ${DurationText.format(timeout)}`
        })
      )
  })

/** Texts are made when they are read: of most steps that pass, nobody does. */
const attachment = <A>(
  { operation, received, sent, service, target }: About<A>,
  elapsed: number,
  exit: Exit.Exit<A, unknown>
): Attachment => {
  const made = { _tag: "Operation" as const, service, operation, target, duration_ms: elapsed }
  const lazily = (name: string, value: () => Value) =>
    Object.defineProperty(made, name, { get: () => Preview.json(value(), maxText), enumerable: true })
  if (sent !== undefined) lazily("sent", () => sent)
  if (Exit.isSuccess(exit)) lazily("received", () => received(exit.value))
  return made
}
