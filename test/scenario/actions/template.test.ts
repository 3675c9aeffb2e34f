import { NodeServices } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { template } from "../../../src/scenario/actions/template.ts"
import { makeContext, runAction, runRobogo } from "./context.ts"
import { runExamples } from "./examples.ts"

runExamples([template])

it.layer(NodeServices.layer)("template", (it) => {
  const folder = Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const root = yield* files.makeTempDirectoryScoped({ prefix: "skein-test-" })
    yield* files.makeDirectory(`${root}/templates/swift`, { recursive: true })
    yield* files.writeFileString(`${root}/templates/swift/m.txt`, "{1:{{.Bank}}}{4:\n:32A:{{.Amount}}\n-}")
    yield* files.writeFileString(`${root}/list.tmpl`, "{{.List}} {{.Who}}")
    return { root, directory: root, variables: { Bank: "DEUTDEFF", Amount: "1", Who: "Ada" } }
  })

  it.effect("renders an inline text with its data, or with the variables when it has none", () =>
    Effect.gen(function*() {
      const options = { variables: { a: 1 } }
      assert.strictEqual(yield* runAction(template, { text: "{{.a}}" }, options), "1")
      assert.strictEqual(yield* runAction(template, { text: "{{.b}}", data: { b: [2] } }, options), "[2]")
      assert.strictEqual(
        yield* runAction(template, { text: "{{.a}}{{.b}}", data: { b: 2 }, with_variables: true }, options),
        "12"
      )
      const error = yield* Effect.flip(runAction(template, { text: "{{.a}}", data: {} }, options))
      assert.strictEqual(error.message, "template: line 1: there is no .a")
    }))

  it.effect("finds Robogo's message templates and lays the data over the variables", () =>
    Effect.gen(function*() {
      const context = yield* makeContext({ ...(yield* folder), robogo: true })
      assert.strictEqual(
        yield* runRobogo(template, ["m.txt", { Amount: "250101EUR1," }], { context, name: "swift_message" }),
        "{1:DEUTDEFF}{4:\n:32A:250101EUR1,\n-}"
      )
    }))

  it.effect("takes a Robogo template by the name it has in the case, else from its file", () =>
    Effect.gen(function*() {
      const settings = { templates: { greet: "Hello {{.Who}}" } }
      const context = yield* makeContext({ ...(yield* folder), robogo: true, settings })
      assert.strictEqual(yield* runRobogo(template, ["greet", { Who: "Bob" }], { context }), "Hello Bob")
      assert.strictEqual(yield* runRobogo(template, ["list.tmpl", { List: [1, "a"], Who: "" }], { context }), "[1 a] ")
    }))

  it.effect("refuses a file outside the root, and names a file that is missing", () =>
    Effect.gen(function*() {
      const options = yield* folder
      assert.propertyVal(yield* Effect.flip(runAction(template, { file: "../x.tmpl" }, options)), "reason", "Refused")
      assert.propertyVal(
        yield* Effect.flip(runAction(template, { file: "nosuch.tmpl" }, options)),
        "reason",
        "Unavailable"
      )
      const context = yield* makeContext({ ...options, robogo: true })
      const up = runRobogo(template, ["../../../etc/passwd", {}], { context, name: "swift_message" })
      assert.propertyVal(yield* Effect.flip(up), "reason", "Refused")
    }))
})
