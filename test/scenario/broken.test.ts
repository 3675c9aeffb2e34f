import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Path } from "effect"
import * as CodeFrame from "../../src/core/CodeFrame.ts"
import * as Runner from "../../src/programs/Runner.ts"
import { builtin } from "../../src/scenario/actions/builtin.ts"
import * as Scenarios from "../support/runScenarios.ts"

const folder = "test/fixtures/broken"

describe("R04 sixty broken files", () => {
  it.live("give the golden output: every mistake with its place and what to do", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const paths = yield* Path.Path
      const names = (yield* files.readDirectory(folder)).filter((name) => name.endsWith(".yaml")).sort()
      const plan = yield* Runner.plan(names.map((name) => paths.join(folder, name)), {
        actions: builtin,
        workingDirectory: paths.resolve(".")
      }, false)

      // The one absolute path in it is that of the working directory.
      const text = `${CodeFrame.renderAll(plan.problems)}\n`.replaceAll(paths.resolve("."), "<root>")
      const golden = `${folder}/golden.txt`
      if (process.env["SKEIN_UPDATE_GOLDEN"] === "1") yield* files.writeFileString(golden, text)
      assert.strictEqual(text, yield* files.readFileString(golden))

      const broken = new Set(
        plan.problems.filter((one) => one.severity === "error").map((one) => paths.basename(one.span.source.path))
      )
      assert.deepStrictEqual(names.filter((name) => !broken.has(name)), [])
      const twenty = plan.problems.filter((one) => one.span.source.path.endsWith("60-twenty-mistakes.yaml"))
      assert.isAtLeast(twenty.length, 20)
    }).pipe(Effect.provide(Scenarios.layer)))
})
