import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, PlatformError } from "effect"
import * as History from "../../src/programs/History.ts"
import type * as Report from "../../src/programs/report/Report.ts"
import { ordinary, start } from "./report/fixtures.ts"

const folder = FileSystem.FileSystem.use((files) => files.makeTempDirectoryScoped())

const reportOf = (run: number): Report.Report => ({
  ...ordinary,
  run: `run-${run}`,
  started_at: new Date(start + run * 1_000).toISOString()
})

const recordMany = (to: string, count: number) =>
  Effect.forEach(Array.from({ length: count }, (_, i) => i), (i) => History.record(to, reportOf(i)), {
    concurrency: 4,
    discard: true
  })

/** The real file system on a full disk. */
const full = Layer.provideMerge(
  Layer.effect(
    FileSystem.FileSystem,
    FileSystem.FileSystem.use((real) =>
      Effect.succeed({
        ...real,
        writeFile: () =>
          Effect.fail(PlatformError.systemError({
            _tag: "Unknown",
            module: "FileSystem",
            method: "writeFile",
            cause: Object.assign(new Error(), { code: "ENOSPC" })
          }))
      })
    )
  ),
  NodeServices.layer
)

it.layer(NodeServices.layer)("History", (it) => {
  it.effect("is empty before the first run", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* History.load(`${yield* folder}/none`), { runs: [], damaged: [] })
    }))

  it.effect("keeps how each case of a run ended and how long it took, newest run first", () =>
    Effect.gen(function*() {
      const to = `${yield* folder}/.skein`
      yield* recordMany(to, 3)

      const { damaged, runs } = yield* History.load(to)

      assert.deepStrictEqual(damaged, [])
      assert.deepStrictEqual(runs.map((run) => run.run), ["run-2", "run-1", "run-0"])
      assert.deepStrictEqual(runs[0], History.fromReport(reportOf(2)))
      assert.deepInclude(runs[0]!.cases, ["shop.yaml#Checkout", "failed", 62])
      assert.strictEqual((yield* History.load(to, { runs: 2 })).runs.length, 2)
    }))

  it.effect("keeps the folder out of git", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const to = `${yield* folder}/.skein`
      yield* recordMany(to, 1)

      assert.strictEqual(yield* files.readFileString(`${to}/.gitignore`), "*\n")
    }))

  it.effect("keeps the newest fifty runs", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const to = `${yield* folder}/.skein`
      yield* recordMany(to, 53)

      const { runs } = yield* History.load(to)

      assert.strictEqual(runs.length, 50)
      assert.strictEqual(runs.at(-1)!.run, "run-3")
      assert.strictEqual((yield* files.readDirectory(`${to}/runs`)).length, 50)
    }))

  it.effect("R32 loses no run of many that end at once", () =>
    Effect.gen(function*() {
      const to = `${yield* folder}/.skein`
      yield* Effect.forEach(
        Array.from({ length: 40 }, (_, i) => i),
        (i) => History.record(to, { ...reportOf(0), run: `at-once-${i}` }),
        { concurrency: "unbounded", discard: true }
      )

      assert.strictEqual((yield* History.load(to)).runs.length, 40)
    }))

  it.effect("R30 passes over a record cut anywhere, and names it", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const to = `${yield* folder}/.skein`
      yield* recordMany(to, 2)
      const path = `${to}/runs/${(yield* files.readDirectory(`${to}/runs`)).sort()[0]}`
      const text = yield* files.readFileString(path)

      for (let length = 0; length < text.length - 1; length += 7) {
        yield* files.writeFileString(path, text.slice(0, length))
        const { damaged, runs } = yield* History.load(to)
        assert.deepStrictEqual(damaged, [path])
        assert.deepStrictEqual(runs.map((run) => run.run), ["run-1"])
      }
    }))

  it.effect("R30 refuses a record of a newer version, and says which file", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const to = `${yield* folder}/.skein`
      yield* recordMany(to, 1)
      yield* files.writeFileString(`${to}/runs/99999999999999-x.json`, "{\"format\":\"skein-run\",\"version\":2}")

      const error = yield* Effect.flip(History.load(to))

      assert.strictEqual(error.reason, "NewerVersion")
      assert.match(error.message, /99999999999999-x\.json is a record of version 2; this skein reads up to version 1/)
    }))

  it.effect("passes over files that are not its own", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const to = `${yield* folder}/.skein`
      yield* recordMany(to, 1)
      yield* files.writeFileString(`${to}/runs/notes.txt`, "mine")

      assert.strictEqual((yield* History.load(to)).runs.length, 1)
    }))

  it.effect("R31 says why a run cannot be recorded, and keeps the earlier ones", () =>
    Effect.gen(function*() {
      const to = `${yield* folder}/.skein`
      yield* recordMany(to, 1)

      const error = yield* Effect.flip(History.record(to, reportOf(7))).pipe(Effect.provide(full))

      assert.strictEqual(error.reason, "Unwritable")
      assert.match(error.message, /^the history of runs cannot be written to .*\/runs: no space left on the disk$/)
      assert.strictEqual((yield* History.load(to)).runs.length, 1)
    }))

  it.effect("R31 says why past runs cannot be read", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const to = yield* folder
      yield* files.writeFileString(`${to}/runs`, "")

      const error = yield* Effect.flip(History.load(to))

      assert.strictEqual(error.reason, "Unreadable")
    }))
})
