/** No fault is claimed without a test, and the page says what the tests say. */
import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { claimed, faults, readTitle } from "../../scripts/faults.ts"
import * as Reliability from "../../scripts/reliability.ts"

const root = join(import.meta.dirname, "../..")
const nameOf = (number: number) => `R${String(number).padStart(2, "0")}`

/** A test as vitest reports it: its groups, then its own title. */
const test = (status: string, ...titles: ReadonlyArray<string>) => ({
  ancestorTitles: titles.slice(0, -1),
  title: titles.at(-1)!,
  status
})

/** The faults that stand at the beginning of a text in the source of a test. */
const tested = new Set(
  globSync("test/**/*.test.ts", { cwd: root })
    .flatMap((file) => [...readFileSync(join(root, file), "utf8").matchAll(/["'`](R\d\d(?:(?:, | and )R\d\d)* .)/g)])
    .flatMap(([, title]) => readTitle(title!)?.faults ?? [])
)

describe("docs/reliability.md", () => {
  it.each(claimed.map((number) => ({ number, fault: faults[number]!.fault })))(
    "fault $number has a test: $fault",
    ({ number }) => assert.isTrue(tested.has(number))
  )

  it("no test is about a fault that is not in the list", () => {
    assert.deepStrictEqual([...tested].filter((number) => faults[number] === undefined), [])
  })

  it("is made from tests that passed, and speaks of every claim: npm run docs", () => {
    const page = readFileSync(join(root, "docs/reliability.md"), "utf8")

    assert.notInclude(page, "**failed**")
    assert.notInclude(page, "**missing**")
    for (const number of claimed) assert.include(page, `| ${nameOf(number)} | ${faults[number]!.fault} |`)
    for (const [, name] of page.matchAll(/^\| (R\d\d) /gm)) assert.isTrue(tested.has(Number(name!.slice(1))), name)
  })

  it("counts where each test ran; a group stands for its tests, and a test for each fault it names", () => {
    const page = Reliability.page({
      "npm test": {
        testResults: [{
          assertionResults: [
            test("passed", "Yaml", "R01 aliases end"),
            test("passed", "R04 many mistakes", "one"),
            test("skipped", "R04 many mistakes", "two"),
            test("failed", "R03 and R08 leave all as it was"),
            test("passed", "something else")
          ]
        }]
      },
      "npm run test:live": { testResults: [{ assertionResults: [test("passed", "R01 aliases end")] }] }
    })

    assert.match(page, /^\| R01 \| .* \| 1 of 1 \| 1 of 1 \|$/m)
    assert.match(page, /^\| R04 \| .* \| 1 of 2 \| {2}\|$/m)
    assert.match(page, /^\| R08 \| .* \| 0 of 1 \| {2}\|$/m)
    assert.include(page, "- **skipped** many mistakes\n")
    assert.include(page, "- **failed** leave all as it was\n")
    assert.match(page, /^- R02 .* \(\*\*missing\*\*\)$/m)
    assert.notInclude(page, "something else")
  })
})
