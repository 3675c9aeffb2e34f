/** `skein completions`: prints the completion script of a shell. */
import { Argument, Command, Completions } from "effect/cli"
import * as Output from "./Output.ts"
import * as Settings from "./Settings.ts"

/** `root` is asked for when needed: this command is a part of it. */
export const completions = (root: () => Command.Command.Any) =>
  Command.make("completions", {
    shell: Argument.Literals("shell", ["bash", "zsh", "fish"]).pipe(Argument.withDescription("Shell to complete in"))
  }, ({ shell }) => {
    const script = Completions.generate("skein", shell, withSettings(Completions.fromCommand(root())))
      .replaceAll(`skein --completions ${shell}`, `skein completions ${shell}`)
    return Output.result({ json: () => ({ shell, script }), text: () => script })
  }).pipe(
    Command.withDescription("Print a script that completes commands and flags in a shell"),
    Command.withExamples([
      { command: "skein completions bash", description: "For bash: source <(skein completions bash) in ~/.bashrc" },
      {
        command: "skein completions zsh",
        description: "For zsh: write it to a file named _skein in a folder of $fpath"
      }
    ])
  )

/** Adds the flags that every command has, which the description of a command leaves out. */
const withSettings = (command: Completions.CommandDescriptor): Completions.CommandDescriptor => ({
  ...command,
  flags: [...command.flags, ...settings.filter(({ name }) => !command.flags.some((flag) => flag.name === name))],
  subcommands: command.subcommands.map(withSettings)
})

const settings = Completions.fromCommand(Command.make("skein", Settings.flags)).flags
