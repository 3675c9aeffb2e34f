/** Flags that several commands share, and the kinds of values that skein's flags have. */
import { type Duration, Option } from "effect"
import { Argument, Flag } from "effect/cli"
import * as DurationText from "../core/DurationText.ts"

/** A flag without a value that is off unless given. */
export const onOff = (name: string, description: string): Flag.Flag<boolean> =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withoutNegation, Flag.withDefault(false))

/** Text that may be left out. */
export const text = (name: string, metavar: string, description: string): Flag.Flag<Option.Option<string>> =>
  Flag.String(name).pipe(Flag.withMetavar(metavar), Flag.withDescription(description), Flag.optional)

/** A flag that may be given several times; in the order given. */
export const texts = (name: string, metavar: string, description: string): Flag.Flag<ReadonlyArray<string>> =>
  Flag.String(name).pipe(Flag.withMetavar(metavar), Flag.withDescription(description), Flag.atLeast(0))

/** A whole number of at least `least`. */
export const count = (name: string, least: number, description: string): Flag.Flag<Option.Option<number>> =>
  atLeast(Flag.Int(name), least).pipe(Flag.withMetavar("n"), Flag.withDescription(description), Flag.optional)

/** A whole number that may be left out: `--name` alone means `bare`. */
export const optionalCount = (name: string, bare: number, description: string): Flag.Flag<Option.Option<number>> =>
  atLeast(Flag.Int(name), 1).pipe(
    Flag.withMetavar("n"),
    Flag.withOptionalValue(String(bare)),
    Flag.withDescription(description),
    Flag.optional
  )

/** A duration as in files: `200ms`, `30s`, `1m30s`. */
export const duration = (name: string, description: string): Flag.Flag<Option.Option<Duration.Duration>> =>
  Flag.String(name).pipe(
    Flag.filterMap(
      (text) => Option.fromUndefinedOr(text.startsWith("-") ? undefined : DurationText.parse(text)),
      () => "a duration such as 200ms, 30s or 1m30s"
    ),
    Flag.withMetavar("duration"),
    Flag.withDescription(description),
    Flag.optional
  )

/** `key=value`, several times; the last one of a key wins. Values may hold `=`. */
export const pairs = (name: string, description: string): Flag.Flag<ReadonlyArray<readonly [string, string]>> =>
  Flag.String(name).pipe(
    Flag.filterMap(
      (text) => {
        const at = text.indexOf("=")
        return at > 0 ? Option.some([text.slice(0, at), text.slice(at + 1)] as const) : Option.none()
      },
      () => "key=value"
    ),
    Flag.withMetavar("key=value"),
    Flag.withDescription(description),
    Flag.atLeast(0)
  )

/** `-H "name: value"`, several times; names and values as they were given. */
export const headers: Flag.Flag<ReadonlyArray<readonly [name: string, value: string]>> = Flag.String("header").pipe(
  Flag.withAlias("H"),
  Flag.filterMap(
    (text) => {
      const [, name, value] = /^([^\s:]+):\s*(.*)$/.exec(text) ?? []
      return name === undefined ? Option.none() : Option.some([name, value!] as const)
    },
    () => "name: value"
  ),
  Flag.withMetavar("name: value"),
  Flag.withDescription("Send a header with every request; may be repeated"),
  Flag.atLeast(0)
)

/** Where scenarios are looked for. */
export const files = Argument.String("files").pipe(
  Argument.withDescription("Scenario files, folders or globs [default: the working directory]"),
  Argument.variadic()
)

/** What decides how files are read, the same for every command that reads them. */
export const reading = {
  config: text("config", "file", "Configuration file [default: skein.yaml, here or above]"),
  root: text("root", "folder", "Files outside of it are not touched [default: the working directory]"),
  allowOutside: onOff("allow-outside", "Let scenarios read and write outside the root"),
  env: text("env", "name", "Environment of the configuration to use, such as staging"),
  var: pairs("var", "Set a variable; may be repeated"),
  envFile: texts("env-file", "file", "Read environment variables from a dotenv file; may be repeated")
}

const atLeast = (flag: Flag.Flag<number>, least: number): Flag.Flag<number> =>
  flag.pipe(Flag.filter((number) => number >= least, () => `${least} or more`))
