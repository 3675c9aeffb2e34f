import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { pages } from "../../scripts/pages.ts"

const root = join(import.meta.dirname, "../..")
const made = await pages()

describe("pages made from the code", () => {
  it.each(Object.keys(made))("docs/%s is up to date: npm run docs", (name) => {
    assert.strictEqual(readFileSync(join(root, "docs", name), "utf8"), made[name])
  })
})
