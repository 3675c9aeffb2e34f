/** `docs/reliability.md`: which fault has which tests, and how they ended. Made from a report of vitest. */

/** The faults that skein is tested against, by number; what is tested stands in the titles of the tests. */
const faults: Readonly<Record<number, string>> = {
  1: "YAML aliases that multiply",
  2: "YAML that is nested without end, huge or binary",
  3: "Keys such as `__proto__`",
  4: "Many mistakes in one file",
  5: "Numbers that cannot be kept exactly",
  6: "Includes in a circle or outside of the root",
  7: "Values that look like templates",
  8: "Expressions that want out",
  9: "Regular expressions that never end",
  10: "Values that look like SQL",
  11: "Values that look like shell",
  12: "Line breaks in headers and URLs",
  13: "Requests to private addresses",
  14: "Redirects to another host",
  15: "Secrets in anything that is written",
  16: "Secrets that are too short, or part of another",
  17: "Markup in names and bodies",
  18: "Terminal sequences in names and bodies",
  19: "Requests to the dashboard from elsewhere",
  20: "Requests that are too large or too slow for the API",
  21: "Certificates that do not hold",
  22: "Bodies that grow when decompressed",
  23: "Bodies that never end",
  24: "Downloads that leave their folder",
  25: "Downloads that are cut off",
  26: "Ctrl-C once",
  27: "Ctrl-C twice, and finalizers that hang",
  28: "SIGTERM, SIGHUP, closed pipes, closed input, resized terminals",
  29: "Death at any moment",
  30: "Journals that are damaged",
  31: "Disks that are full or read-only",
  32: "Two processes in one folder",
  33: "Clocks that jump",
  34: "Postgres that restarts, hangs or refuses",
  35: "Notifications that are lost",
  36: "Brokers that restart, block or refuse",
  37: "Death between publishing and marking",
  38: "Pages that repeat or change",
  39: "Workflows that never end",
  40: "Load that the generator cannot make",
  41: "Caches and secret stores that are down",
  42: "Hostile text in machine-readable reports",
  43: "Graphs with cycles, and large ones",
  44: "Hosts that embed skein"
}

interface VitestReport {
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly assertionResults: ReadonlyArray<{ readonly title: string; readonly status: string }>
  }>
}

interface Result {
  readonly row: number
  readonly title: string
  readonly passed: boolean
}

/** Returns the page. Rows without a test are not in it: nothing can be claimed that was not run. */
export const page = (report: VitestReport): string => {
  const results = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.flatMap(({ status, title }): ReadonlyArray<Result> => {
      const match = /^R(\d\d) (.+)$/.exec(title)
      return match === null ? [] : [{ row: Number(match[1]), title: match[2]!, passed: status === "passed" }]
    })
  )
  const rows = [...Map.groupBy(results, ({ row }) => row)].sort(([a], [b]) => a - b)
  return [
    "# Reliability and security",
    "",
    "Made by `npm run docs` from the results of the tests whose titles begin with the number of a fault. Tests with a real",
    "PostgreSQL server run in CI (`npm run test:live`) and are not counted here.",
    "",
    "| fault | tests | passed |",
    "| --- | --- | --- |",
    ...rows.map(([row, tests]) =>
      `| ${name(row)} ${faults[row] ?? ""} | ${tests.length} | ${tests.filter(({ passed }) => passed).length} |`
    ),
    ...rows.flatMap(([row, tests]) => [
      "",
      `## ${name(row)} ${faults[row] ?? ""}`,
      "",
      ...[...new Set(tests.map(({ passed, title }) => `- ${passed ? "" : "**failed** "}${title}`))].sort()
    ]),
    ""
  ].join("\n")
}

const name = (row: number): string => `R${String(row).padStart(2, "0")}`
