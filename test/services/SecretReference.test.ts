import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { readFileSync } from "node:fs"
import { parse } from "yaml"
import type { Value, ValueRecord } from "../../src/core/Value.ts"
import * as SecretReference from "../../src/services/SecretReference.ts"

const outcome = (value: Value) =>
  Result.match(SecretReference.read(value), {
    onSuccess: (references) => references as unknown,
    onFailure: ({ hint, message }) => `${message}: ${hint}`
  })

describe("SecretReference", () => {
  it("reads one source or a list of them", () => {
    const rows: ReadonlyArray<readonly [value: Value, references: ReadonlyArray<unknown>]> = [
      [{ env: "A" }, [{ env: "A" }]],
      [{ dotenv: null }, [{ dotenv: null }]],
      [{ dotenv: "a.env", key: "K" }, [{ dotenv: "a.env", key: "K" }]],
      [{ file: "f" }, [{ file: "f" }]],
      [{ command: "pass x" }, [{ command: "pass x" }]],
      [{ command: ["pass", "x"] }, [{ command: ["pass", "x"] }]],
      [{ value: 12345678901234567890n }, [{ value: 12345678901234567890n }]],
      [[{ env: "A" }, { file: "f" }], [{ env: "A" }, { file: "f" }]]
    ]
    for (const [value, references] of rows) assert.deepStrictEqual(outcome(value), references)
  })

  it("says what is wrong and what to write, never the value", () => {
    const rows: ReadonlyArray<readonly [value: Value, message: RegExp]> = [
      ["hunter2", /^expected where the secret comes from, found text: write one of them: \{ env: NAME \}/],
      [{}, /^does not say where the secret comes from/],
      [{ enviroment: "hunter2" }, /^has no key "enviroment": /],
      [{ File: "hunter2" }, /^has no key "File": did you mean "file"\?/],
      [{ dotenv: "a", kye: "b" }, /^has no key "kye": did you mean "key"\?/],
      [{ env: "A", value: "hunter2" }, /^has env and value at once: write a list/],
      [{ env: "" }, /^env cannot be empty: write \{ env: NAME \}/],
      [{ command: [] }, /^command cannot be list: write command: \[program, argument, \.\.\.\]/],
      [{ value: ["hunter2"] }, /^value cannot be list/],
      [[], /^the list of sources is empty: write at least one of them/]
    ]
    for (const [value, message] of rows) {
      assert.match(String(outcome(value)), message)
      assert.notInclude(String(outcome(value)), "hunter2")
    }
  })

  it("reads every example of docs/secrets.md", () => {
    const page = readFileSync(new URL("../../docs/secrets.md", import.meta.url), "utf8")
    const examples = Array.from(page.matchAll(/```yaml\n([^]*?)```/g), ([, text]) => parse(text ?? "") as ValueRecord)
    assert.isAtLeast(examples.length, 2)
    for (const { secrets } of examples) {
      for (const value of Object.values(secrets as ValueRecord)) assert.isArray(outcome(value))
    }
    for (const [, source] of page.matchAll(/^\| `(\{.*?\})` \|/gm)) {
      assert.isArray(outcome(parse(source ?? "") as Value), source)
    }
  })
})
