/**
 * `expect: { snapshot: NAME }`: is an answer still what it was when somebody looked at it last. Stored answers lie in
 * `__snapshots__/<scenario file>.snap.yaml` beside the scenario, as text that people review.
 *
 * Steps of many cases ask at once; only `flush`, at the end of the run, writes. Secrets are masked before anything is kept.
 */
import { Context, Effect, FileSystem, Layer, Path, Result, Semaphore } from "effect"
import { Document, Scalar } from "yaml"
import { Masking } from "../../core/Masking.ts"
import { isRecord, type Value } from "../../core/Value.ts"
import { ActionError } from "../Action.ts"
import * as AtomicWrite from "../AtomicWrite.ts"
import * as SnapshotText from "../contract/SnapshotText.ts"
import * as DataFormat from "../DataFormat.ts"
import * as SafePath from "../SafePath.ts"

export interface SnapshotRequest {
  /** The scenario file, as shown. */
  readonly file: string
  /** Its absolute folder. */
  readonly directory: string
  /** Unique in the scenario file. */
  readonly name: string
  /** Which step of which case asks. A retried step may replace what it gave before; another step must give the same. */
  readonly owner?: string | undefined
  /** Paths whose values differ each time; only their kind is compared. */
  readonly mask: ReadonlyArray<string>
  readonly value: Value
  /** Take `value` for the right one from now on. */
  readonly update: boolean
}

/** One stored answer that the run added or changed. */
export interface SnapshotChange {
  /** The snapshot file, as shown. */
  readonly file: string
  readonly name: string
  readonly kind: "written" | "updated"
}

export class Snapshots extends Context.Service<Snapshots, {
  /**
   * Compares with what is stored, and answers with one text when they differ, else with none. What is not stored yet is
   * kept for `flush` and passes, unless the layer says that it must be there.
   */
  readonly check: (request: SnapshotRequest) => Effect.Effect<ReadonlyArray<string>, ActionError>

  /**
   * Writes what is new, sorted by name, each file at once; what others wrote meanwhile stays. Answers with the changes,
   * none when there is nothing to do. Fails with `Unavailable` when a file cannot be written.
   */
  readonly flush: Effect.Effect<ReadonlyArray<SnapshotChange>, ActionError>
}>()("skein/scenario/Snapshots") {}

export interface Options {
  /**
   * Whether an answer without a stored one is kept and passes. On a build machine it must not: it would pass every time.
   * @default true
   */
  readonly writeMissing?: boolean | undefined
}

export const check = (
  request: SnapshotRequest
): Effect.Effect<ReadonlyArray<string>, ActionError, Snapshots> =>
  Snapshots.use((snapshots) => snapshots.check(request))

/** Keeps what it has read until its scope ends: make it once per run. It writes nothing by itself. */
export const layer = (
  options: Options = {}
): Layer.Layer<Snapshots, never, FileSystem.FileSystem | Path.Path | Masking> =>
  Layer.effect(
    Snapshots,
    Effect.gen(function*() {
      const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
      const masking = yield* Masking
      const turn = yield* Semaphore.make(1)
      const files = new Map<string, SnapshotFile>()

      const opened = Effect.fnUntraced(function*(request: SnapshotRequest) {
        const paths = yield* Path.Path
        const base = paths.basename(request.file)
        const relative = `__snapshots__/${base}.snap.yaml`
        const key = paths.join(request.directory, relative)
        const known = files.get(key)
        if (known !== undefined) return known
        const bounds = { directory: request.directory, root: request.directory, allowOutside: false }
        const shown = paths.join(paths.dirname(request.file), relative)
        const file = { shown, relative, bounds, stored: yield* read(relative, bounds), pending: new Map() }
        files.set(key, file)
        return file
      })

      return Snapshots.of({
        check: (request) =>
          opened(request).pipe(
            // One at a time, so that a file is read once and two steps of one name meet.
            Semaphore.withPermit(turn),
            Effect.flatMap((file) => compare(file, request, masking, options.writeMissing ?? true)),
            Effect.provideContext(services)
          ),
        flush: Effect.suspend(() => Effect.forEach([...files.values()], writeFile)).pipe(
          Effect.map((changes) => changes.flat()),
          Semaphore.withPermit(turn),
          Effect.provideContext(services)
        )
      })
    })
  )

interface SnapshotFile {
  readonly shown: string
  readonly relative: string
  readonly bounds: SafePath.Bounds
  stored: ReadonlyMap<string, string>
  readonly pending: Map<string, { readonly text: string; readonly owner: string | undefined }>
}

/** The most characters of one snapshot. */
const maxLength = 1_000_000

const compare = Effect.fnUntraced(function*(
  file: SnapshotFile,
  request: SnapshotRequest,
  masking: Masking["Service"],
  writeMissing: boolean
) {
  const name = masking.text(request.name)
  const text = yield* textOf(request, masking)
  const stored = file.stored.get(name)
  const pending = file.pending.get(name)
  const quoted = JSON.stringify(name)

  if (pending !== undefined && (pending.owner === undefined || pending.owner !== request.owner)) {
    if (pending.text === text) return []
    const shown = SnapshotText.difference(pending.text, text)
    return [
      `two steps of this run gave different values for the snapshot ${quoted}; give each a name of its own\n${shown}`
    ]
  }
  if (stored === text) {
    file.pending.delete(name)
    return []
  }
  if (request.update || (stored === undefined && writeMissing)) {
    file.pending.set(name, { text, owner: request.owner })
    return []
  }
  return stored === undefined
    ? [`there is no snapshot ${quoted} in ${file.shown}; make it with --update-snapshots and commit the file`]
    : [`the answer differs from the snapshot ${quoted} (- stored, + now)\n${SnapshotText.difference(stored, text)}`]
})

const textOf = Effect.fnUntraced(function*(request: SnapshotRequest, masking: Masking["Service"]) {
  const paths: Array<SnapshotText.MaskPath> = []
  for (const mask of request.mask) {
    const path = SnapshotText.parsePath(mask)
    if (Result.isFailure(path)) return yield* new ActionError({ reason: "Invalid", message: `mask: ${path.failure}` })
    paths.push(path.success)
  }
  const text = SnapshotText.write(masking.deep(request.value), paths)
  if (text.length <= maxLength) return text
  return yield* new ActionError({
    reason: "Refused",
    message: `the snapshot ${
      JSON.stringify(request.name)
    } would have ${text.length} characters, more than ${maxLength}`,
    hint: "Mask the long parts, or expect something of them"
  })
})

const read = Effect.fnUntraced(function*(relative: string, bounds: SafePath.Bounds) {
  const stored = new Map<string, string>()
  const text = yield* SafePath.readText(relative, bounds).pipe(
    Effect.catchIf((error) => error.reason === "Missing", () => Effect.succeed("")),
    Effect.mapError(SafePath.asActionError)
  )
  const value = DataFormat.parse(text, "yaml", { path: relative })
  const broken = Result.isFailure(value)
    ? value.failure.message
    : !isRecord(value.success ?? {})
    ? "it is no map"
    : undefined
  if (broken !== undefined) {
    return yield* new ActionError({
      reason: "Invalid",
      message: `the snapshots in ${relative} cannot be read: ${broken}`,
      hint: "Restore the file, or delete it and run with --update-snapshots"
    })
  }
  for (const [name, snapshot] of Object.entries(Result.isSuccess(value) ? value.success ?? {} : {})) {
    if (typeof snapshot === "string") stored.set(name, snapshot)
  }
  return stored
})

const writeFile = Effect.fnUntraced(function*(file: SnapshotFile) {
  if (file.pending.size === 0) return []
  // Read again: another process, such as a shard of this run, may have written in the meantime.
  const merged = new Map(yield* read(file.relative, file.bounds))
  const changes: Array<SnapshotChange> = []
  for (const [name, { text }] of file.pending) {
    changes.push({ file: file.shown, name, kind: merged.has(name) ? "updated" : "written" })
    merged.set(name, text)
  }
  const place = yield* SafePath.resolve(file.relative, file.bounds).pipe(Effect.mapError(SafePath.asActionError))
  yield* AtomicWrite.replace(place, render(merged)).pipe(
    Effect.mapError((error) => SafePath.asActionError(SafePath.unreadable(file.shown, "write", error)))
  )
  file.stored = merged
  file.pending.clear()
  return changes.sort((a, b) => (a.name < b.name ? -1 : 1))
})

const render = (snapshots: ReadonlyMap<string, string>): string => {
  const document = new Document({})
  document.commentBefore = " Written by skein; review it like code. To rewrite it: skein run --update-snapshots"
  for (const name of [...snapshots.keys()].sort()) {
    const text = new Scalar(snapshots.get(name))
    text.type = Scalar.BLOCK_LITERAL
    document.set(name, text)
  }
  return document.toString({ lineWidth: 0 })
}
