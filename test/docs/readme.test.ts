/** What the README shows is run, and what it promises is there. */
import { assert, describe, it } from "@effect/vitest"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as ExitCode from "../../src/cli/ExitCode.ts"
import { make } from "../../src/cli/main.ts"
import { folder, start } from "../cli/commandLine.ts"

const root = join(import.meta.dirname, "../..")
const readme = readFileSync(join(root, "README.md"), "utf8")
const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, text]) => text!)

describe("README", () => {
  it("its scenario of five lines passes", async () => {
    const [example = ""] = blocks("yaml")
    assert.lengthOf(example.trimEnd().split("\n"), 5)
    using files = folder({ "checkout.yaml": example })

    const { code, stderr } = await start(["run", "checkout.yaml"], files.path).ended

    assert.strictEqual(code, 0, stderr)
  })

  it("has two commands to start, each one line, and the scripts that they call", () => {
    const { bin, scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      readonly bin: Readonly<Record<string, string>>
      readonly scripts: Readonly<Record<string, string>>
    }

    assert.deepStrictEqual(blocks("sh"), ["npm ci && npx skein run examples\n", "npm ci && npm test\n"])
    assert.property(bin, "skein")
    assert.property(scripts, "test")
    assert.isTrue(existsSync(join(root, "examples")))
    for (const [, script] of readme.matchAll(/`npm run ([\w:]+)`/g)) assert.property(scripts, script!)
  })

  it("lists every command", () => {
    const commands = make().subcommands.flatMap(({ commands }) => commands.map(({ name }) => name))

    const listed = [...readme.matchAll(/^\| `skein (\w+)/gm)].map(([, name]) => name!)
    assert.deepStrictEqual(listed.toSorted(), commands.toSorted())
  })

  it("lists the exit codes that there are", () => {
    const { bug, invalidMeasurement, no, ok, partial, timedOut, unavailable, usage } = ExitCode
    const codes = [ok, no, usage, partial, timedOut, unavailable, invalidMeasurement, bug]

    const listed = [...readme.matchAll(/^\| (\d+)(?:, \d+)? \|/gm)].map(([, code]) => Number(code))
    assert.deepStrictEqual(listed, [...codes, ExitCode.ofSignal("SIGINT")])
  })

  it("links to files that there are", () => {
    for (const [, path] of readme.matchAll(/\]\(([^)#]+)\)/g)) assert.isTrue(existsSync(join(root, path!)), path)
  })
})
