/** Compares a call with the signature of its function. */
import * as DidYouMean from "../../core/DidYouMean.ts"
import * as Functions from "./Functions.ts"
import type { NodeOf, SyntaxProblem } from "./Syntax.ts"

/** Returns everything wrong with a call. `name` is the function as it is written, with its place. */
export const problemsOf = (
  node: NodeOf<"call">,
  name: { readonly text: string; readonly start: number; readonly end: number }
): ReadonlyArray<SyntaxProblem> => {
  const definition = Functions.find(name.text)
  if (definition === undefined) {
    const hint = DidYouMean.hint(name.text, [...Functions.names, "not"])
    return [{ message: `unknown function ${name.text}`, hint, start: name.start, end: name.end }]
  }
  const hint = `it is ${definition.signature}`
  const { arguments: args, end, start } = node
  if (args.length < definition.least || args.length > definition.most) {
    return [{ message: `${name.text} takes ${amount(definition)}, not ${args.length}`, hint, start, end }]
  }
  const problems = args.flatMap((argument, at): ReadonlyArray<SyntaxProblem> => {
    const takes = Functions.takesLambda(definition.parameters[at])
    if (takes === (argument.type === "lambda")) return []
    const message = takes ? `${name.text} takes item => ... here` : `${name.text} takes a value here, not item => ...`
    return [{ message, hint, start: argument.start, end: argument.end }]
  })
  const [path] = args
  return definition.name === "has" && path !== undefined && !paths.has(path.type)
    ? [...problems, {
      message: "has takes a path",
      hint: "such as has(body.items[0].id)",
      start: path.start,
      end: path.end
    }]
    : problems
}

const paths: ReadonlySet<string> = new Set(["name", "local", "member", "index"])

const plural = (count: number): string => `${count} argument${count === 1 ? "" : "s"}`

const amount = ({ least, most }: Functions.KnownFunction): string => {
  if (most === Infinity) return `at least ${plural(least)}`
  return least === most ? plural(least) : `${least} to ${plural(most)}`
}
