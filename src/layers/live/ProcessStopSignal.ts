/**
 * The signals of this process. Only executables use it: a library must leave its host's signals alone.
 *
 * The first signal resolves `await`. The second ends the process at once, without finalizers, because the first one's
 * finalizers are what hangs. Closed pipes count as a first signal and never as a second.
 */
import { Deferred, Effect, Layer } from "effect"
import { type Signal, StopSignal } from "../../services/StopSignal.ts"

export interface Options {
  /** Called at the second signal; ends the process and does not return. */
  readonly onForce: (signal: Signal) => never
  /**
   * A repeat of the same signal within this many milliseconds is the same key press: npm and npx hand a terminal's
   * Ctrl-C on to a child that already has it.
   * @default 0
   */
  readonly repeatWithinMillis?: number | undefined
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/** Listens while the layer lives; afterwards the process has its default behaviour again. */
export const layer = (options: Options): Layer.Layer<never> => Layer.effect(StopSignal, make(options))

const make = Effect.fnUntraced(function*(options: Options) {
  const first = yield* Deferred.make<Signal>()
  const last = new Map<Signal, number>()

  const stop = (signal: Signal) => Deferred.doneUnsafe(first, Effect.succeed(signal))
  const onSignal = (signal: Signal) => {
    const now = performance.now()
    const repeated = now - (last.get(signal) ?? -Infinity) < (options.repeatWithinMillis ?? 0)
    last.set(signal, now)
    if (repeated) return
    if (Deferred.isDoneUnsafe(first)) options.onForce(signal)
    stop(signal)
  }
  const onOutputError = (error: NodeJS.ErrnoException) => {
    if (error.code !== undefined && closed.has(error.code)) stop("SIGPIPE")
  }

  yield* Effect.acquireRelease(
    Effect.sync(() => {
      for (const signal of signals) process.on(signal, onSignal)
      for (const output of [process.stdout, process.stderr]) output.on("error", onOutputError)
    }),
    () =>
      Effect.sync(() => {
        for (const signal of signals) process.off(signal, onSignal)
        for (const output of [process.stdout, process.stderr]) output.off("error", onOutputError)
      })
  )
  return StopSignal.of({ await: Deferred.await(first), requested: Deferred.isDone(first) })
})

/** The pipe's reader has gone, or the terminal has. */
const closed = new Set(["EPIPE", "EIO", "ECONNRESET", "ERR_STREAM_DESTROYED"])
