/** `skein completions`: prints the completion script of a shell. */
import { Console, Effect } from "effect"
import { Argument, Command, Completions } from "effect/cli"
import { Format } from "./Settings.ts"

/** `root` is asked for when needed: this command is a part of it. */
export const completions = (root: () => Command.Command.Any) =>
  Command.make(
    "completions",
    {
      shell: Argument.Literals("shell", ["bash", "zsh", "fish"]).pipe(Argument.withDescription("Shell to complete in"))
    },
    Effect.fnUntraced(function*({ shell }) {
      const script = Completions.generate("skein", shell, Completions.fromCommand(root()))
        .replaceAll(`skein --completions ${shell}`, `skein completions ${shell}`)
      yield* Console.log((yield* Format) === "json" ? JSON.stringify({ shell, script }) : script)
    })
  ).pipe(
    Command.withDescription("Print a script that completes commands and flags in a shell"),
    Command.withExamples([
      {
        command: "skein completions bash",
        description: "Bash: put this into ~/.bashrc: source <(skein completions bash)"
      },
      { command: "skein completions zsh", description: "Zsh: write it to a file named _skein in a folder of $fpath" }
    ])
  )
