/** Reads and compiles what a converter made as `skein check` does, and shows the requests that it means. */
import { Result } from "effect"
import type { Problem } from "../../../src/core/SourceText.ts"
import { formatPlace } from "../../../src/core/SourceText.ts"
import type { Value, ValueRecord } from "../../../src/core/Value.ts"
import { isRecord } from "../../../src/core/Value.ts"
import * as Init from "../../../src/programs/Init.ts"
import { builtin } from "../../../src/scenario/actions/builtin.ts"
import * as Compile from "../../../src/scenario/compile/Compile.ts"
import * as Template from "../../../src/scenario/expression/Template.ts"
import * as Load from "../../../src/scenario/read/Load.ts"
import * as Node from "../../../src/scenario/read/Node.ts"
import * as Yaml from "../../../src/scenario/read/Yaml.ts"

/** The problems of a file as `place: message`; empty when it passes `check`. */
export const problemsOf = (text: string): ReadonlyArray<string> => {
  const problems: Array<Problem> = []
  const source = { path: "made.yaml", text }
  const read = Load.parse(source, builtin.map((action) => action.name), { problems } as never)
  if (read?._tag === "Scenario") {
    Compile.scenario(read, "/made", { actions: builtin, variables: [], secrets: [] }, problems)
  }
  return problems.map((problem) => `${formatPlace(problem.span)}: ${problem.message}`)
}

/** Converts and throws unless the one file that was made passes `check`. */
export const made = (source: Init.Source) => {
  const answer = Result.getOrThrowWith(Init.convert(source), (problem) => new Error(problem.message))
  const [file] = answer.files
  const problems = problemsOf(file!.text)
  if (problems.length > 0) throw new Error(`${problems.join("\n")}\n---\n${file!.text}`)
  const root = Node.toValue(Yaml.parse({ path: "made.yaml", text: file!.text }).root!) as ValueRecord
  return { ...answer, text: file!.text, path: file!.path, root }
}

/** The inputs of the http steps with their templates filled in: `${base}` from vars, any other name as `<name>`. */
export const requests = (root: ValueRecord): ReadonlyArray<ValueRecord> => {
  const vars = root["vars"]
  const names = {
    get: (name: string): Value =>
      name === "secrets" || name === "env"
        ? anyField(name)
        : isRecord(vars) && name in vars
        ? fill(vars[name]!)
        : `<${name}>`,
    list: () => []
  }
  const fill = (value: Value): Value => {
    if (typeof value === "string") {
      const parsed = Result.getOrThrow(Template.parse(value))
      const filled = Template.evaluate(parsed, names, { now: () => 0, random: () => 0 })
      // What needs a run to have a value stays as it is written.
      return Result.isSuccess(filled) ? filled.success : value
    }
    if (Array.isArray(value)) return value.map(fill)
    if (!isRecord(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, fill(field)]))
  }
  return (root["steps"] as ReadonlyArray<ValueRecord>).map((step) => fill(step["http"]!) as ValueRecord)
}

/** A record that has every field: `secrets.token` is `<secrets.token>`. */
const anyField = (name: string): Value =>
  new Proxy({} as { [key: string]: Value }, {
    get: (_, key) => `<${name}.${String(key)}>`,
    getOwnPropertyDescriptor: (_, key) => ({
      value: `<${name}.${String(key)}>`,
      configurable: true,
      enumerable: true
    })
  })
