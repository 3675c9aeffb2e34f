/**
 * Generators of load on threads of this process. All end with the scope in which they were started; one that breaks down fails the stream
 * of frames with its reason.
 *
 * The other side is `LoadThread`, reached through the root `worker.ts` with `{ kind: "load" }`.
 */
import { Cause, Deferred, Duration, Effect, Layer, Queue, Stream } from "effect"
import { Worker } from "node:worker_threads"
import * as DurationText from "../../core/DurationText.ts"
import { LoadWorkerError, LoadWorkers } from "../../services/LoadWorkers.ts"
import type { Order, Report, Start } from "./LoadThread.ts"

export interface Options {
  /** The file of the root `worker.ts`, or its bundle. */
  readonly entry: URL
}

/** A frame a second and thread: more than this are never on their way, unless nobody reads them. */
const maxFrames = 10_000

/** Time for a thread to read its files, fetch its secrets and make its users. */
const maxStart = Duration.minutes(5)

const make = ({ entry }: Options): LoadWorkers["Service"] => ({
  start: Effect.fnUntraced(function*(work) {
    const frames = yield* Queue.bounded<
      { readonly worker: number; readonly frame: Uint8Array },
      LoadWorkerError | Cause.Done
    >(maxFrames)
    const ready = yield* Effect.forEach(work, () => Deferred.make<void, LoadWorkerError>())
    let running = work.length

    const open = (one: (typeof work)[number], index: number): Worker => {
      const worker = new Worker(entry, { workerData: { kind: "load", work: one, entry: entry.href } satisfies Start })
      let ended = false
      const fail = (reason: string, broke = true) => {
        if (ended) return
        ended = true
        const error = new LoadWorkerError({ worker: index, reason, broke })
        Deferred.doneUnsafe(ready[index]!, Effect.fail(error))
        Queue.failCauseUnsafe(frames, Cause.fail(error))
      }
      const onReport = (report: Report) => {
        switch (report.kind) {
          case "ready":
            return void Deferred.doneUnsafe(ready[index]!, Effect.void)
          case "frame":
            // Without it the figures would be of a part of the load.
            if (!Queue.offerUnsafe(frames, { worker: index, frame: report.bytes })) fail("its figures are not read")
            return
          case "failed":
            return fail(report.reason, report.broke)
          case "done":
            ended = true
            running--
            if (running === 0) Queue.endUnsafe(frames)
        }
      }
      worker.on("message", onReport)
      worker.on("error", (error) => fail(error instanceof Error ? error.message : String(error)))
      worker.on("exit", (code) => fail(`its thread ended with code ${code}`))
      return worker
    }

    const workers = yield* Effect.forEach(work, (one, index) =>
      Effect.acquireRelease(
        Effect.sync(() => open(one, index)),
        (worker) => Effect.promise(() => worker.terminate())
      ))
    const tell = (order: Order) =>
      Effect.sync(() => {
        for (const worker of workers) {
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
          worker.postMessage(order)
        }
      })
    yield* Effect.forEach(ready, (one, index) => inTime(Deferred.await(one), index), {
      concurrency: "unbounded",
      discard: true
    })
    return {
      begin: (originMillis) => tell({ kind: "begin", originMillis }),
      frames: Stream.fromQueue(frames),
      stop: tell({ kind: "stop" })
    }
  })
})

const inTime = (ready: Effect.Effect<void, LoadWorkerError>, worker: number) =>
  Effect.timeoutOrElse(ready, {
    duration: maxStart,
    orElse: () => {
      const reason = `it was not ready to begin within ${DurationText.format(maxStart)}`
      return new LoadWorkerError({ worker, reason, broke: true })
    }
  })

/** Starts nothing until it is asked to. */
export const layer = (options: Options): Layer.Layer<LoadWorkers> => Layer.succeed(LoadWorkers, make(options))
