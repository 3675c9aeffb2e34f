/** `docs/load.md` speaks of all that a `load:` block can say. */
import { assert, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import * as LoadReader from "../../src/scenario/read/LoadReader.ts"

it("docs/load.md has a row for every key of the block, and for every executor", () => {
  const page = readFileSync(new URL("../../docs/load.md", import.meta.url), "utf8")
  const { properties } = LoadReader.reader.schema
  const rows = [...page.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, cell]) => cell!.match(/[\w-]+/g) ?? [])

  for (const key of Object.keys(properties ?? {})) assert.include(rows, key)
})
