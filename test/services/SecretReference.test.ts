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
      [{ folder: "/run/secrets" }, [{ folder: "/run/secrets" }]],
      [{ folder: "f", key: "db.password" }, [{ folder: "f", key: "db.password" }]],
      [{ vault: "secret/app#token" }, [{ vault: "secret/app#token" }]],
      [{ vault: "app", mount: "team/kv", key: "t", version: 3, namespace: "n/s" }, [
        { vault: "app", mount: "team/kv", key: "t", version: 3, namespace: "n/s" }
      ]],
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
      [{ folder: "a", kye: "b" }, /^has no key "kye": did you mean "key"\?/],
      [{ vault: "secret/app#hunter2", versoin: 1 }, /^has no key "versoin": did you mean "version"\?/],
      [{ vault: "secret/app", version: "two" }, /^version cannot be text: write \{ vault: "MOUNT\/PATH#KEY" \}/],
      [{ vault: "secret/app", version: 0 }, /^version cannot be number/],
      [{ vault: ["secret/app"] }, /^vault cannot be list: write \{ vault/],
      [{ vault: "hunter2" }, /^names no path in a vault, or two keys: write \{ vault/],
      [{ vault: "secret/../sys#hunter2" }, /^names no path/],
      [{ vault: "/secret/app#hunter2" }, /^names no path/],
      [{ vault: "secret/app#a", key: "hunter2" }, /^names no path in a vault, or two keys/],
      [[], /^the list of sources is empty: write at least one of them/]
    ]
    for (const [value, message] of rows) {
      assert.match(String(outcome(value)), message)
      assert.notInclude(String(outcome(value)), "hunter2")
    }
  })

  it("finds mount, path and key of a vault reference", () => {
    const rows: ReadonlyArray<readonly [reference: SecretReference.VaultReference, found: unknown, because: string]> = [
      [{ vault: "secret/app#token" }, ["secret", "app", "token"], "as `vault kv get` has it"],
      [{ vault: "secret/data/team/app#token" }, ["secret", "team/app", "token"], "as the API has it"],
      [{ vault: "secret/data" }, ["secret", "data", "own"], "a secret that is called data"],
      [{ vault: "secret/data/data/x" }, ["secret", "data/x", "own"], "a folder that is called data"],
      [{ vault: "app/one", mount: "team/kv" }, ["team/kv", "app/one", "own"], "a mount with a slash in it"],
      [{ vault: "data/app", mount: "kv" }, ["kv", "data/app", "own"], "beside a mount nothing is left out"],
      [{ vault: "secret/app", key: "a#b" }, ["secret", "app", "a#b"], "a key with a # in it"]
    ]
    for (const [reference, found, because] of rows) {
      const parsed = SecretReference.vaultPath(reference, "own")
      assert.deepStrictEqual([parsed?.at.mount, parsed?.at.path, parsed?.key], found as never, because)
    }
  })

  it("reads every example of docs/secrets.md", () => {
    const page = readFileSync(new URL("../../docs/secrets.md", import.meta.url), "utf8")
    const examples = Array.from(page.matchAll(/```yaml\n([^]*?)```/g), ([, text]) => parse(text ?? "") as ValueRecord)
    assert.isAtLeast(examples.length, 2)
    for (const { secrets = {} } of examples) {
      for (const value of Object.values(secrets as ValueRecord)) assert.isArray(outcome(value))
    }
    const inTables = Array.from(
      page.matchAll(/^\|[^`]*`(\{[^`]*\})` \|/gm),
      ([, source]) => source!.replaceAll("\\|", "|")
    )
    assert.isAtLeast(inTables.length, SecretReference.kinds.length + 8)
    for (const source of inTables) assert.isArray(outcome(parse(source) as Value), source)
  })
})
