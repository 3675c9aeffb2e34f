/** `skein fake`: servers for tests of any program. */
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import * as Flags from "./Flags.ts"

const mongoFlags = {
  port: Flag.Int("port").pipe(
    Flag.filter((port) => port >= 0 && port <= 65_535, () => "a port, or 0 for a free one"),
    Flag.withMetavar("n"),
    Flag.withDescription("Where it listens; 0 for a free one [default: 27017]"),
    Flag.withDefault(27_017)
  ),
  host: Flags.text("host", "address", "There are no users: whoever reaches it may write [default: 127.0.0.1]"),
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

export const fake = Command.make("fake").pipe(
  Command.withDescription("Run a server for tests of any program"),
  Command.withExamples([
    { command: "skein fake mongo" },
    { command: "skein fake mongo --port 0 --folder ./data" }
  ]),
  Command.withSubcommands([mongo])
)
