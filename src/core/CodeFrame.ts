/**
 * Problems as people and programs read them: code frames with the line and a caret, JSON, GitHub annotations.
 *
 * ```text
 * shop.yaml:3:1: error: a scenario has no key "stpes" (unknown-key)
 *   2 | name: Checkout
 *   3 | stpes:
 *     | ^^^^^
 *     = did you mean steps?
 * ```
 */
import * as FrameLine from "./FrameLine.ts"
import * as GithubCommand from "./GithubCommand.ts"
import * as InlineSecrets from "./InlineSecrets.ts"
import type { Masking, Range } from "./Masking.ts"
import { formatPlace, type Label, positionAt, type Problem, type SourceText } from "./SourceText.ts"
import * as Style from "./Style.ts"
import * as TerminalText from "./TerminalText.ts"

export interface Options {
  /** @default Style.plain */
  readonly style?: Style.Style | undefined
  /** Hides secrets in the shown lines, messages and hints. Those that stand in the file itself are always hidden in lines. */
  readonly masking?: Pick<Masking["Service"], "find" | "text"> | undefined
  /** Columns of the terminal; longer lines are cut around the marked part. @default 120 */
  readonly columns?: number | undefined
}

/** Draws one problem; no newline at the end. */
export const render = (problem: Problem, options: Options = {}): string => renderOn(pageOf(options), problem)

/** Draws all problems, sorted by file and place, with an empty line between two. */
export const renderAll = (problems: ReadonlyArray<Problem>, options: Options = {}): string => {
  const page = pageOf(options)
  return sort(problems).map((problem) => renderOn(page, problem)).join("\n\n")
}

/** Draws places without a message, the first one being the main one. Empty for no labels. */
export const frame = (labels: ReadonlyArray<Label>, options: Options = {}): string => {
  const page = pageOf(options)
  return drawLabels(labels, page, page.style.red).join("\n")
}

/** Sorted by file name, then by place; equal ones keep their order. */
export const sort = (problems: ReadonlyArray<Problem>): ReadonlyArray<Problem> =>
  problems.toSorted((a, b) =>
    compareText(a.span.source.path, b.span.source.path) || a.span.start - b.span.start || a.span.end - b.span.end
  )

/** A problem as one JSON object: lines and columns are 1-based, the end is exclusive; `hint` is null when there is none. */
export interface ProblemJson {
  readonly code: string
  readonly message: string
  readonly hint: string | null
  readonly severity: "error" | "warning"
  readonly file: string
  readonly line: number
  readonly column: number
  readonly end_line: number
  readonly end_column: number
}

/** Returns the problem for `--format json`. */
export const toJson = (problem: Problem, options: Pick<Options, "masking"> = {}): ProblemJson => {
  const mask = options.masking?.text ?? unchanged
  const start = positionAt(problem.span.source, problem.span.start)
  const end = positionAt(problem.span.source, problem.span.end)
  return {
    code: problem.code,
    message: mask(problem.message),
    hint: problem.hint === undefined ? null : mask(problem.hint),
    severity: problem.severity,
    file: problem.span.source.path,
    line: start.line,
    column: start.column,
    end_line: end.line,
    end_column: end.column
  }
}

/** Returns the problem as a GitHub annotation: one line, whatever is in the message. */
export const toGithub = (problem: Problem, options: Pick<Options, "masking"> = {}): string => {
  const { code, column, end_column, end_line, file, hint, line, message } = toJson(problem, options)
  return GithubCommand.write(
    problem.severity,
    { file, line, endLine: end_line, col: column, endColumn: end_column, title: code },
    hint === null ? message : `${message}\n${hint}`
  )
}

interface Page {
  readonly style: Style.Style
  readonly columns: number
  /** Masked, on one line, without control characters. */
  readonly clean: (text: string) => string
  readonly hidden: (source: SourceText) => ReadonlyArray<Range>
}

const unchanged = (text: string): string => text

const pageOf = (options: Options): Page => {
  const { masking } = options
  const mask = masking?.text ?? unchanged
  const found = new Map<SourceText, ReadonlyArray<Range>>()
  return {
    style: options.style ?? Style.plain,
    columns: options.columns ?? 120,
    clean: (text) => TerminalText.escape(mask(text)),
    hidden: (source) => {
      const ranges = found.get(source) ?? together(masking?.find(source.text) ?? [], InlineSecrets.find(source.text))
      found.set(source, ranges)
      return ranges
    }
  }
}

/** Both lists are in order; where two ranges overlap they are one. */
const together = (a: ReadonlyArray<Range>, b: ReadonlyArray<Range>): ReadonlyArray<Range> => {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a
  const joined: Array<Range> = []
  for (const range of [...a, ...b].sort((one, other) => one.start - other.start)) {
    const last = joined.at(-1)
    if (last === undefined || range.start >= last.end) joined.push(range)
    else joined[joined.length - 1] = { start: last.start, end: Math.max(last.end, range.end) }
  }
  return joined
}

const renderOn = (page: Page, problem: Problem): string => {
  const { style } = page
  const color = problem.severity === "error" ? style.red : style.yellow
  const place = page.clean(formatPlace(problem.span))
  const head = `${style.bold(place)}: ${color(problem.severity)}: ${style.bold(page.clean(problem.message))} ${
    style.dim(`(${problem.code})`)
  }`
  const labels = [{ span: problem.span, text: "" }, ...(problem.labels ?? [])]
  const hint = problem.hint === undefined ? [] : [`${gutter(labels)}${style.cyan("=")} ${page.clean(problem.hint)}`]
  return [head, ...drawLabels(labels, page, color), ...hint].join("\n")
}

const compareText = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

const digitsOf = (labels: ReadonlyArray<Label>): number =>
  String(labels.reduce((most, { span }) => Math.max(most, positionAt(span.source, span.start).line), 1)).length

const gutter = (labels: ReadonlyArray<Label>): string => " ".repeat(digitsOf(labels) + 3)

/** The lines of all labels, source by source; the first label is the main one. */
const drawLabels = (labels: ReadonlyArray<Label>, page: Page, color: (text: string) => string): ReadonlyArray<string> =>
  [...Map.groupBy(labels, ({ span }) => span.source)].flatMap(([source, own], at) => {
    const elsewhere = at === 0
      ? []
      : [`${gutter(labels)}${page.style.cyan(":")} ${page.clean(formatPlace(own[0]!.span))}`]
    return source.text === "" ? elsewhere : [...elsewhere, ...drawSource(source, own, labels, page, color)]
  })

const drawSource = (
  source: SourceText,
  own: ReadonlyArray<Label>,
  all: ReadonlyArray<Label>,
  page: Page,
  color: (text: string) => string
): ReadonlyArray<string> => {
  const digits = digitsOf(all)
  const hidden = page.hidden(source)
  const columns = Math.max(20, page.columns - digits - 5)
  const row = (number: number | undefined, text: string): string =>
    `  ${page.style.dim(`${String(number ?? "").padStart(digits)} |`)} ${text}`.trimEnd()
  const rows: Array<string> = []
  let last = 0
  for (const [number, labels] of byLine(own)) {
    const before = FrameLine.lay(source, number - 1, undefined, hidden, columns)
    if (last !== 0 && number > last + 2) rows.push(`${gutter(all).slice(0, -1)}${page.style.dim("...")}`)
    if (number - 1 > last && before.text.trim() !== "") rows.push(row(number - 1, before.text))
    const line = FrameLine.lay(source, number, labels[0]!.span, hidden, columns)
    rows.push(row(number, line.text))
    for (const label of labels) {
      const from = line.columnOf(label.span.start)
      const length = Math.max(1, line.columnOf(label.span.end) - from)
      const isMain = label === all[0]
      const marks = (isMain ? color : page.style.cyan)((isMain ? "^" : "-").repeat(length))
      rows.push(row(undefined, `${" ".repeat(from)}${marks} ${page.clean(label.text)}`))
    }
    last = number
  }
  return rows
}

/** Labels by the line on which they begin, both in order; the main label of a line is the one that decides what is cut. */
const byLine = (labels: ReadonlyArray<Label>): ReadonlyArray<readonly [line: number, labels: ReadonlyArray<Label>]> =>
  [...Map.groupBy(labels, ({ span }) => positionAt(span.source, span.start).line)].toSorted(([a], [b]) => a - b)
