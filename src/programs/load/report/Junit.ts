/**
 * JUnit XML of a load run, for CI systems: a case per threshold, and one for whether the figures can be believed.
 *
 * @see https://github.com/testmoapp/junitxml
 */
import * as Markup from "../../report/Markup.ts"
import * as ReportText from "../../report/ReportText.ts"
import type { LoadResult, ThresholdResult } from "../LoadResult.ts"
import * as Outcome from "./Outcome.ts"

export const write = (result: LoadResult): string => {
  const counts = {
    tests: String(result.thresholds.length + 1),
    failures: String(result.thresholds.filter(({ passed }) => !passed).length),
    errors: String(isSound(result) ? 0 : 1),
    skipped: "0",
    time: result.duration_s.toFixed(3)
  }
  const suite = Markup.attributes({ name: ReportText.name(result.name), ...counts, timestamp: result.started_at })
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites${Markup.attributes({ name: "skein load", ...counts })}>
  <testsuite${suite}>
    <properties>
${property("model", result.model)}${property("target", result.target)}${property("run", result.run)}    </properties>
${result.thresholds.map((threshold) => thresholdCase(result, threshold)).join("")}${
    measurementCase(result)
  }  </testsuite>
</testsuites>
`
}

const thresholdCase = (result: LoadResult, threshold: ThresholdResult): string => {
  const head = `    <testcase${attributesOf(result, threshold.expression)}`
  if (threshold.passed) return `${head}/>\n`
  const message = [Outcome.actual(threshold), Outcome.miss(threshold)].filter((text) => text !== "").join(", ")
  const text = `${threshold.expression}\n${message}${threshold.aborted ? "\nit ended the run" : ""}`
  return `${head}>\n${Markup.element("failure", { message, type: "threshold" }, text)}    </testcase>\n`
}

const isSound = (result: LoadResult): boolean => Outcome.of(result) === "passed" || Outcome.of(result) === "failed"

/** What is not a threshold can fail too: a run that is not valid, was cut short or reached nobody is an error. */
const measurementCase = (result: LoadResult): string => {
  const head = `    <testcase${attributesOf(result, "the measurement is valid")}`
  if (isSound(result)) return `${head}/>\n`
  const lines = [
    Outcome.sentence(result),
    ...result.reasons.map(({ advice, text }) => `${text}: ${advice}`),
    ...result.errors.kinds.map(({ count, example, kind }) => `${count} ${kind}: ${example}`)
  ]
  const attributes = { message: Outcome.sentence(result), type: Outcome.of(result) }
  return `${head}>\n${Markup.element("error", attributes, lines.join("\n"))}    </testcase>\n`
}

const attributesOf = (result: LoadResult, name: string) =>
  Markup.attributes({
    name: ReportText.name(name),
    classname: ReportText.name(result.name),
    time: result.measured_s.toFixed(3)
  })

const property = (name: string, value: string): string =>
  `      <property${Markup.attributes({ name, value: ReportText.oneLine(value) })}/>\n`
