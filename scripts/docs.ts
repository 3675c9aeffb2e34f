/** Writes the pages that are made from the code; given a JSON report of vitest, `docs/reliability.md` too. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pages } from "./pages.ts"
import * as Reliability from "./reliability.ts"

const docs = join(import.meta.dirname, "../docs")
for (const [name, text] of Object.entries(await pages())) writeFileSync(join(docs, name), text)
await import("./expression-reference.ts")

const [, , report] = process.argv
if (report !== undefined) {
  writeFileSync(join(docs, "reliability.md"), Reliability.page(JSON.parse(readFileSync(report, "utf8"))))
}
