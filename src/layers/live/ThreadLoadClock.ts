/**
 * The clock of a load on a real machine. Each alarm is a thread that sleeps until it is due and then posts one message: timers of the
 * event loop are a millisecond coarse, and a loop that spins leaves no time for the load.
 *
 * The other side is `PacerThread`, reached through the root `worker.ts` with `{ kind: "pacer" }`.
 */
import { Effect, Layer } from "effect"
import { Worker } from "node:worker_threads"
import { LoadClock } from "../../services/LoadClock.ts"
import * as PacerThread from "./PacerThread.ts"

export interface Options {
  /** The file of the root `worker.ts`, or its bundle. */
  readonly entry: URL
}

const make = ({ entry }: Options): LoadClock["Service"] => {
  const originMillis = performance.timeOrigin + performance.now()
  const now = PacerThread.clock(originMillis)

  const start = (wake: () => void) =>
    Effect.callback<PacerThread.Pacer>((resume) => {
      const memory = PacerThread.allocate()
      const worker = new Worker(entry, {
        workerData: { kind: "pacer", originMillis, bytes: memory.bytes } satisfies PacerThread.Start
      })
      const onBroken = (error: Error) => resume(Effect.die(error))
      worker.on("error", onBroken)
      // The first message says that it is there.
      worker.once("message", () => {
        worker.on("message", () => {
          // Before the work, so that what becomes due during it is heard of.
          memory.heard()
          wake()
        })
        resume(Effect.succeed({ memory, worker }))
      })
    })

  return LoadClock.of({
    now,
    originMillis,
    alarm: (wake) =>
      Effect.map(
        Effect.acquireRelease(
          start(wake),
          ({ memory, worker }) => Effect.promise(() => (memory.end(), worker.terminate()))
        ),
        ({ memory }) => ({ at: memory.wish })
      )
  })
}

/** Starts nothing until an alarm is asked for; a pacer ends with the scope of its alarm. */
export const layer = (options: Options): Layer.Layer<LoadClock> => Layer.sync(LoadClock, () => make(options))
