/**
 * Where the iterations of a load run: this thread, or several worker threads; one day, several machines.
 *
 * Work goes out once, as plain data; frames come back until the work is done. A frame is opaque here: `programs/load/figures/Frame` reads it.
 *
 * Implementations: `layers/live/ThreadLoadWorkers`, `layers/fake/FakeLoadWorkers`. With one thread nobody needs this service.
 */
import { Cause, Context, type Effect, Schema, type Scope, type Stream } from "effect"

export class LoadWorkers extends Context.Service<LoadWorkers, {
  /** Starts one worker per entry and answers when all of them are ready to begin. */
  readonly start: (work: ReadonlyArray<Schema.Json>) => Effect.Effect<Workers, LoadWorkerError, Scope.Scope>
}>()("skein/services/LoadWorkers") {}

export interface Workers {
  /** Lets all begin at the same moment: milliseconds of Unix time. */
  readonly begin: (originMillis: number) => Effect.Effect<void>
  /** Frames of all workers as they come; ends when all are done. Fails when a worker crashes, with its reason. */
  readonly frames: Stream.Stream<{ readonly worker: number; readonly frame: Uint8Array }, LoadWorkerError>
  /** Asks all to start nothing more, to finish what runs, and to send their last frame. */
  readonly stop: Effect.Effect<void>
}

export class LoadWorkerError extends Schema.TaggedError<LoadWorkerError>()("LoadWorkerError", {
  worker: Schema.Int,
  reason: Schema.String,
  /** False when its work says itself that it cannot be done. */
  broke: Schema.Boolean
}) {
  override get message(): string {
    return `load worker ${this.worker}: ${this.reason}`
  }
}

/** How the end of a worker's work reads to those who wait for it, as plain data that can leave its thread. */
export const failureOf = (cause: Cause.Cause<unknown>): Pick<LoadWorkerError, "reason" | "broke"> => {
  const error = Cause.squash(cause)
  return { reason: error instanceof Error ? error.message : String(error), broke: !Cause.hasFails(cause) }
}
