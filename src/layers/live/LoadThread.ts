/** The side of `ThreadLoadWorkers` that runs inside a worker thread: says when it is ready, begins and stops when it is told to. */
import { Deferred, Effect, Exit } from "effect"
import type { MessagePort } from "node:worker_threads"
import { failureOf } from "../../services/LoadWorkers.ts"

/** `workerData` of the thread. */
export interface Start {
  readonly kind: "load"
  /** Plain data, made and read by `programs/LoadTest`. */
  readonly work: unknown
  /** The file of the root `worker.ts`, for a pacer of its own. */
  readonly entry: string
}

/** To the thread. */
export type Order = { readonly kind: "begin"; readonly originMillis: number } | { readonly kind: "stop" }

/** From the thread; after `done` or `failed` nothing more comes. */
export type Report =
  | { readonly kind: "ready" }
  | { readonly kind: "frame"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly reason: string; readonly broke: boolean }

export interface Channel {
  readonly begin: Effect.Effect<number>
  readonly stop: Effect.Effect<void>
  readonly send: (frame: Uint8Array<ArrayBuffer>) => Effect.Effect<void>
}

/** Runs `program`; its failure ends the thread with its message. */
export const serve = (port: MessagePort, program: (channel: Channel) => Effect.Effect<void, unknown>): void => {
  const begin = Deferred.makeUnsafe<number>()
  const stop = Deferred.makeUnsafe<void>()
  const report = (report: Report, transfer: ReadonlyArray<ArrayBuffer> = []) => port.postMessage(report, transfer)
  port.on("message", (order: Order) => {
    if (order.kind === "begin") Deferred.doneUnsafe(begin, Effect.succeed(order.originMillis))
    else Deferred.doneUnsafe(stop, Effect.void)
  })
  // Ends with its thread, which `ThreadLoadWorkers` ends with the scope of the run.
  const fiber = Effect.runFork(program({
    begin: Effect.andThen(Effect.sync(() => report({ kind: "ready" })), Deferred.await(begin)),
    stop: Deferred.await(stop),
    send: (bytes) => Effect.sync(() => report({ kind: "frame", bytes }, [bytes.buffer]))
  }))
  fiber.addObserver((exit) => {
    report(
      Exit.isSuccess(exit)
        ? { kind: "done" }
        : { kind: "failed", ...failureOf(exit.cause) }
    )
    port.close()
  })
}
