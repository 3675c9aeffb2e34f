/**
 * Why a case did not pass, as lines for people: step, place, message, code frame, values, request and response, and the
 * `curl` line that repeats it.
 *
 * The terminal shows these lines in colour; JUnit, TAP, CTRF, GitHub and Markdown carry them plain.
 */
import { Duration } from "effect"
import * as DurationText from "../../core/DurationText.ts"
import * as Style from "../../core/Style.ts"
import type { Attachment, Failure } from "../../scenario/Event.ts"
import * as Report from "./Report.ts"
import * as ReportText from "./ReportText.ts"

export interface Options {
  /** @default no colours */
  readonly style?: Style.Style | undefined
  /** Lines shown of one request or response body. @default 30 */
  readonly bodyLines?: number | undefined
}

/** One thing that went wrong; `step` is absent when it happened outside of the steps. */
export interface Entry {
  readonly step?: Report.Step | undefined
  readonly failure: Failure
}

/** Returns what went wrong in a case, in order: its own failures first, then those of its steps. */
export const entries = (one: Pick<Report.Case, "failures" | "steps">): ReadonlyArray<Entry> => [
  ...one.failures.map((failure) => ({ failure })),
  ...one.steps.flatMap((step) => step.failures.map((failure) => ({ step, failure })))
]

/** Returns the first reason why a case did not pass, on one line; for titles and annotations. */
export const headline = (one: Report.Case): string => {
  const first = entries(one)[0]
  if (first !== undefined) {
    return ReportText.name(first.failure.message, ReportText.name(first.failure.reason, one.status))
  }
  if (one.reason !== undefined) return ReportText.name(one.reason, one.status)
  const unfinished = one.steps.find((step) => step.status === "interrupted")
  return unfinished === undefined ? one.status : `interrupted in step ${ReportText.name(unfinished.name)}`
}

/** Returns all that is known of why a case did not pass, as single lines; empty lines stand between the parts. */
export const lines = (one: Report.Case, options: Options = {}): ReadonlyArray<string> => {
  const style = options.style ?? Style.plain
  const parts: Array<ReadonlyArray<string>> = []
  if (one.reason !== undefined) parts.push(splitLines(one.reason))
  for (const failure of one.failures) parts.push(...failureParts(failure, style))
  for (const step of one.steps) {
    if (step.failures.length > 0 || Report.isBad(step.status)) parts.push(...stepParts(step, options))
  }
  return joined(parts.length === 0 ? [[headline(one)]] : parts)
}

/** `file:line:col`, on one line. */
export const place = (location: { readonly file: string; readonly line: number; readonly column: number }): string =>
  `${ReportText.name(location.file, "(no file)")}:${location.line}:${location.column}`

/** A duration in milliseconds as people read it. */
export const time = (millis: number): string => millis < 1 ? "0ms" : DurationText.format(Duration.millis(millis))

const stepParts = (step: Report.Step, options: Options): ReadonlyArray<ReadonlyArray<string>> => {
  const style = options.style ?? Style.plain
  const tries = step.attempts > 1 ? `, attempt ${step.attempts}` : ""
  const phase = step.phase === "steps" ? "" : `${step.phase}, `
  const head = `${style.bold(ReportText.name(step.name))} `
    + style.dim(`(${phase}${ReportText.name(step.action)}, ${time(step.duration_ms)}${tries}) ${place(step.location)}`)
  return [
    [head],
    ...(step.failures.length === 0 ? [[step.status]] : []),
    ...step.failures.flatMap((failure) => failureParts(failure, style)),
    ...step.attachments.flatMap((attachment) => attachmentParts(attachment, options)),
    ...(step.logs.length === 0
      ? []
      : [step.logs.slice(-20).map((log) => style.dim(`log: ${ReportText.oneLine(log.text)}`))])
  ]
}

const failureParts = (failure: Failure, style: Style.Style): ReadonlyArray<ReadonlyArray<string>> => {
  const message = splitLines(failure.message.trim() === "" ? failure.reason : failure.message)
  return [
    message.map(style.red),
    ...(failure.frame === undefined ? [] : [frameLines(failure.frame, style)]),
    ...(failure.values === undefined || failure.values.length === 0 ? [] : [valueLines(failure.values, style)]),
    ...(failure.hint === undefined ? [] : [[`${style.cyan("hint:")} ${ReportText.oneLine(failure.hint)}`]])
  ]
}

/** The lines with carets and those above them stand out. */
const frameLines = (frame: string, style: Style.Style): ReadonlyArray<string> =>
  splitLines(frame).map((line, i, all) =>
    isMarked(line) ? style.red(line) : isMarked(all[i + 1] ?? "") ? line : style.dim(line)
  )

const isMarked = (line: string): boolean => /^\s*\|\s*\^/.test(line)

const valueLines = (values: NonNullable<Failure["values"]>, style: Style.Style): ReadonlyArray<string> => {
  const shown = values.map(({ expression, value }) => [ReportText.oneLine(expression, 120), value] as const)
  const width = Math.min(40, Math.max(...shown.map(([expression]) => expression.length)))
  return shown.map(([expression, value]) =>
    `  ${expression.padEnd(width)} ${style.dim("=")} ${style.yellow(ReportText.oneLine(value, 500))}`
  )
}

const attachmentParts = (attachment: Attachment, options: Options): ReadonlyArray<ReadonlyArray<string>> => {
  const style = options.style ?? Style.plain
  const bodyLines = options.bodyLines ?? 30
  switch (attachment._tag) {
    case "Http":
      return httpParts(attachment, style, bodyLines)
    case "Sql":
      return [[
        ...splitLines(attachment.statement).map((line, i) => `${i === 0 ? style.cyan("sql:") : "    "} ${line}`),
        ...attachment.params.map((param, i) => style.dim(`     $${i + 1} = ${ReportText.oneLine(param, 500)}`)),
        style.dim(`     ${attachment.rows ?? "no"} rows in ${time(attachment.duration_ms)}`)
      ]]
    case "Operation": {
      const { duration_ms, operation, received, sent, service, target } = attachment
      const what = style.bold(ReportText.oneLine(`${service} ${operation} ${target}`.trim(), 4_000))
      const answer = received === undefined ? "no answer" : `in ${time(duration_ms)}`
      return [
        [`${style.cyan("→")} ${what}`],
        ...bodyPart(sent, style, bodyLines),
        [`${style.cyan("←")} ${style.dim(answer)}`],
        ...bodyPart(received, style, bodyLines)
      ]
    }
    case "Text":
      return [[`${style.cyan(`${ReportText.name(attachment.name)}:`)}`, ...bodyText(attachment.text, style, bodyLines)]]
  }
}

const httpParts = (
  { curl, insecure, request, response }: Extract<Attachment, { readonly _tag: "Http" }>,
  style: Style.Style,
  bodyLines: number
): ReadonlyArray<ReadonlyArray<string>> => {
  const target = style.bold(`${ReportText.oneLine(request.method)} ${ReportText.oneLine(request.url, 4_000)}`)
  const note = insecure ? style.yellow(" (certificate not checked)") : ""
  const answer = response === undefined
    ? style.dim("no response")
    : `${style.bold(String(response.status))} ${style.dim(`in ${time(response.duration_ms)}`)}`
  return [
    [`${style.cyan("→")} ${target}${note}`, ...headerLines(request.headers, style)],
    ...bodyPart(request.body, style, bodyLines),
    [`${style.cyan("←")} ${answer}`, ...headerLines(response?.headers ?? {}, style)],
    ...bodyPart(response?.body, style, bodyLines),
    [`${style.cyan("repeat:")} ${ReportText.visible(curl).replaceAll("\n", "␊")}`]
  ]
}

const headerLines = (headers: Readonly<Record<string, string>>, style: Style.Style): ReadonlyArray<string> =>
  Object.entries(headers).map(([key, value]) => style.dim(`  ${ReportText.oneLine(key)}: ${ReportText.oneLine(value)}`))

const bodyPart = (body: string | undefined, style: Style.Style, max: number): ReadonlyArray<ReadonlyArray<string>> =>
  body === undefined || body === "" ? [] : [bodyText(body, style, max)]

const bodyText = (body: string, style: Style.Style, max: number): ReadonlyArray<string> => {
  const all = splitLines(body)
  const shown = all.slice(0, max).map((line) => `  ${ReportText.cut(line, 2_000)}`)
  return all.length > max ? [...shown, style.dim(`  … ${all.length - max} more lines`)] : shown
}

const splitLines = (text: string): ReadonlyArray<string> => ReportText.visible(text).trimEnd().split("\n")

const joined = (parts: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> =>
  parts.flatMap((part, i) => {
    const before = parts[i - 1]
    return before === undefined ? part : ["", ...part]
  })
