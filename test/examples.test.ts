/** Every example does what it says: the scenarios, and the programs that use skein as a library. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { execFile } from "node:child_process"
import { globSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import * as Managed from "../examples/library/managed-runtime.ts"
import * as Skein from "../src/layers/Live.ts"
import * as Runner from "../src/programs/Runner.ts"
import { builtin } from "../src/scenario/actions/builtin.ts"
import { processorMillis } from "./support/processorTime.ts"

const root = join(import.meta.dirname, "..")
const live = Skein.layer().pipe(Layer.provideMerge(NodeServices.layer))

/** What a program prints; it must end by itself, and well. */
const outputOf = async (program: string, args: ReadonlyArray<string> = [], cwd = root): Promise<string> => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions=skein:source", join(root, program), ...args],
    { cwd, timeout: 50_000 }
  )
  return stdout
}

describe("examples", () => {
  it.live("every scenario passes, all of them in under 10 seconds", () =>
    Effect.gen(function*() {
      const plan = yield* Runner.checked(
        yield* Runner.plan(["examples"], { actions: builtin, workingDirectory: root })
      )
      const before = processorMillis()
      const report = yield* Runner.run(plan, { concurrency: 4, writeMissingSnapshots: false })

      assert.deepStrictEqual(report.cases.filter(({ status }) => status !== "passed"), [])
      assert.isBelow(processorMillis() - before, 10_000)
      const files = new Set(report.cases.map(({ file }) => file))
      assert.isAtLeast(files.size, 19)
      for (const name of ["documents", "changes", "messages", "cache", "secrets", "postgres", "order"]) {
        assert.isTrue(files.has(`examples/services/${name}.yaml`), name)
      }
      assert.isEmpty(plan.problems)
      assert.isEmpty(report.warnings)
    }).pipe(Effect.provide(live)))

  it("no scenario is left out", () => {
    const scenarios = globSync("examples/*.yaml", { cwd: root })

    assert.isAtLeast(scenarios.length, 13)
  })
})

describe.concurrent("library examples", () => {
  it("embed.ts", async () => assert.strictEqual(await outputOf("examples/library/embed.ts"), "Hello: passed\n"))

  it("scenario-in-code.ts", async () =>
    assert.strictEqual(
      await outputOf("examples/library/scenario-in-code.ts"),
      "find ada: passed\nfind bob: passed\n"
    ))

  it("own-action.yaml, with the action of own-actions.ts", async () => {
    const folder = join(root, "examples/library/_own-action")
    const output = await outputOf("src/bin.ts", ["run", ".", "--format", "json"], folder)

    assert.deepInclude((JSON.parse(output) as { readonly summary: object }).summary, { total: 2, passed: 2 })
  })

  it("the examples of the own action itself", async () => {
    const { vat } = await import("../examples/library/_own-action/own-actions.ts")
    for (const { title, yaml } of vat.examples) {
      const report = await Effect.runPromise(
        Effect.gen(function*() {
          const plan = yield* Runner.compile(yaml, { actions: [vat], workingDirectory: root })
          return yield* Runner.run(plan, { concurrency: 1 })
        }).pipe(Effect.provide(live))
      )
      assert.strictEqual(report.summary.passed, 1, title)
    }
  })

  it("managed-runtime.ts runs files, tells of mistakes, and stops when told to", async () => {
    const report = await Managed.runScenarios(["../03-controls.yaml"])
    assert.strictEqual(report.summary.passed, 1)

    const mistakes = await Managed.runScenarios(["../nowhere.yaml"]).catch(String)
    assert.include(mistakes, "nowhere.yaml")

    const stopped = await Managed.runScenarios(["../03-controls.yaml"], AbortSignal.abort()).catch(String)
    assert.isString(stopped)
    await Managed.close()
  })
})
