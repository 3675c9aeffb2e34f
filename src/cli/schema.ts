/** `skein schema`: the JSON Schema that gives editors completion and checks. */
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import * as Flags from "./Flags.ts"

const flags = {
  of: Flag.Literals("of", ["scenario", "config", "profile", "load-result", "load-comparison"]).pipe(
    Flag.withDescription(
      "Of scenario and suite files, of skein.yaml, of profiles, of what skein load or skein load compare found [default: scenario]"
    ),
    Flag.withDefault("scenario" as const)
  ),
  config: Flags.reading.config
}

/** The flags of `schema` as they were given. */
export type SchemaFlags = Command.Command.Config.Infer<typeof flags>

export const schema = Command.make(
  "schema",
  flags,
  (flags) => Effect.promise(() => import("./explain.ts")).pipe(Effect.flatMap(({ schema }) => schema(flags)))
).pipe(
  Command.withDescription("Print the JSON Schema of files, for editors"),
  Command.withExamples([
    {
      command: "skein schema > skein.schema.json",
      description: "Then begin a scenario with: # yaml-language-server: $schema=skein.schema.json"
    },
    { command: "skein schema --of config", description: "The schema of skein.yaml" },
    { command: "skein schema --of profile", description: "The schema of profiles of remote APIs" },
    { command: "skein schema --of load-result", description: "The schema of what skein load --format json prints" },
    {
      command: "skein schema --of load-comparison",
      description: "The schema of what skein load compare --format json prints"
    }
  ])
)
