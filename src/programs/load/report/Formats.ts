/** The report formats of a load run by name and by extension, and how `--report FILE` is read. */
import { Effect, Result } from "effect"
import type { Target } from "../../report/Formats.ts"
import type { LoadResult } from "../LoadResult.ts"
import * as Csv from "./Csv.ts"
import * as HdrLog from "./HdrLog.ts"
import * as Json from "./Json.ts"
import * as Junit from "./Junit.ts"
import * as Markdown from "./Markdown.ts"
import * as Prometheus from "./Prometheus.ts"

export interface Format {
  readonly name: string
  /** What it is for, in one line of help. */
  readonly summary: string
  readonly extension: string
  readonly write: (result: LoadResult) => Effect.Effect<string>
}

export const formats: ReadonlyArray<Format> = [
  {
    name: "json",
    summary: "all that is known of the run, for scripts and skein load compare",
    extension: "json",
    write: (result) => Effect.sync(() => Json.write(result))
  },
  {
    name: "html",
    summary: "one page for people, with charts",
    extension: "html",
    // The page and its charts are as large as all the rest.
    write: (result) => Effect.flatMap(Effect.promise(() => import("./Html.ts")), ({ write }) => write(result))
  },
  {
    name: "csv",
    summary: "a row per second, for spreadsheets",
    extension: "csv",
    write: (result) => Effect.sync(() => Csv.write(result))
  },
  {
    name: "junit",
    summary: "JUnit XML with a case per threshold, for CI systems",
    extension: "xml",
    write: (result) => Effect.sync(() => Junit.write(result))
  },
  {
    name: "markdown",
    summary: "a summary page for a GitHub job or a merge request",
    extension: "md",
    write: (result) => Effect.sync(() => Markdown.write(result))
  },
  {
    name: "prometheus",
    summary: "Prometheus text, for a Pushgateway or a textfile collector",
    extension: "prom",
    write: (result) => Effect.sync(() => Prometheus.write(result))
  },
  {
    name: "hdr",
    summary: "the log format of HdrHistogram, for its tools",
    extension: "hlog",
    write: HdrLog.write
  }
]

export const names: ReadonlyArray<string> = formats.map(({ name }) => name)

export const find = (name: string): Format | undefined => formats.find((format) => format.name === name)

/**
 * Reads the value of a `--report` flag: a file whose extension says what it is (`out/load.html`), or `format=file`; the file `-` is
 * standard output.
 *
 * Fails with a sentence that says what is wrong and what would be right.
 */
export const parseReportFlag = (
  text: string,
  known: ReadonlyArray<Pick<Format, "name" | "extension">> = formats
): Result.Result<Target, string> => {
  const at = text.indexOf("=")
  const format = at === -1 ? text : text.slice(0, at).trim()
  const named = known.find(({ name }) => name === format)
  if (named !== undefined) {
    const path = at === -1 ? "" : text.slice(at + 1)
    return path === ""
      ? Result.fail(`--report ${text}: no file is named. Write --report report.${named.extension}`)
      : Result.succeed({ format: named.name, path })
  }
  const guessed = known.find(({ extension }) => text.toLowerCase().endsWith(`.${extension}`))
  if (guessed !== undefined) return Result.succeed({ format: guessed.name, path: text })
  const names = known.map(({ extension, name }) => `${name} (.${extension})`).join(", ")
  return Result.fail(`--report ${text}: that is no report format. Known: ${names}; or write format=file`)
}
