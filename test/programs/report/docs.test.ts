/** The samples of `docs/reports.md` are what the writers write. `SKEIN_UPDATE_DOCS=1` writes them anew. */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync, writeFileSync } from "node:fs"
import * as Console from "../../../src/programs/report/Console.ts"
import * as Formats from "../../../src/programs/report/Formats.ts"
import * as Jsonl from "../../../src/programs/report/Jsonl.ts"
import { ordinaryEvents, sample } from "./fixtures.ts"

const page = new URL("../../../docs/reports.md", import.meta.url)

const indented = (json: string) => JSON.stringify(JSON.parse(json), null, 2)

const written = (name: string): string => {
  const text = [...Formats.find(name)!.write(sample)].join("").trimEnd()
  return name === "json" || name === "ctrf" ? indented(text) : text
}

const samples: Readonly<Record<string, string>> = {
  console: Console.ending(sample).join("\n").trim(),
  jsonl: ordinaryEvents.slice(2, 7).map(Jsonl.line).join("").trimEnd(),
  ...Object.fromEntries(["junit", "tap", "ctrf", "json", "github", "markdown"].map((name) => [name, written(name)]))
}

const block = (name: string) => new RegExp(`(<!-- sample: ${name} -->\n\n(\`{3,})\\w*\n)([^]*?)(^\\2$)`, "m")

describe("docs/reports.md", () => {
  const update = process.env["SKEIN_UPDATE_DOCS"] === "1"

  it.each(Object.entries(samples))("shows %s as it is written", (name, text) => {
    const now = readFileSync(page, "utf8")
    if (update) {
      writeFileSync(
        page,
        now.replace(block(name), (_, before: string, __, ___, after: string) => `${before}${text}\n${after}`)
      )
    }
    const shown = block(name).exec(readFileSync(page, "utf8"))?.[3]

    assert.strictEqual(shown, `${text}\n`)
  })

  it("speaks of every format", () => {
    const text = readFileSync(page, "utf8")

    for (const name of Formats.names) assert.match(text, new RegExp(`\\| \`${name}\` \\|`))
  })
})
