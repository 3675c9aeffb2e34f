import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, FileSystem, Layer, PlatformError, Result } from "effect"
import * as Formats from "../../../src/programs/report/Formats.ts"
import * as Jsonl from "../../../src/programs/report/Jsonl.ts"
import * as Report from "../../../src/programs/report/Report.ts"
import * as ReportFiles from "../../../src/programs/report/ReportFiles.ts"
import type { Event } from "../../../src/scenario/Event.ts"
import { manyEvents, ordinary, ordinaryEvents } from "./fixtures.ts"

const folder = FileSystem.FileSystem.use((files) => files.makeTempDirectoryScoped())

const failure = (code: string) =>
  PlatformError.systemError({
    _tag: "Unknown",
    module: "FileSystem",
    method: "write",
    cause: Object.assign(new Error(code), { code })
  })

/** The real file system, with some of it replaced. */
const broken = (change: (real: FileSystem.FileSystem) => Partial<FileSystem.FileSystem>) =>
  Layer.provideMerge(
    Layer.effect(
      FileSystem.FileSystem,
      FileSystem.FileSystem.use((real) => Effect.succeed({ ...real, ...change(real) }))
    ),
    NodeServices.layer
  )

it.layer(NodeServices.layer)("ReportFiles", (it) => {
  it.effect("writes every format at once, making folders", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const out = `${yield* folder}/a/b`
      const targets = Formats.formats.map(({ extension, name }) => ({
        format: name,
        path: `${out}/${name}.${extension}`
      }))

      const errors = yield* ReportFiles.write(ordinary, targets)

      assert.deepStrictEqual(errors, [])
      for (const { format, path } of targets) {
        assert.strictEqual(yield* files.readFileString(path), [...Formats.find(format)!.write(ordinary)].join(""))
      }
      assert.strictEqual((yield* files.readDirectory(out)).length, targets.length)
    }))

  it.effect("replaces the file a link points to, and keeps the link", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const out = yield* folder
      yield* files.writeFileString(`${out}/real.json`, "old")
      yield* files.symlink(`${out}/real.json`, `${out}/link.json`)

      yield* ReportFiles.write(ordinary, [{ format: "json", path: `${out}/link.json` }])

      assert.isTrue(Result.isSuccess(Report.parse(yield* files.readFileString(`${out}/real.json`), "")))
      assert.strictEqual(yield* files.readLink(`${out}/link.json`), `${out}/real.json`)
    }))

  it.effect("writes into a device as it stands", () =>
    Effect.gen(function*() {
      const errors = yield* ReportFiles.write(ordinary, [{ format: "json", path: "/dev/null" }])

      assert.deepStrictEqual(errors, [])
      assert.strictEqual((yield* (yield* FileSystem.FileSystem).stat("/dev/null")).type, "CharacterDevice")
    }))

  it.effect("R31 tells of each report that cannot be written, and writes the others", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const out = yield* folder
      yield* files.writeFileString(`${out}/file`, "")

      const errors = yield* ReportFiles.write(ordinary, [
        { format: "junit", path: `${out}/file/report.xml` },
        { format: "tap", path: out },
        { format: "json", path: `${out}/report.json` }
      ])

      assert.deepStrictEqual(errors.map((error) => error.message), [
        `the junit report could not be written to ${out}/file/report.xml: a part of the path is a file, not a folder`,
        `the tap report could not be written to ${out}: it is a folder`
      ])
      assert.isTrue(yield* files.exists(`${out}/report.json`))
    }))

  it.effect("R31 leaves the old report whole when the disk is full", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const path = `${yield* folder}/report.json`
      yield* files.writeFileString(path, "old")
      const full = broken((real) => ({
        writeFile: (path, data, options) =>
          Effect.andThen(real.writeFile(path, data.slice(0, 10), options), Effect.fail(failure("ENOSPC")))
      }))

      const errors = yield* ReportFiles.write(ordinary, [{ format: "json", path }]).pipe(Effect.provide(full))

      assert.match(errors[0]!.message, /report\.json: no space left on the disk$/)
      assert.strictEqual(yield* files.readFileString(path), "old")
      assert.strictEqual((yield* files.readDirectory(path.replace("/report.json", ""))).length, 1)
    }))

  it.effect("streams events to a jsonl file, all of them, in order", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const path = `${yield* folder}/deep/events.jsonl`
      const events = manyEvents(500)

      const file = yield* ReportFiles.events(path)
      yield* Effect.forEach(events, file.write, { discard: true })
      const error = yield* file.close

      assert.isUndefined(error)
      const read: ReadonlyArray<Event> = Result.getOrThrow(Jsonl.parse(yield* files.readFileString(path), path))
      assert.deepStrictEqual(read, events)
      assert.isUndefined(yield* file.close)
    }))

  it.effect("has all events on disk when its scope ends without a close", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const path = `${yield* folder}/events.jsonl`

      yield* Effect.scoped(Effect.gen(function*() {
        const file = yield* ReportFiles.events(path)
        yield* Effect.forEach(ordinaryEvents, file.write, { discard: true })
      }))

      assert.strictEqual(yield* files.readFileString(path), ordinaryEvents.map(Jsonl.line).join(""))
    }))

  it.effect("R31 never blocks the run when events cannot be written, and says why at the end", () =>
    Effect.gen(function*() {
      const file = yield* ReportFiles.events(yield* folder)

      yield* Effect.forEach(manyEvents(2_000), file.write, { discard: true })
      const error = yield* file.close

      assert.match(error!.message, /^the jsonl report could not be written to .*: it is a folder$/)
    }))

  it.effect("makes the run wait for a slow disk and drops nothing", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const path = `${yield* folder}/events.jsonl`
      const gate = yield* Deferred.make<void>()
      const slow = broken((real) => ({
        open: (path, options) =>
          Effect.map(real.open(path, options), (file) => ({
            ...file,
            writeAll: (bytes: Uint8Array) => Effect.andThen(Deferred.await(gate), file.writeAll(bytes))
          }))
      }))
      const events = manyEvents(1_000)

      yield* Effect.gen(function*() {
        const file = yield* ReportFiles.events(path)
        const writing = yield* Effect.forkChild(Effect.forEach(events, file.write, { discard: true }))
        yield* Effect.yieldNow
        assert.isUndefined(writing.pollUnsafe())
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.join(writing)
        yield* file.close
      }).pipe(Effect.provide(slow))

      assert.strictEqual((yield* files.readFileString(path)).split("\n").length, events.length + 1)
    }))
})

describe("Formats.parseReportFlag", () => {
  it.each([
    { flag: "junit=out.xml", format: "junit", path: "out.xml" },
    { flag: "html=a=b.html", format: "html", path: "a=b.html" },
    { flag: "jsonl=-", format: "jsonl", path: "-" },
    { flag: "github", format: "github", path: "-" }
  ])("reads $flag", ({ flag, format, path }) => {
    assert.deepStrictEqual(Formats.parseReportFlag(flag), Result.succeed({ format, path }))
  })

  it.each([
    { flag: "xml=out.xml", says: `"xml" is no report format. Known: junit, tap` },
    { flag: "junit", says: "Write --report junit=report.xml" },
    { flag: "jsonl=", says: "Write --report jsonl=report.jsonl" }
  ])("refuses $flag and says what would be right", ({ flag, says }) => {
    const read = Formats.parseReportFlag(flag)

    assert.isTrue(Result.isFailure(read))
    if (Result.isFailure(read)) assert.include(read.failure, says)
  })

  it("refuses two reports in one place", () => {
    const one = { format: "junit", path: "x" }

    assert.isTrue(Result.isSuccess(Formats.checkTargets([one, { format: "tap", path: "y" }])))
    assert.isTrue(Result.isFailure(Formats.checkTargets([one, { format: "tap", path: "x" }])))
  })
})
