/** `skein fake`: servers for tests of any program. */
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import * as Flags from "./Flags.ts"

/** Where a server listens. */
const address = (usual: number) => ({
  port: Flag.Int("port").pipe(
    Flag.filter((port) => port >= 0 && port <= 65_535, () => "a port, or 0 for a free one"),
    Flag.withMetavar("n"),
    Flag.withDescription(`Where it listens; 0 for a free one [default: ${usual}]`),
    Flag.withDefault(usual)
  ),
  host: Flags.text("host", "address", "There are no users: whoever reaches it may write [default: 127.0.0.1]")
})

const mongoFlags = {
  ...address(27_017),
  folder: Flags.text("folder", "folder", "Keep the data in this folder [default: in memory]")
}

/** The flags of `fake mongo` as they were given. */
export type MongoFlags = Command.Command.Config.Infer<typeof mongoFlags>

const mongo = Command.make(
  "mongo",
  mongoFlags,
  (flags) => Effect.promise(() => import("./fakeServers.ts")).pipe(Effect.flatMap(({ mongo }) => mongo(flags)))
).pipe(
  Command.withDescription("Serve the embedded document store to MongoDB drivers until Ctrl-C"),
  Command.withExamples([
    { command: "skein fake mongo", description: "On mongodb://127.0.0.1:27017, in memory" },
    { command: "skein fake mongo --port 0 --folder ./data --format json", description: "On a free port, kept" }
  ])
)

const pantheonFlags = {
  ...address(8_100),
  sites: Flags.count("sites", 0, "How many sites there are [default: 10]"),
  organizations: Flags.count("organizations", 0, "How many organizations there are [default: 2]"),
  seed: Flags.count("seed", 0, "The same one makes the same sites [default: 1]"),
  switch: Flags.pairs("switch", "How it behaves, such as rate=10 or latency=600ms; may be repeated")
}

/** The flags of `fake pantheon` as they were given. */
export type PantheonFlags = Command.Command.Config.Infer<typeof pantheonFlags>

const pantheon = Command.make(
  "pantheon",
  pantheonFlags,
  (flags) => Effect.promise(() => import("./fakeServers.ts")).pipe(Effect.flatMap(({ pantheon }) => pantheon(flags)))
).pipe(
  Command.withDescription("Serve a pretend Pantheon API to skein, terminus and other clients until Ctrl-C"),
  Command.withExamples([
    { command: "skein fake pantheon", description: "On http://127.0.0.1:8100, ten sites" },
    {
      command: "skein fake pantheon --port 0 --sites 500 --switch rate=10 --switch workflow_duration=5s --format json",
      description: "Five hundred sites, ten requests a second, workflows of five seconds"
    }
  ])
)

export const fake = Command.make("fake").pipe(
  Command.withDescription("Run a server for tests of any program"),
  Command.withExamples([
    { command: "skein fake mongo" },
    { command: "skein fake pantheon --sites 100" }
  ]),
  Command.withSubcommands([mongo, pantheon])
)
