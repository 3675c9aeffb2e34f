/** `file_read`, `file_write`, `file_exists`, `file_delete`, `file_list`: files inside the root folder. */
import { Effect, FileSystem, Path, type PlatformError, Result, Schema } from "effect"
import type { Value } from "../../core/Value.ts"
import * as Action from "../Action.ts"
import * as AtomicWrite from "../AtomicWrite.ts"
import * as DataFormat from "../DataFormat.ts"
import * as Fields from "../Fields.ts"
import * as SafePath from "../SafePath.ts"
import * as InputFile from "../steps/InputFile.ts"

/** The most entries that `file_list` answers with; more is an error, as a part of a list would pass for the whole. */
const maxListed = 10_000

const filePath = Fields.describe(Fields.Text, "The file, relative to the scenario's folder")
const format = Fields.optional(
  Schema.Literals(DataFormat.formats),
  "How to read or write it [default: by the extension of the file, else text]"
)

export const fileRead = Action.make({
  name: "file_read",
  family: "files",
  summary: "Reads a file: JSON, JSON Lines, YAML and CSV become data, anything else text",
  input: Schema.Struct({
    path: filePath,
    format,
    delimiter: Fields.optional(Fields.Text, "What separates the fields of a CSV file [default: ,]"),
    max_size: Fields.optional(Fields.Bytes, "The largest file that is read [default: 10MB]")
  }),
  positional: ["path"],
  output: Schema.Struct({
    content: Schema.Unknown,
    file_path: Schema.String,
    format: Schema.Literals(DataFormat.formats),
    size_bytes: Schema.Int
  }),
  effect: "read",
  examples: [
    {
      title: "A JSON file",
      yaml: `steps:
  - file_write: { path: build/order.json, content: { id: 7, items: [a, b] } }
  - file_read: build/order.json
    expect: ["content.items[1] == 'b'", format == 'json']
`
    },
    {
      title: "Rows of a CSV file",
      yaml: `steps:
  - file_write: { path: build/people.csv, content: "name,city\\nAda,London\\n" }
  - file_read: build/people.csv
    expect: content[0].city == 'London'
`
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const format = input.format ?? DataFormat.formatOf(input.path)
    const read = (bytes: Uint8Array, content: Value) => ({
      content,
      file_path: input.path,
      format,
      size_bytes: bytes.length
    })
    const bytes = yield* InputFile.read(input.path, context, input.max_size)
    if (format === "bytes") return read(bytes, bytes)

    const text = yield* SafePath.decodeText(input.path, bytes).pipe(Effect.mapError(SafePath.asActionError))
    const content = DataFormat.parse(text, format, { path: input.path, delimiter: input.delimiter })
    if (Result.isSuccess(content)) return read(bytes, content.success)
    return yield* new Action.ActionError({
      reason: "Invalid",
      message: `${JSON.stringify(input.path)} is not valid ${format.toUpperCase()}: ${content.failure.message}`,
      hint: "Repair the file, or read it with `format: text`"
    })
  })
})

export const fileWrite = Action.make({
  name: "file_write",
  family: "files",
  summary: "Writes a file at once: others see the old content or the new one, never a part",
  input: Schema.Struct({
    path: filePath,
    content: Fields.describe(
      Fields.Value,
      "Text and bytes are written as they are; lists and objects as JSON, or as the format says"
    ),
    format,
    append: Fields.optional(Fields.Flag, "Add to the end of the file instead of replacing it [default: false]"),
    mode: Fields.optional(Fields.Text, "Permissions in octal, such as 600 [default: those of the old file, or 644]")
  }),
  positional: ["path", "content"],
  validate: (present) =>
    present.has("append") && present.has("mode") ? ["`mode` is for whole files, not with `append`"] : [],
  output: Schema.Struct({ file_path: Schema.String, size_bytes: Schema.Int }),
  effect: "write",
  examples: [
    {
      title: "A report in YAML",
      yaml: `steps:
  - file_write: { path: build/report.yaml, content: { passed: 3, failed: 0 } }
  - file_read: build/report.yaml
    expect: content.passed == 3
`
    },
    {
      title: "Lines at the end of a log",
      yaml: `steps:
  - file_write: { path: build/run.log, content: "" }
  - file_write: { path: build/run.log, content: "first\\n", append: true }
  - file_write: { path: build/run.log, content: "second\\n", append: true }
  - file_read: build/run.log
    expect: content == "first\\nsecond\\n"
`
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const mode = input.mode === undefined ? undefined : yield* octal(input.mode)
    const content = DataFormat.write(input.content, input.format ?? DataFormat.formatOf(input.path))
    if (Result.isFailure(content)) {
      const message = `cannot write ${JSON.stringify(input.path)}: ${content.failure.message}`
      return yield* new Action.ActionError({ reason: "Invalid", message })
    }
    const bytes = typeof content.success === "string" ? new TextEncoder().encode(content.success) : content.success
    const place = yield* SafePath.resolve(input.path, context).pipe(Effect.mapError(SafePath.asActionError))
    yield* (input.append === true ? append(place, bytes) : AtomicWrite.replace(place, bytes, { mode })).pipe(
      unusable(input.path, "write")
    )
    return { file_path: input.path, size_bytes: bytes.length }
  })
})

export const fileExists = Action.make({
  name: "file_exists",
  family: "files",
  summary: "Tells whether there is a file or folder",
  input: Schema.Struct({ path: filePath }),
  positional: ["path"],
  output: Schema.Struct({
    exists: Schema.Boolean,
    kind: Schema.NullOr(Schema.Literals(["file", "folder", "other"])),
    size_bytes: Schema.NullOr(Schema.Int)
  }),
  effect: "read",
  examples: [
    { title: "A file that is not there", yaml: "steps:\n  - file_exists: build/none.txt\n    expect: \"!exists\"\n" },
    {
      title: "A file and its size",
      yaml: `steps:
  - file_write: { path: build/here.txt, content: abc }
  - file_exists: build/here.txt
    expect: [exists, kind == 'file', size_bytes == 3]
`
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const files = yield* FileSystem.FileSystem
    const place = yield* SafePath.resolve(input.path, context).pipe(Effect.mapError(SafePath.asActionError))
    return yield* files.stat(place).pipe(
      Effect.map((info): Value => ({
        exists: true,
        kind: info.type === "File" ? "file" : info.type === "Directory" ? "folder" : "other",
        size_bytes: info.type === "File" ? Number(info.size) : null
      })),
      Effect.catchReason(
        "PlatformError",
        "NotFound",
        () => Effect.succeed<Value>({ exists: false, kind: null, size_bytes: null })
      ),
      unusable(input.path, "look at")
    )
  })
})

export const fileDelete = Action.make({
  name: "file_delete",
  family: "files",
  summary: "Removes a file; there may be none",
  input: Schema.Struct({
    path: filePath,
    recursive: Fields.optional(Fields.Flag, "Also remove a folder with everything in it [default: false]")
  }),
  positional: ["path"],
  output: Schema.Struct({ deleted: Schema.Boolean }),
  effect: "write",
  examples: [
    {
      title: "Clean up",
      yaml: `steps:
  - file_write: { path: build/old.txt, content: x }
  - file_delete: build/old.txt
    expect: deleted
`
    },
    {
      title: "A folder and what is in it",
      yaml: `steps:
  - file_write: { path: build/deep/a/b.txt, content: x }
  - file_delete: { path: build/deep, recursive: true }
  - file_exists: build/deep
    expect: "!exists"
`
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const files = yield* FileSystem.FileSystem
    const place = yield* SafePath.resolve(input.path, context).pipe(Effect.mapError(SafePath.asActionError))
    const root = yield* SafePath.resolve(context.root, context).pipe(Effect.mapError(SafePath.asActionError))
    if (place === root) {
      return yield* new Action.ActionError({ reason: "Refused", message: "the root folder itself is not removed" })
    }
    return yield* files.remove(place, { recursive: input.recursive === true }).pipe(
      Effect.as<Value>({ deleted: true }),
      Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed<Value>({ deleted: false })),
      unusable(input.path, "remove")
    )
  })
})

export const fileList = Action.make({
  name: "file_list",
  family: "files",
  summary: "Lists the files that match a pattern, sorted by name",
  input: Schema.Struct({
    pattern: Fields.describe(Fields.Text, "A pattern such as out/**/*.json, relative to the scenario's folder"),
    dot: Fields.optional(Fields.Flag, "Wildcards also match names that start with a dot [default: false]")
  }),
  positional: ["pattern"],
  output: Schema.Struct({ files: Schema.Array(Schema.String), count: Schema.Int }),
  effect: "read",
  examples: [
    {
      title: "All files of a kind",
      yaml: `steps:
  - file_write: { path: build/list/a.txt, content: x }
  - file_write: { path: build/list/b.md, content: x }
  - file_list: build/list/*.txt
    expect: [count == 1, "files[0] == 'build/list/a.txt'"]
`
    },
    { title: "No match is an empty list", yaml: "steps:\n  - file_list: nothing-here/*\n    expect: count == 0\n" }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const files = yield* FileSystem.FileSystem
    const base = input.pattern.split("/").slice(0, firstWildcard(input.pattern)).join("/")
    const absolute = input.pattern.startsWith("/")
    yield* SafePath.resolve(base === "" ? (absolute ? "/" : ".") : base, context).pipe(
      Effect.mapError(SafePath.asActionError)
    )
    const found = yield* files.glob(input.pattern, { root: context.directory, dot: input.dot === true }).pipe(
      unusable(input.pattern, "list")
    )
    if (found.length > maxListed) {
      const message = `${JSON.stringify(input.pattern)} matches ${found.length} files, more than ${maxListed}`
      return yield* new Action.ActionError({ reason: "Refused", message, hint: "Use a narrower pattern" })
    }
    // A link that leads out of the root is not listed: nothing could be done with it.
    const inside = yield* Effect.filter(found, (path) => Effect.isSuccess(SafePath.resolve(path, context)))
    const plain = yield* Effect.filter(inside, (path) => isFile(files, path, context))
    return { files: plain.sort(), count: plain.length }
  })
})

const unusable = (path: string, verb: string) => <A, R>(effect: Effect.Effect<A, PlatformError.PlatformError, R>) =>
  Effect.mapError(effect, (error) => SafePath.asActionError(SafePath.unreadable(path, verb, error)))

const append = Effect.fnUntraced(function*(place: string, bytes: Uint8Array) {
  const files = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  yield* files.makeDirectory(paths.dirname(place), { recursive: true })
  yield* files.writeFile(place, bytes, { flag: "a" })
})

const octal = (text: string): Effect.Effect<number, Action.ActionError> =>
  /^0?[0-7]{3}$/.test(text)
    ? Effect.succeed(Number.parseInt(text, 8))
    : Effect.fail(
      new Action.ActionError({
        reason: "Invalid",
        message: `mode is ${JSON.stringify(text)}, not three octal digits`,
        hint: "Write it in quotes, such as mode: \"640\""
      })
    )

const isFile = (files: FileSystem.FileSystem, path: string, context: SafePath.Bounds) =>
  SafePath.resolve(path, context).pipe(
    Effect.flatMap((place) => files.stat(place)),
    Effect.map((info) => info.type === "File"),
    Effect.orElseSucceed(() => false)
  )

/** The position of the first segment of a pattern that is no plain name. */
const firstWildcard = (pattern: string): number => {
  const segments = pattern.split("/")
  const at = segments.findIndex((segment) => /[*?[\]{}()!+@\\]/.test(segment))
  return at === -1 ? segments.length : at
}
