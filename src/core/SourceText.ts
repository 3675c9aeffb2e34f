/**
 * A text that came from a file, and places in it. Every problem found in a file points at such a place.
 *
 * `core/CodeFrame.ts` draws them.
 */

/** A file's text. `path` is as the user wrote or found it: relative to the working directory where possible. */
export interface SourceText {
  readonly path: string
  readonly text: string
}

/** A range of UTF-16 offsets in a source; `end` is exclusive and at least `start`. */
export interface Span {
  readonly source: SourceText
  readonly start: number
  readonly end: number
}

/** One thing that is wrong in a file. `code` is stable kebab-case (`unknown-key`), `hint` says what to do. */
export interface Problem {
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
  readonly severity: "error" | "warning"
  readonly span: Span
  /** Other places that belong to it, with a few words each: "first defined here". */
  readonly labels?: ReadonlyArray<Label> | undefined
}

/** A place with a few words about it. */
export interface Label {
  readonly span: Span
  readonly text: string
}

/** A 1-based line and column (UTF-16 units) of an offset. */
export interface Position {
  readonly line: number
  readonly column: number
}

const lineStarts = new WeakMap<SourceText, ReadonlyArray<number>>()

const startsOf = (source: SourceText): ReadonlyArray<number> => {
  const known = lineStarts.get(source)
  if (known !== undefined) return known
  const starts = [0]
  for (let at = source.text.indexOf("\n"); at !== -1; at = source.text.indexOf("\n", at + 1)) starts.push(at + 1)
  lineStarts.set(source, starts)
  return starts
}

/** Returns the 1-based line and column of `offset`; past the end counts as the end. Binary search over line starts. */
export const positionAt = (source: SourceText, offset: number): Position => {
  const starts = startsOf(source)
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (starts[middle]! <= offset) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: Math.min(offset, source.text.length) - starts[low]! + 1 }
}

/** Offsets of line `line` (from 1) without its line end; an empty range when there is no such line. */
export const lineRange = (source: SourceText, line: number): { readonly start: number; readonly end: number } => {
  const starts = startsOf(source)
  const start = starts[line - 1]
  if (start === undefined) return { start: 0, end: 0 }
  const end = (starts[line] ?? source.text.length + 1) - 1
  return { start, end: end > start && source.text[end - 1] === "\r" ? end - 1 : end }
}

/** `file:line:col` of the start of a span. */
export const formatPlace = (span: Span): string => {
  const { column, line } = positionAt(span.source, span.start)
  return `${span.source.path}:${line}:${column}`
}
