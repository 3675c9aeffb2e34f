import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Init from "../../src/programs/Init.ts"
import { problemsOf } from "./init/checked.ts"

describe("Init", () => {
  it("the first scenario passes check", () => {
    const { files } = Init.starter()

    assert.deepStrictEqual(files.map(({ path }) => path), ["scenarios/first.yaml", "skein.yaml"])
    assert.deepStrictEqual(problemsOf(files[0]!.text), [])
  })

  it("names a file so that every file system takes it", () => {
    const rows = [
      ["Orders API", "orders-api.yaml"],
      ["../../etc/passwd", "etc-passwd.yaml"],
      ["CON", "scenario-con.yaml"],
      ["日本", "scenario.yaml"],
      ["x".repeat(300), `${"x".repeat(60)}.yaml`]
    ] as const
    for (const [name, path] of rows) {
      const made = Result.getOrThrow(Init.convert({ from: "curl", name, text: "curl a.test" }))
      assert.strictEqual(made.files[0]!.path, path)
    }
  })

  it("says when there is nothing to make a scenario of", () => {
    const answer = Init.convert({ from: "curl", text: "echo hello" })

    assert.isTrue(Result.isFailure(answer))
    assert.deepEqual(Result.isFailure(answer) ? answer.failure : undefined, {
      message: "no request was found in the command"
    })
  })
})
