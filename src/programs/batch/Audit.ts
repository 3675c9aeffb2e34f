/** A file of who did what to which item, when, and how it ended: one JSON object per line, added to what is there. */
import { Clock, Effect, FileSystem, type PlatformError, Schema, type Scope } from "effect"
import * as Json from "../../core/Json.ts"
import { Masking } from "../../core/Masking.ts"
import * as SafePath from "../../scenario/SafePath.ts"
import type * as Batch from "../Batch.ts"

/** The audit file cannot be written: nothing more is done without it. */
export class AuditError extends Schema.TaggedError<AuditError>()("AuditError", {
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {}

export interface Options {
  readonly path: string
  readonly who: string
  /** What is done, with its inputs. */
  readonly operation: string
}

/** Opens the file; it closes with the scope. Answers with what adds an item that something was tried with. */
export const open = Effect.fnUntraced(function*(
  { operation, path, who }: Options
): Effect.fn.Return<
  (item: Batch.Ended) => Effect.Effect<void, AuditError>,
  AuditError,
  FileSystem.FileSystem | Masking | Scope.Scope
> {
  const masking = yield* Masking
  const clock = yield* Clock.Clock
  const failed = (cause: PlatformError.PlatformError) =>
    new AuditError({ message: `the audit file ${path} cannot be written: ${SafePath.explain(cause)}`, cause })
  const file = yield* (yield* FileSystem.FileSystem).open(path, { flag: "a" }).pipe(Effect.mapError(failed))
  return ({ attempts, durationMs, index, key, outcome, problem, value }) => {
    if (outcome === "duplicate" || attempts === 0 && outcome !== "succeeded") return Effect.void
    const ended = clock.currentTimeMillisUnsafe()
    const line = Json.stringify(masking.deep({
      at: new Date(ended - durationMs).toISOString(),
      ended_at: new Date(ended).toISOString(),
      who,
      what: operation,
      index,
      item: value,
      key,
      result: outcome,
      attempts,
      problem: problem ?? null
    }))
    return Effect.mapError(file.writeAll(encoder.encode(`${line}\n`)), failed)
  }
})

const encoder = new TextEncoder()
