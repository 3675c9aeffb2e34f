/** Prints what is wrong in files: code frames for people, JSON, or annotations for GitHub. */
import { Console, Effect } from "effect"
import * as CodeFrame from "../core/CodeFrame.ts"
import type { Problem } from "../core/SourceText.ts"
import * as Style from "../core/Style.ts"
import * as Settings from "./Settings.ts"

export type Form = "text" | "json" | "github"

/** Problems as the JSON of `--format json`. */
export const toJson = (problems: ReadonlyArray<Problem>, files: number) => ({
  files,
  errors: countOf(problems, "error"),
  warnings: countOf(problems, "warning"),
  problems: CodeFrame.sort(problems).map((problem) => CodeFrame.toJson(problem))
})

/** Writes code frames to stderr. */
export const note = Effect.fnUntraced(function*(problems: ReadonlyArray<Problem>) {
  if (problems.length === 0) return
  const style = Style.make(yield* Settings.colors("stderr"))
  yield* Console.error(`${CodeFrame.renderAll(problems, { style })}\n`)
})

/** Writes problems to stdout. */
export const print = Effect.fnUntraced(function*(problems: ReadonlyArray<Problem>, form: Form, files: number) {
  switch (form) {
    case "json":
      return yield* Console.log(JSON.stringify(toJson(problems, files), null, 2))
    case "github":
      return yield* Effect.forEach(CodeFrame.sort(problems), (problem) => Console.log(CodeFrame.toGithub(problem)), {
        discard: true
      })
    case "text": {
      const style = Style.make(yield* Settings.colors("stdout"))
      const frames = problems.length === 0 ? "" : `${CodeFrame.renderAll(problems, { style })}\n\n`
      return yield* Console.log(frames + sentence(problems, files))
    }
  }
})

/** How many files a plan was made from: those with cases and those with problems. */
export const filesOf = (plan: {
  readonly cases: ReadonlyArray<{ readonly file: string }>
  readonly problems: ReadonlyArray<Problem>
}): number =>
  new Set([...plan.cases.map(({ file }) => file), ...plan.problems.map(({ span }) => span.source.path)]).size

/** `3 errors and 1 warning in 12 files`. */
export const sentence = (problems: ReadonlyArray<Problem>, files: number): string => {
  const errors = countOf(problems, "error")
  const warnings = countOf(problems, "warning")
  const found = [
    ...(errors > 0 || warnings === 0 ? [plural(errors, "error")] : []),
    ...(warnings > 0 ? [plural(warnings, "warning")] : [])
  ]
  return `${errors + warnings === 0 ? "no problems" : found.join(" and ")} in ${plural(files, "file")}`
}

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`

const countOf = (problems: ReadonlyArray<Problem>, severity: Problem["severity"]): number =>
  problems.filter((problem) => problem.severity === severity).length
