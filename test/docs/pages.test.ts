import { assert, describe, it } from "@effect/vitest"
import { existsSync, globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { pages } from "../../scripts/pages.ts"

const root = join(import.meta.dirname, "../..")
const made = await pages()

describe("pages made from the code", () => {
  it.each(Object.keys(made))("docs/%s is up to date: npm run docs", (name) => {
    assert.strictEqual(readFileSync(join(root, "docs", name), "utf8"), made[name])
  })

  it("docs/reliability.md names only tests that there are", () => {
    const path = join(root, "docs/reliability.md")
    const titles = (existsSync(path) ? readFileSync(path, "utf8") : "").matchAll(/^## (R\d\d)/gm)
    const tests = globSync("test/**/*.test.ts", { cwd: root }).map((file) => readFileSync(join(root, file), "utf8"))
      .join("\n")

    for (const [, row] of titles) assert.include(tests, `${row} `)
  })
})
