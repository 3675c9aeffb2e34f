/** `docs/reliability.md`: which fault has which tests, and how they ended. Made from reports of vitest. */
import { faults, readTitle } from "./faults.ts"

interface VitestReport {
  readonly testResults: ReadonlyArray<{
    readonly assertionResults: ReadonlyArray<{
      readonly ancestorTitles: ReadonlyArray<string>
      readonly title: string
      readonly status: string
    }>
  }>
}

/** Reports by what made them: `npm test`, `npm run test:live`, `npm run soak`. */
export type Reports = Readonly<Record<string, unknown>>

interface Result {
  readonly fault: number
  readonly title: string
  readonly run: string
  readonly status: string
}

/** Returns the page. A fault without a test is never claimed: it says that nothing was run. */
export const page = (reports: Reports): string => {
  const results = Object.entries(reports).flatMap(([run, report]) => read(run, report as VitestReport))
  const byFault = Map.groupBy(results, ({ fault }) => fault)
  const runs = Object.keys(reports)
  const tested = Object.entries(faults).filter(([number]) => byFault.has(Number(number)))
  const rest = Object.entries(faults).filter(([number]) => !byFault.has(Number(number)))
  return [
    "# Reliability and security",
    "",
    "Made by `npm run docs` from the results of the tests whose titles begin with the number of a fault; none is claimed without.",
    "A cell has the tests that passed, of those that ran there. `npm run test:live` has a PostgreSQL server, `npm run soak` runs the",
    "random tests for longer.",
    "",
    `| | fault | what skein does | ${runs.map((run) => `\`${run}\``).join(" | ")} |`,
    `| --- | --- | --- | ${runs.map(() => "---").join(" | ")} |`,
    ...tested.map(([number, { fault, promise = "not yet everything" }]) =>
      `| ${nameOf(number)} | ${fault} | ${promise} | ${
        runs.map((run) => count(byFault.get(Number(number)) ?? [], run)).join(" | ")
      } |`
    ),
    "",
    "## Without a test",
    "",
    "What these could happen to is not built yet, or the test is missing.",
    "",
    ...rest.map(([number, { fault, promise }]) =>
      `- ${nameOf(number)} ${fault}${promise === undefined ? "" : " (**missing**)"}`
    ),
    ...tested.flatMap(([number, { fault }]) => [
      "",
      `## ${nameOf(number)} ${fault}`,
      "",
      ...lines(byFault.get(Number(number)) ?? [])
    ]),
    ""
  ].join("\n")
}

/** The number may stand in the title of a test or of a group around it; then the group stands for its tests. */
const read = (run: string, report: VitestReport): ReadonlyArray<Result> =>
  report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.flatMap(({ ancestorTitles, status, title }) => {
      const named = [...ancestorTitles, title].map(readTitle).find((titled) => titled !== undefined)
      return (named?.faults ?? []).map((fault) => ({ fault, run, status, title: named!.rest }))
    })
  )

const count = (results: ReadonlyArray<Result>, run: string): string => {
  const there = results.filter((result) => result.run === run)
  const passed = there.filter(({ status }) => status === "passed").length
  return there.length === 0 ? "" : `${passed} of ${there.length}`
}

const lines = (results: ReadonlyArray<Result>): ReadonlyArray<string> =>
  [...Map.groupBy(results, ({ title }) => title)].map(([title, tests]) => {
    const bad = [...new Set(tests.map(({ status }) => status))].filter((status) => status !== "passed")
    return `- ${bad.length === 0 ? "" : `**${bad.join(", ")}** `}${asText(title)}`
  }).sort()

/** Titles may hold whatever a test is about. */
const asText = (title: string): string =>
  title.replaceAll(/[\\`*_[\]<|]/g, "\\$&").replaceAll(/\p{Cc}|\p{Cf}/gu, "\uFFFD")

const nameOf = (number: string): string => `R${number.padStart(2, "0")}`
