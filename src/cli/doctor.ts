/** `skein doctor`: how every configured server is. */
import { Effect } from "effect"
import { Command } from "effect/cli"
import * as Flags from "./Flags.ts"

const { config, env, envFile, root } = Flags.reading
const flags = {
  url: Flags.texts("url", "url", "A server to ask beside those of the configuration; may be repeated"),
  timeout: Flags.duration("timeout", "Longest time for each server [default: 5s]"),
  config,
  env,
  envFile,
  root
}

/** The flags of `doctor` as they were given. */
export type DoctorFlags = Command.Command.Config.Infer<typeof flags>

export const doctor = Command.make(
  "doctor",
  flags,
  (flags) => Effect.promise(() => import("./askServers.ts")).pipe(Effect.flatMap(({ doctor }) => doctor(flags)))
).pipe(
  Command.withDescription(
    "Ask every server of the configuration how it is: reachable, version, latency, pool, and what to do; exit code 5 when one is down"
  ),
  Command.withExamples([
    { command: "skein doctor", description: "All servers of skein.yaml and the environment" },
    { command: "skein doctor --url embedded: --timeout 10s", description: "One more, with a deadline of its own" },
    { command: "skein doctor --format json", description: "For a program" }
  ])
)
