/** Rows of a batch's items, to a file and to stdout, as they come. */
import { Effect, FileSystem, Option, type PlatformError, Stdio, Stream } from "effect"
import { Masking } from "../core/Masking.ts"
import type * as Batch from "../programs/Batch.ts"
import * as BatchReport from "../programs/batch/BatchReport.ts"
import * as RowText from "../programs/output/RowText.ts"
import * as SafePath from "../scenario/SafePath.ts"
import type { BatchFlags } from "./batch.ts"
import * as BatchWork from "./BatchWork.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"

interface Target {
  readonly writer: RowText.RowWriter
  readonly put: (text: string) => Effect.Effect<void, ExitCode.CommandError>
}

export const open = Effect.fnUntraced(function*(flags: BatchFlags) {
  const masking = yield* Masking
  const targets = [...yield* toStdout(flags), ...yield* toFile(flags)]
  return {
    add: (item: Batch.Ended) =>
      targets.length === 0 ? Effect.void : Effect.suspend(() => {
        const rows = [masking.deep(BatchReport.row(item))]
        return Effect.forEach(targets, (target) => put(target, target.writer.write(rows)), { discard: true })
      }),
    close: Effect.forEach(targets, (target) => put(target, target.writer.end()), { discard: true })
  }
})

const put = ({ put }: Target, text: string) => text === "" ? Effect.void : put(text)

const toStdout = Effect.fnUntraced(function*({ rows }: BatchFlags) {
  if (Option.isNone(rows)) return []
  const stdio = yield* Stdio.Stdio
  const target: Target = {
    writer: RowText.make(rows.value),
    // The root looks after stdout: it tells what was lost, and ends with the exit code for that.
    put: (text) => Effect.ignore(Stream.run(Stream.make(text), stdio.stdout({ endOnDone: false })))
  }
  return [target]
})

const toFile = Effect.fnUntraced(function*({ out }: BatchFlags) {
  if (Option.isNone(out)) return []
  const format = RowText.formatOfFile(out.value)
  if (format === undefined) return yield* ExitCode.wrongUsage("--out ends with .csv, .json or .jsonl")
  const { directory } = yield* Invocation
  const unusable = (error: PlatformError.PlatformError) =>
    new ExitCode.CommandError({
      code: ExitCode.unavailable,
      message: `cannot write ${out.value}: ${SafePath.explain(error)}`
    })
  const files = yield* FileSystem.FileSystem
  const file = yield* Effect.mapError(files.open(BatchWork.absolute(out.value, directory), { flag: "w" }), unusable)
  const encoder = new TextEncoder()
  const target: Target = {
    writer: RowText.make(format),
    put: (text) => Effect.mapError(file.writeAll(encoder.encode(text)), unusable)
  }
  return [target]
})
