/**
 * Writes the pages that are made from the code; given JSON reports of vitest (`tests.json`, `live.json`, `soak.json`, those that
 * are there), `docs/reliability.md` too.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { pages } from "./pages.ts"
import * as Reliability from "./reliability.ts"

const docs = join(import.meta.dirname, "../docs")
for (const [name, text] of Object.entries(await pages())) writeFileSync(join(docs, name), text)
await import("./expression-reference.ts")

/** Reports that were made are taken; which run made one is in its name. */
const runs = { "tests.json": "npm test", "live.json": "npm run test:live", "soak.json": "npm run soak" }
const reports = process.argv.slice(2).flatMap((path) => {
  const run = runs[basename(path) as keyof typeof runs]
  return existsSync(path) ? [[run, JSON.parse(readFileSync(path, "utf8")) as unknown] as const] : []
})
if (reports.length > 0) writeFileSync(join(docs, "reliability.md"), Reliability.page(Object.fromEntries(reports)))
