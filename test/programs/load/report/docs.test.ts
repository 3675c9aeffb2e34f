/** The samples of `docs/load-report.md` are what the writers write. `SKEIN_UPDATE_DOCS=1` writes them anew. */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync, writeFileSync } from "node:fs"
import * as Compare from "../../../../src/programs/load/compare/Compare.ts"
import { LoadResult } from "../../../../src/programs/load/LoadResult.ts"
import * as CompareText from "../../../../src/programs/load/report/CompareText.ts"
import * as Formats from "../../../../src/programs/load/report/Formats.ts"
import * as Text from "../../../../src/programs/load/report/Text.ts"
import { bad, make } from "../results.ts"

const page = new URL("../../../../docs/load-report.md", import.meta.url)
const runOf = (run: string, seed: number, slower: number) =>
  make({ seconds: 60, perSecond: 500, seed, slower, drift: { memory: 0.4, spread: 0.02 } }, { run })
const [before, after] = [await runOf("20261121-101112-7f3a", 11, 1), await runOf("20261121-102233-01bc", 12, 1.09)]

const samples = {
  text: Text.lines(bad, { columns: 110 }),
  compare: CompareText.lines(Compare.runs([before], [after]), { columns: 110 })
}

const block = (name: string) => new RegExp(`(<!-- sample: ${name} -->\n\n\`\`\`\\w*\n)([^]*?)(^\`\`\`$)`, "m")

describe("docs/load-report.md", () => {
  it.each(Object.entries(samples))("shows the %s as it is written", (name, lines) => {
    const text = lines.join("\n")
    const now = readFileSync(page, "utf8")
    if (process.env["SKEIN_UPDATE_DOCS"] === "1") {
      writeFileSync(
        page,
        now.replace(block(name), (_, before: string, __, after: string) => `${before}${text}\n${after}`)
      )
    }
    assert.strictEqual(block(name).exec(readFileSync(page, "utf8"))?.[2], `${text}\n`)
  })

  it("speaks of every format, and of every part of the result that needs a word", () => {
    const text = readFileSync(page, "utf8")

    for (const { extension, name } of Formats.formats) assert.include(text, `| \`.${extension}\` | \`${name}\` |`)
    const plain = [
      "format",
      "version",
      "run",
      "name",
      "target",
      "model",
      "started_at",
      "duration_s",
      "measured_s",
      "seed"
    ]
      .concat("interrupted", "statuses", "scenarios", "thresholds", "histograms", "configuration")
    for (const key of Object.keys(LoadResult.fields).filter((key) => !plain.includes(key))) {
      assert.match(text, new RegExp(`\`${key}[.\`\\[]`), key)
    }
  })
})
