/** `skein init`: a first scenario, or one made of what another tool has. */
import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as Flags from "./Flags.ts"

const flags = {
  source: Argument.String("source").pipe(
    Argument.withDescription("A file, - for standard input, or a curl command in quotes"),
    Argument.optional
  ),
  from: Flag.Literals("from", ["curl", "openapi", "postman", "http", "har"]).pipe(
    Flag.withDescription("What the source is [default: none, a first scenario is written]"),
    Flag.optional
  ),
  out: Flags.text("out", "folder", "Where to write [default: the working directory]")
}

/** The flags of `init` as they were given. */
export type InitFlags = Command.Command.Config.Infer<typeof flags>

export const init = Command.make(
  "init",
  flags,
  (flags) => Effect.promise(() => import("./initFiles.ts")).pipe(Effect.flatMap(({ execute }) => execute(flags)))
).pipe(
  Command.withDescription("Write a first scenario, or one made of what another tool has; overwrites nothing"),
  Command.withExamples([
    { command: "skein init", description: "A scenario that runs at once, and a skein.yaml" },
    {
      command: "skein init --from curl 'curl -X POST https://shop.example/orders -d {}' --out made",
      description: "From a command as browsers copy it; also --from openapi, postman, http or har with a file"
    }
  ])
)
