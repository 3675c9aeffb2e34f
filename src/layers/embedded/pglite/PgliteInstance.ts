/**
 * One PGlite in a worker thread of its own, so that a long statement blocks neither the other fibers nor Ctrl-C, and so
 * that it can be ended: by asking Postgres, and when that does not help, by ending the thread with all its data.
 *
 * The other side is `PgliteThread`, reached through the root `worker.ts` with `{ kind: "pglite" }`.
 */
import { Effect, type Scope } from "effect"
import { Worker } from "node:worker_threads"
import { PostgresError } from "../../../services/Postgres.ts"
import * as Multiplexer from "./PgliteMultiplexer.ts"
import type { Order, Report, Start } from "./PgliteThread.ts"

export interface Options extends Multiplexer.Limits {
  /** The file of the root `worker.ts`, or its bundle. */
  readonly entry: URL
  readonly cacheFolder: string
  /** Absolute folder that keeps the database; without it, it lives in memory. */
  readonly folder?: string | undefined
  /** How long a statement that was cancelled may go on before its thread is ended, in milliseconds. */
  readonly cancelMillis: number
  /** Called once when the database is lost. */
  readonly onLost: (why: string) => void
}

/** Starts the thread and opens the database; both end with the scope. A database in memory is gone then. */
export const open = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Multiplexer.Multiplexer, PostgresError, Scope.Scope> {
  // A thread that had to make the snapshot first ends after that: a second one starts from it.
  const thread = yield* Effect.acquireRelease(
    start(options).pipe(
      Effect.filterOrElse((thread) => thread !== "prepared", () => start(options)),
      Effect.filterOrFail((thread) => thread !== "prepared", () => failed("its snapshot in the cache cannot be read"))
    ),
    ({ worker }) => Effect.promise(() => worker.terminate()),
    { interruptible: true }
  )
  const multiplexer = Multiplexer.make(backendOf(thread, options), options)
  thread.worker.on("error", (error) => multiplexer.lose(`the embedded Postgres broke down: ${String(error)}`))
  thread.worker.on("exit", () => multiplexer.lose("the embedded Postgres broke down: its thread ended"))
  yield* Effect.addFinalizer(() => Effect.sync(() => multiplexer.close("the embedded Postgres is closed")))
  return multiplexer
})

interface Thread {
  readonly worker: Worker
  readonly version: string
  readonly cancelled: SharedArrayBuffer
}

const start = (options: Options): Effect.Effect<Thread | "prepared", PostgresError> =>
  Effect.callback((resume) => {
    const cancelled = new SharedArrayBuffer(4)
    const { cacheFolder, entry, folder } = options
    const workerData: Start = { kind: "pglite", folder, cacheFolder, cancelled }
    const worker = new Worker(entry, { workerData, stdout: true, stderr: true })
    const settle = (outcome: Effect.Effect<Thread | "prepared", PostgresError>, keep = false) => {
      for (const event of ["message", "error", "exit"]) worker.removeAllListeners(event)
      if (!keep) worker.terminate().catch(ignore)
      resume(outcome)
    }
    worker.on("message", (report: Report) => {
      if (report.kind === "opened") settle(Effect.succeed({ worker, version: report.version, cancelled }), true)
      else if (report.kind === "prepared") settle(Effect.succeed("prepared"))
      else if (report.kind === "refused") {
        settle(Effect.fail(report.reason === "NotInstalled" ? notInstalled() : failed(report.message)))
      }
    })
    worker.on("error", (error) => settle(Effect.fail(failed(String(error)))))
    worker.on("exit", (code) => settle(Effect.fail(failed(`its thread ended with code ${code}`))))
    return Effect.sync(() => void worker.terminate().catch(ignore))
  })

const backendOf = ({ cancelled, version, worker }: Thread, options: Options): Multiplexer.Backend => {
  const flag = new Int32Array(cancelled)
  let orders = 0
  let hand: {
    readonly id: number
    readonly onData: (bytes: Uint8Array) => void
    readonly done: (broken?: string) => void
  } | undefined
  let giveUp: ReturnType<typeof setTimeout> | undefined

  const end = (broken?: string): void => {
    clearTimeout(giveUp)
    giveUp = undefined
    const { done } = hand!
    hand = undefined
    done(broken)
  }

  worker.on("message", (report: Report) => {
    if (hand === undefined || !("id" in report) || report.id !== hand.id) return
    if (report.kind === "data") hand.onData(report.bytes)
    else if (report.kind === "done") end()
    else end(`the embedded Postgres broke down: ${report.message}`)
  })

  return {
    version,
    onLost: options.onLost,
    run: (bytes, onData, done) => {
      hand = { id: ++orders, onData, done }
      // A copy of its own: a view would take along the whole buffer that it is part of.
      const order: Order = { id: orders, bytes: bytes.slice() }
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage(order, [order.bytes.buffer as ArrayBuffer])
    },
    cancel: () => {
      if (hand === undefined || giveUp !== undefined) return
      Atomics.store(flag, 0, hand.id)
      giveUp = setTimeout(() => {
        worker.terminate().catch(ignore)
        end(
          `the embedded Postgres was stopped, and its data is gone: a statement went on for ${options.cancelMillis} ms after it was cancelled`
        )
      }, options.cancelMillis)
    }
  }
}

const failed = (why: string) =>
  new PostgresError({ reason: "Connection", message: `the embedded Postgres does not start: ${why}` })

const notInstalled = () =>
  new PostgresError({
    reason: "Connection",
    message: "the embedded Postgres needs the package @electric-sql/pglite, which is not installed",
    hint: "npm install --save-dev @electric-sql/pglite, or name a server: postgres://user@host/database"
  })

const ignore = () => {}
