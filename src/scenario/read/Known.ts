/** Which names a piece of a scenario may read, as far as that can be seen before anything runs. */
import { suggest } from "../../core/DidYouMean.ts"
import type { Problem } from "../../core/SourceText.ts"
import type { Code, NameUse } from "../compile/Code.ts"
import { reservedNames, type Spelling } from "../Scenario.ts"

/** Names that a Robogo file may read without setting them. */
const robogoNames = ["__robogo_steps", "error_occurred", "error_message", "step_status", "ENV", "SECRETS"]

export interface Known {
  readonly spelling: Spelling
  readonly names: ReadonlySet<string>
  /** True when a name is set that cannot be seen, such as one made by a template: then nothing is called unknown. */
  readonly open: boolean
  readonly secrets: ReadonlySet<string>
  readonly mocks: ReadonlySet<string>
  /** Ids of steps, for `steps.<id>`. */
  readonly steps: ReadonlySet<string>
  /** Names that may stand in place of a URL; `undefined` when any may. */
  readonly connections: ReadonlySet<string> | undefined
}

/** What a step's output is known to have; `undefined` when it could be anything. */
export type OutputNames = ReadonlySet<string> | undefined

/** Adds a problem for each use of a name that nothing sets. `output` names come before variables (in `expect` and `save`). */
export const check = (
  code: Code,
  known: Known,
  problems: Array<Problem>,
  output?: { readonly names: OutputNames }
): void => {
  for (const use of code.uses) {
    if (use.optional || output !== undefined && (output.names === undefined || output.names.has(use.name))) continue
    const problem = checkUse(use, known, output?.names)
    if (problem !== undefined) problems.push(problem)
  }
}

const checkUse = (use: NameUse, known: Known, output: OutputNames): Problem | undefined => {
  const robogo = known.spelling === "robogo"
  const root = robogo && use.name === "SECRETS" ? "secrets" : use.name
  if (robogo && known.names.has(use.name)) return undefined
  if (root === "secrets" || root === "mocks" || root === "steps") {
    const field = use.path[0]
    return field === undefined || known.open || known[root].has(field)
      ? undefined
      : unknown(use, `${use.name}.${field}`, field, [...known[root]], known.spelling)
  }
  if ((reservedNames as ReadonlyArray<string>).includes(use.name) || known.open || known.names.has(use.name)) {
    return undefined
  }
  if (robogo && robogoNames.includes(use.name)) return undefined
  return unknown(use, use.name, use.name, [...output ?? [], ...known.names, ...reservedNames], known.spelling)
}

/** Adds a problem for a constant `url` that is no URL, and no name of a connection either. */
export const checkConnection = (code: Code, known: Known, problems: Array<Problem>): void => {
  const { constant } = code
  if (known.connections === undefined || typeof constant !== "string" || constant.includes(":")) return
  if (known.connections.has(constant)) return
  const close = suggest(constant, known.connections)
  problems.push({
    code: "unknown-connection",
    message: `there is no connection ${JSON.stringify(constant)}`,
    hint: close !== undefined
      ? `did you mean ${close}?`
      : known.connections.size > 0
      ? `connections: ${[...known.connections].join(", ")}`
      : "write a URL such as embedded:, or name one under connections: in skein.yaml",
    severity: "error",
    span: code.node.span
  })
}

const unknown = (
  use: NameUse,
  shown: string,
  word: string,
  candidates: ReadonlyArray<string>,
  spelling: Spelling
): Problem => {
  const close = suggest(word, candidates)
  return {
    code: "unknown-name",
    message: `nothing sets ${shown}`,
    hint: close === undefined
      ? use.hint ?? "set it under vars:, or save it in an earlier step"
      : `did you mean ${close}?`,
    // A bad value in a Robogo file is found when it runs: there it ends the step, not the whole run.
    severity: spelling === "robogo" ? "warning" : "error",
    span: use.span
  }
}

/** The variables that a piece of code reads; reserved names and those of the output are none. */
export const variablesRead = (code: Code | undefined, output?: OutputNames): ReadonlyArray<string> =>
  code === undefined
    ? []
    : code.uses.flatMap((use) =>
      (reservedNames as ReadonlyArray<string>).includes(use.name) || output?.has(use.name) === true ? [] : [use.name]
    )
