/** How help, the version and mistakes in the command line are shown: help on stdout, mistakes in short on stderr. */
import { Console } from "effect"
import { type CliError, CliOutput, type HelpDoc } from "effect/cli"
import * as DidYouMean from "../core/DidYouMean.ts"

/** Presents without colours unless `colors`. Mistakes get two or three lines, never the whole help. */
export const presenter = (options: { readonly colors: boolean }): CliOutput.Presenter => {
  const formatter = CliOutput.defaultFormatter({ colors: options.colors, globalFlags: "full" })
  return {
    present: (event) => {
      switch (event._tag) {
        case "Version":
          return Console.log(`${event.name} ${event.version}`)
        case "Help":
          return event.reason === "Requested"
            ? Console.log(formatter.formatHelpDoc(event.helpDoc))
            : Console.error(formatter.formatHelpDoc(event.helpDoc))
        case "InvalidInvocation": {
          const mistakes = causes(event.errors).map((error) => `error: ${explain(error, event.helpDoc)}`)
          const help = `Run "${event.commandPath.join(" ")} --help" for the flags and examples.`
          return Console.error([...mistakes, help].join("\n"))
        }
      }
    }
  }
}

/** The value of an unknown flag looks like an unknown command: only the flag is worth telling. */
const causes = (errors: ReadonlyArray<CliError.NonShowHelpErrors>): ReadonlyArray<CliError.NonShowHelpErrors> =>
  errors.some(({ _tag }) => _tag === "UnrecognizedOption")
    ? errors.filter(({ _tag }) => _tag !== "UnknownSubcommand")
    : errors

/** One mistake as a sentence, with a suggestion where there is one. */
export const explain = (error: CliError.NonShowHelpErrors, help: HelpDoc.HelpDoc): string => {
  switch (error._tag) {
    case "UnrecognizedOption":
      return unknownFlag(error.option, help)
    case "UnknownSubcommand":
      return `unknown command ${quoted(error.subcommand)}${suggest(error.suggestions)}`
    case "MissingOption":
      return `--${error.option} is missing`
    case "MissingArgument":
      return `<${error.argument}> is missing`
    case "UnexpectedArgument":
      return `unexpected ${error.arguments.map(quoted).join(", ")}`
    case "InvalidValue":
      return explainValue(error)
    default:
      return visible(error.message)
  }
}

const explainValue = (error: CliError.InvalidValue): string => {
  const flag = error.kind === "flag" ? `--${error.option}` : `<${error.option}>`
  const expected = visible(error.expected.replace(/^Expected:? /, "").replace(/\.$/, "")).replaceAll(" | ", ", ")
  if (error.value === "") return `${flag} needs a value: ${expected}`
  if (expected === "at most 1 value") return `${flag} is given more than once`
  const wanted = /^(?:a string representing a finite number|an integer)$/.test(expected) ? "a whole number" : expected
  return `${flag}: ${quoted(error.value)} is not ${wanted}`
}

// Effect's own suggestions leave out the flags that all commands share.
const unknownFlag = (flag: string, help: HelpDoc.HelpDoc): string => {
  const known = [...help.flags, ...help.inheritedFlags ?? [], ...help.globalFlags ?? []].map(({ name }) => `--${name}`)
  const near = DidYouMean.suggest(flag, known)
  return `unknown flag ${visible(flag)}${suggest(near === undefined ? [] : [near])}`
}

const suggest = (suggestions: ReadonlyArray<string>): string =>
  suggestions.length === 0 ? "" : `; did you mean ${suggestions.slice(0, 3).join(" or ")}?`

const quoted = (text: string): string => `"${visible(text)}"`

/** Shows control characters instead of sending them to the terminal. */
const visible = (text: string): string =>
  text.replace(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`)
