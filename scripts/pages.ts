/** The pages of `docs/` that are made from the code. `docs.ts` writes them; a test sees that they are up to date. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer, Option } from "effect"
import { CliConfig, CliOutput, Command, type HelpDoc } from "effect/cli"
import { readFileSync } from "node:fs"
import { Invocation } from "../src/cli/Invocation.ts"
import { Machine } from "../src/cli/Machine.ts"
import { builtIns, make } from "../src/cli/main.ts"
import { version } from "../src/core/Version.ts"
import * as ActionReference from "../src/programs/ActionReference.ts"
import * as ConfigReference from "../src/programs/ConfigReference.ts"
import * as ProfileReference from "../src/programs/ProfileReference.ts"
import { builtin } from "../src/scenario/actions/builtin.ts"

/** Texts by path, relative to `docs/`. */
export const pages = async (): Promise<Readonly<Record<string, string>>> => ({
  "actions.md": ActionReference.markdown(ActionReference.describe(builtin)),
  "configuration.md": ConfigReference.markdown(),
  "profiles.md": ProfileReference.markdown(readFileSync(new URL("../docs/profiles.md", import.meta.url), "utf8")),
  "cli.md": commandPage(await helpPages())
})

/** The help of every command that does something itself, and is not only there for those below it. */
export const helpPages = async (): Promise<ReadonlyArray<HelpDoc.HelpDoc>> =>
  (await Promise.all(commandPaths(make(), []).map(helpOf))).filter(({ args, subcommands }) =>
    subcommands === undefined || subcommands.length === 0 || args !== undefined && args.length > 0
  )

const commandPaths = (
  command: Command.Command.Any,
  path: ReadonlyArray<string>
): ReadonlyArray<ReadonlyArray<string>> =>
  command.subcommands.flatMap(({ commands }) =>
    commands.flatMap((sub) => [[...path, sub.name], ...commandPaths(sub, [...path, sub.name])])
  )

/** What `--help` shows, before it is laid out. */
const helpOf = (path: ReadonlyArray<string>): Promise<HelpDoc.HelpDoc> => {
  let help: HelpDoc.HelpDoc | undefined
  const presenter = CliOutput.layerPresenter({
    present: (event) => Effect.sync(() => help = event._tag === "Version" ? help : event.helpDoc)
  })
  const nothing = Layer.unwrap(Effect.die("help needs no services"))
  const services = Layer.mergeAll(
    NodeServices.layer,
    presenter,
    CliConfig.layer({ builtIns }),
    Layer.succeed(Machine, {
      services: () => nothing as never,
      modules: nothing as never,
      staySmall: Effect.void,
      load: nothing as never,
      fakeServers: nothing as never,
      bundled: false
    }),
    Layer.succeed(Invocation, {
      version,
      environment: {},
      directory: "/",
      profiles: "",
      cores: 1,
      terminal: { stdout: false, stderr: false },
      columns: Effect.succeed(80)
    })
  )
  const run = Command.runWith(make(), { version })([...path, "--help"])
  return Effect.runPromise(Effect.as(Effect.provide(run, services), undefined)).then(() => help!)
}

const commandPage = (commands: ReadonlyArray<HelpDoc.HelpDoc>): string =>
  [
    "# Command line",
    "",
    "Made from the commands by `npm run docs`. Results go to stdout, everything else to stderr. The README has the exit codes.",
    "",
    "Every command has these flags, before or after its name:",
    "",
    ...flagTable(shared(commands)),
    ...commands.flatMap(section)
  ].join("\n")

const shared = (commands: ReadonlyArray<HelpDoc.HelpDoc>) =>
  (commands[0]?.globalFlags ?? []).filter(({ name }) =>
    ["format", "quiet", "verbose", "no-color", "help", "version"].includes(name)
  )

const section = (help: HelpDoc.HelpDoc): ReadonlyArray<string> => [
  "",
  `## ${help.commandPath?.join(" ") ?? help.usage}`,
  "",
  `${help.description}.`,
  "",
  "```text",
  help.usage,
  "```",
  ...((help.args ?? []).length === 0 ? [] : ["", ...argumentTable(help.args ?? [])]),
  ...(help.flags.length === 0 ? [] : ["", ...flagTable(help.flags)]),
  ...(help.examples ?? []).flatMap(({ command, description }) => [
    "",
    ...(description === undefined ? [] : [`${description}:`, ""]),
    "```sh",
    command,
    "```"
  ])
]

const argumentTable = (args: ReadonlyArray<HelpDoc.ArgDoc>): ReadonlyArray<string> => [
  "| argument | |",
  "| --- | --- |",
  ...args.map(({ description, name, variadic }) => `| \`${name}${variadic ? "..." : ""}\` | ${cell(description)} |`)
]

const flagTable = (flags: ReadonlyArray<HelpDoc.FlagDoc>): ReadonlyArray<string> => [
  "| flag | |",
  "| --- | --- |",
  ...flags.map(({ aliases, description, name, type }) => {
    const value = type === "boolean" ? "" : ` ${type}`
    return `| ${
      [`\`--${name}${value.replaceAll("|", "\\|")}\``, ...aliases.map((alias) => `\`${alias}\``)].join(", ")
    } | ${cell(description)} |`
  })
]

const cell = (text: Option.Option<string>): string => Option.getOrElse(text, () => "").replaceAll("|", "\\|")
