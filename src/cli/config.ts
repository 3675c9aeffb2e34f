/** `skein config`: each setting and where it comes from. */
import { Effect } from "effect"
import { Command } from "effect/cli"
import * as Flags from "./Flags.ts"

const { config: file, env, envFile, root } = Flags.reading
const flags = { config: file, env, envFile, root }

/** The flags of `config` as they were given. */
export type ConfigFlags = Command.Command.Config.Infer<typeof flags>

export const config = Command.make(
  "config",
  flags,
  (flags) => Effect.promise(() => import("./explain.ts")).pipe(Effect.flatMap(({ config }) => config(flags)))
).pipe(
  Command.withDescription("Show each setting and where it comes from: flag, environment, skein.yaml or default"),
  Command.withExamples([
    { command: "skein config", description: "Every setting with its source" },
    { command: "skein config --format json", description: "The same for a program" }
  ])
)
