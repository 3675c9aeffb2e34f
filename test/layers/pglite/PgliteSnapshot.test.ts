/** The file that spares the second start an initdb. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Snapshot from "../../../src/layers/embedded/pglite/PgliteSnapshot.ts"

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "skein-snapshot-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)
const body = new Uint8Array(100_000).map((_, at) => at % 251)

describe("PgliteSnapshot", () => {
  it.effect("what was written is read, and nothing else is left in the folder", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "a", "b", "x.snapshot")

      assert.isTrue(yield* Effect.promise(() => Snapshot.write(path, body)))

      assert.deepStrictEqual(yield* Effect.promise(() => Snapshot.read(path)), body)
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(join(path, ".."))), ["x.snapshot"])
    }))

  it.effect("a damaged file counts as none: cut at any place, a bit changed, empty, missing", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "x.snapshot")
      yield* Effect.promise(() => Snapshot.write(path, body))
      const whole = yield* Effect.promise(() => readFile(path))
      const flipped = Buffer.from(whole)
      flipped[50_000] = flipped[50_000]! ^ 1

      for (const damaged of [...[0, 4, 8, 9, 5_000, whole.length - 1].map((end) => whole.subarray(0, end)), flipped]) {
        yield* Effect.promise(() => writeFile(path, damaged))
        assert.isUndefined(yield* Effect.promise(() => Snapshot.read(path)))
      }
      assert.isUndefined(yield* Effect.promise(() => Snapshot.read(`${path}.missing`)))
    }))

  it.effect("a place where nothing can be written is no failure", () =>
    Effect.gen(function*() {
      assert.isFalse(yield* Effect.promise(() => Snapshot.write("/dev/null/x.snapshot", body)))
    }))

  it("the name says the version of the package", () => {
    assert.match(
      Snapshot.pathIn("/cache", import.meta.resolve("@electric-sql/pglite")),
      /^\/cache\/pglite-\d+\.\d+\.\d+-\d+\.snapshot$/
    )
  })
})
