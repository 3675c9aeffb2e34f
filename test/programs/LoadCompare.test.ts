import { NodeFileSystem, NodePath } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Path } from "effect"
import * as Json from "../../src/programs/load/report/Json.ts"
import * as LoadCompare from "../../src/programs/LoadCompare.ts"
import { closed, good } from "./load/results.ts"
import { run } from "./load/simulated.ts"

const disk = Layer.merge(NodeFileSystem.layer, NodePath.layer)
const folder = Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped())
const reasonOf = <A>(effect: Effect.Effect<A, LoadCompare.LoadCompareError, FileSystem.FileSystem | Path.Path>) =>
  Effect.map(Effect.flip(effect), ({ message, reason }) => [reason, message] as const)

describe("LoadCompare", () => {
  it.effect("keeps a baseline by name, and reads it back as it was", () =>
    Effect.gen(function*() {
      const place = yield* folder
      const path = yield* LoadCompare.saveBaseline(`${place}/.skein`, "main", good)
      yield* LoadCompare.saveBaseline(`${place}/.skein`, "main", closed)

      assert.strictEqual(path, `${place}/.skein/load/main.json`)
      assert.deepStrictEqual(yield* LoadCompare.baseline(`${place}/.skein`, "main"), closed)
      assert.deepStrictEqual(yield* reasonOf(LoadCompare.baseline(`${place}/.skein`, "other")), [
        "NotFound",
        `there is no baseline "other" (${place}/.skein/load/other.json)`
      ])
    }).pipe(Effect.provide(disk)))

  it.effect("R17 takes no path for a name", () =>
    Effect.gen(function*() {
      for (const name of ["../x", "a/b", "", ".hidden", "x".repeat(101), "a\u0000"]) {
        assert.strictEqual((yield* reasonOf(LoadCompare.saveBaseline("/nowhere", name, good)))[0], "WrongName", name)
      }
    }).pipe(Effect.provide(disk)))

  it.effect("says what a file is not", () =>
    Effect.gen(function*() {
      const place = yield* folder
      const files = yield* FileSystem.FileSystem
      const write = (name: string, text: string) => files.writeFileString(`${place}/${name}`, text)
      yield* write("text.json", "hello")
      yield* write("run.json", `{"format":"skein-run","version":1}`)
      yield* write("newer.json", JSON.stringify({ ...good, version: 2 }))
      yield* write("torn.json", Json.write(good).replace(`"p95":`, `"p96":`))

      assert.deepStrictEqual(yield* reasonOf(LoadCompare.read(`${place}/none.json`)), [
        "NotFound",
        `there is no file ${place}/none.json`
      ])
      assert.strictEqual((yield* reasonOf(LoadCompare.read(`${place}/text.json`)))[0], "NoResult")
      assert.strictEqual((yield* reasonOf(LoadCompare.read(`${place}/run.json`)))[0], "NoResult")
      assert.match(
        (yield* reasonOf(LoadCompare.read(`${place}/newer.json`)))[1],
        /written by a newer skein \(version 2/
      )
      assert.match((yield* reasonOf(LoadCompare.read(`${place}/torn.json`)))[1], /is no result of a load run: .*p95/)
    }).pipe(Effect.provide(disk)))

  it.effect("runs two loads by turns, never both at once, and begins every other pair with the second", () =>
    Effect.gen(function*() {
      const order: Array<string> = []
      let running = 0
      const load = (name: string, slower: number) =>
        Effect.gen(function*() {
          assert.strictEqual(++running, 1)
          order.push(name)
          yield* Effect.yieldNow
          running--
          return run(order.length, { seconds: 5, perSecond: 100, memory: 0.2, spread: 0.01, slower })
        })

      const { after, before, comparison } = yield* LoadCompare.alternate(load("a", 1), load("b", 1.5))

      assert.strictEqual(order.join(""), "abbaabbaab")
      assert.deepStrictEqual([before.length, after.length], [5, 5])
      assert.strictEqual(comparison.verdict, "slower")
      assert.strictEqual(comparison.method, "pairs")
    }))

  it.effect("ends when a run was interrupted, and tells nothing then", () =>
    Effect.gen(function*() {
      const stopped = Effect.succeed({ ...closed, interrupted: true })

      const { after, before, comparison } = yield* LoadCompare.alternate(Effect.succeed(closed), stopped)

      assert.deepStrictEqual([before.length, after.length], [1, 1])
      assert.strictEqual(comparison.verdict, "cannot_tell")
      assert.match(comparison.reasons[0]!, /was interrupted/)
    }))
})
