/** The report formats by name, and how `--report fmt=path` is read. */
import { Result } from "effect"
import * as Ctrf from "./Ctrf.ts"
import * as Github from "./Github.ts"
import * as Html from "./Html.ts"
import * as Json from "./Json.ts"
import * as Junit from "./Junit.ts"
import * as Markdown from "./Markdown.ts"
import type { Report } from "./Report.ts"
import * as Tap from "./Tap.ts"

/** A format that is written when the run has ended. */
export interface Format {
  readonly name: string
  /** What it is for, in one line of help. */
  readonly summary: string
  readonly extension: string
  readonly mediaType: string
  /** Returns the text of the whole report in pieces. */
  readonly write: (report: Report) => Iterable<string>
}

/** Every format but `jsonl`, which is written while the run goes on. */
export const formats: ReadonlyArray<Format> = [
  {
    name: "junit",
    summary: "JUnit XML, for nearly every CI system",
    extension: "xml",
    mediaType: "application/xml",
    write: (report) => [Junit.write(report)]
  },
  {
    name: "tap",
    summary: "TAP version 14, for TAP consumers",
    extension: "tap",
    mediaType: "text/plain",
    write: (report) => [Tap.write(report)]
  },
  {
    name: "ctrf",
    summary: "Common Test Report Format (JSON)",
    extension: "ctrf.json",
    mediaType: "application/json",
    write: (report) => [Ctrf.write(report)]
  },
  {
    name: "json",
    summary: "all that is known of the run, as one JSON document",
    extension: "json",
    mediaType: "application/json",
    write: (report) => [Json.write(report)]
  },
  {
    name: "github",
    summary: "annotations on a GitHub pull request",
    extension: "txt",
    mediaType: "text/plain",
    write: (report) => [Github.write(report)]
  },
  {
    name: "markdown",
    summary: "a summary page for a GitHub job or a merge request",
    extension: "md",
    mediaType: "text/markdown",
    write: (report) => [Markdown.write(report)]
  },
  {
    name: "html",
    summary: "one page for people: search, time line, every step",
    extension: "html",
    mediaType: "text/html",
    write: Html.write
  }
]

/** All names that `--report` takes. */
export const names: ReadonlyArray<string> = [...formats.map((format) => format.name), "jsonl"]

/** Finds a format by its name; `undefined` for `jsonl` and for what is none. */
export const find = (name: string): Format | undefined => formats.find((format) => format.name === name)

/** Where one report goes. The path `-` is standard output. */
export interface Target {
  readonly format: string
  readonly path: string
}

/**
 * Reads the value of a `--report` flag: `junit=out/report.xml`. `github` alone means standard output.
 *
 * Fails with a sentence that says what is wrong and what would be right.
 */
export const parseReportFlag = (text: string): Result.Result<Target, string> => {
  const at = text.indexOf("=")
  const format = (at === -1 ? text : text.slice(0, at)).trim()
  const path = at === -1 ? "" : text.slice(at + 1)
  if (!names.includes(format)) {
    return Result.fail(`--report ${text}: "${format}" is no report format. Known: ${names.join(", ")}`)
  }
  if (path !== "") return Result.succeed({ format, path })
  if (format === "github") return Result.succeed({ format, path: "-" })
  const extension = find(format)?.extension ?? "jsonl"
  return Result.fail(`--report ${text}: no file is named. Write --report ${format}=report.${extension}`)
}

/** Fails with a sentence when two reports would go to the same place. */
export const checkTargets = (targets: ReadonlyArray<Target>): Result.Result<void, string> => {
  const twice = targets.find((target, i) => targets.findIndex((other) => other.path === target.path) < i)
  if (twice === undefined) return Result.void
  return Result.fail(
    twice.path === "-"
      ? `--report: only one report can go to standard output`
      : `--report: two reports would be written to ${twice.path}`
  )
}
