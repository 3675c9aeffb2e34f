/** The words about an expectation that does not hold: the same in a run, under load and in every report. */
import type { Code, Machine, Names } from "../compile/Code.ts"

/** Says why an expectation does not hold; `undefined` when it does. Throws `CodeFailure` where it has no value. */
export const missed = (code: Code, names: Names, machine: Machine): string | undefined => {
  const value = code.run(names, machine)
  if (value === true) return undefined
  return value === false ? `expected ${code.text}` : `expected true or false from ${code.text}`
}

/** The message with the values of its parts, in one line: `expected body.n == 2: body.n is 1`. */
export const explained = (
  message: string,
  parts: ReadonlyArray<{ readonly expression: string; readonly value: string }>
): string =>
  parts.length === 0
    ? message
    : `${message}: ${parts.map(({ expression, value }) => `${expression} is ${value}`).join(", ")}`
