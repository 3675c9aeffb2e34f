/** Writes the tables of functions into `docs/expressions.md`, between its two markers. Run after changing a function. */
import { readFileSync, writeFileSync } from "node:fs"
import { functionTables } from "../src/scenario/expression/Reference.ts"

const path = new URL("../docs/expressions.md", import.meta.url)
const marker = "<!-- functions -->"
const [before = "", , after = ""] = readFileSync(path, "utf8").split(marker)
writeFileSync(path, `${before}${marker}\n\n${functionTables()}\n\n${marker}${after}`)
