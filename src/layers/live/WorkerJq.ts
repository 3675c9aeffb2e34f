/**
 * jq in a worker thread of its own. The thread starts with the first program and ends with the layer; a program that runs
 * too long or is interrupted takes its thread with it, and the next one gets a new thread.
 *
 * The other side is `JqThread`, reached through the root `worker.ts` with `{ kind: "jq" }`.
 */
import { Duration, Effect, Layer, Result, Semaphore } from "effect"
import { Worker } from "node:worker_threads"
import * as DurationText from "../../core/DurationText.ts"
import * as Json from "../../core/Json.ts"
import type { Value } from "../../core/Value.ts"
import { Jq, JqError } from "../../services/Jq.ts"
import type { Answer, Question } from "./JqThread.ts"

export interface Options {
  /** The file of the root `worker.ts`, or its bundle. */
  readonly entry: URL
  /** Bound on one program. @default "10 seconds" */
  readonly timeout?: Duration.Input | undefined
  /** Bound on the JSON text of all results, in characters. @default 32 Mi */
  readonly maxOutputLength?: number | undefined
  /** Heap of the thread in MiB, beside what jq itself takes. @default 512 */
  readonly maxHeapMib?: number | undefined
}

const make = Effect.fnUntraced(function*(options: Options) {
  const timeout = Duration.fromInputUnsafe(options.timeout ?? "10 seconds")
  const maxOutputLength = options.maxOutputLength ?? 32 * 1024 * 1024
  const turn = yield* Semaphore.make(1)
  let idle: Worker | undefined
  let questions = 0

  const start = () =>
    new Worker(options.entry, {
      workerData: { kind: "jq" },
      resourceLimits: { maxOldGenerationSizeMb: options.maxHeapMib ?? 512 },
      // What jq prints beside its results (`debug`) belongs to nobody.
      stdout: true,
      stderr: true
    })

  const ask = (program: string, input: string) =>
    Effect.callback<string, JqError>((resume) => {
      const worker = idle ?? start()
      idle = undefined
      const id = ++questions
      const fail = (reason: JqError["reason"], message: string, cause?: unknown) =>
        resume(Effect.fail(new JqError({ reason, program, message, ...(cause === undefined ? {} : { cause }) })))
      const end = () => {
        quiet(worker)
        worker.terminate().catch(ignore)
      }
      const onBroken = (error: unknown) => {
        end()
        fail("Unavailable", `jq broke down: ${String(error)}`, error)
      }
      const onAnswer = (answer: Answer) => {
        if (answer.id !== id) return
        if (answer.kind === "broken") return onBroken(answer.message)
        rest(worker)
        if (answer.kind === "results") resume(Effect.succeed(answer.output))
        else fail(answer.reason, answer.message)
      }
      worker.ref()
      worker.on("error", onBroken)
      worker.on("exit", (code) => onBroken(`its thread ended with code ${code}`))
      worker.on("message", onAnswer)
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage({ id, program, input, maxOutputLength } satisfies Question)
      return Effect.sync(end)
    })

  /** An idle thread keeps no process alive, and is forgotten should it end by itself. */
  const rest = (worker: Worker) => {
    quiet(worker)
    worker.on("error", forget)
    worker.on("exit", forget)
    worker.unref()
    idle = worker
  }
  const forget = () => idle = undefined

  yield* Effect.addFinalizer(() => idle === undefined ? Effect.void : Effect.promise(() => idle!.terminate()))

  return Jq.of({
    run: Effect.fn("Jq.run")(function*(program: string, input: Value) {
      const output = yield* ask(program, Json.stringify(input)).pipe(
        Effect.timeoutOrElse({ duration: timeout, orElse: () => tooLong(program, timeout) }),
        Semaphore.withPermit(turn)
      )
      return yield* resultsOf(program, output)
    })
  })
})

/** Starts nothing until the first program; ends the thread when it closes. */
export const layer = (options: Options): Layer.Layer<Jq> => Layer.effect(Jq, make(options))

const ignore = () => {}

/** Removes our listeners by name: a `Worker` has listeners of its own, and is deaf without them. */
const quiet = (worker: Worker) => {
  for (const event of ["message", "error", "exit"]) worker.removeAllListeners(event)
}

const tooLong = (program: string, timeout: Duration.Duration) =>
  Effect.fail(
    new JqError({ reason: "Timeout", program, message: `it was stopped after ${DurationText.format(timeout)}` })
  )

const resultsOf = Effect.fnUntraced(function*(program: string, output: string) {
  const results: Array<Value> = []
  for (const line of output.split("\n")) {
    if (line === "") continue
    const parsed = Json.parse(line)
    if (Result.isFailure(parsed)) {
      const message = `its result cannot be read: ${parsed.failure.message}`
      return yield* new JqError({ reason: "Input", program, message })
    }
    results.push(parsed.success)
  }
  return results
})
