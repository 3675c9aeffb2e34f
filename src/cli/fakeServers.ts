/** What `skein fake` does once its flags are read. */
import { Effect, Option, Path, type Scope } from "effect"
import { FakeServer, type PantheonRunning, type Running } from "../services/FakeServer.ts"
import * as ExitCode from "./ExitCode.ts"
import type { MongoFlags, PantheonFlags } from "./fake.ts"
import { Invocation } from "./Invocation.ts"
import { Machine } from "./Machine.ts"
import * as Output from "./Output.ts"
import * as Stop from "./Stop.ts"

/** On stdout comes the URL alone. */
export const mongo = Effect.fnUntraced(function*(flags: MongoFlags) {
  const { directory } = yield* Invocation
  const { resolve } = yield* Path.Path
  return yield* serve(
    FakeServer.use((server) =>
      server.mongo({
        port: flags.port,
        host: Option.getOrUndefined(flags.host),
        folder: Option.getOrUndefined(Option.map(flags.folder, (folder) => resolve(directory, folder)))
      })
    ),
    { json: ({ url }) => ({ url }), text: ({ url }) => url }
  )
})

/** On stdout come the URL and the lines that let skein and terminus find it. */
export const pantheon = Effect.fnUntraced(function*(flags: PantheonFlags) {
  const { directory } = yield* Invocation
  const { join } = yield* Path.Path
  // The sessions of the real API stay where they are.
  const environmentOf = ({ host, port, token }: PantheonRunning): Readonly<Record<string, string>> => ({
    TERMINUS_PROTOCOL: "http",
    TERMINUS_HOST: host,
    TERMINUS_PORT: String(port),
    TERMINUS_MACHINE_TOKEN: token,
    TERMINUS_CACHE_DIR: join(directory, ".skein", "fake-pantheon")
  })
  return yield* serve(
    FakeServer.use((server) =>
      server.pantheon({
        port: flags.port,
        host: Option.getOrUndefined(flags.host),
        sites: Option.getOrUndefined(flags.sites),
        organizations: Option.getOrUndefined(flags.organizations),
        seed: Option.getOrUndefined(flags.seed),
        switches: Object.fromEntries(flags.switch)
      })
    ).pipe(
      Effect.mapError((error) => error.reason === "Options" ? ExitCode.wrongUsage(error.message, error.hint) : error)
    ),
    {
      json: (running) => ({ url: running.url, token: running.token, environment: environmentOf(running) }),
      text: (running) =>
        [
          `# ${running.url}`,
          ...Object.entries(environmentOf(running)).map(([name, value]) => `export ${name}=${quoted(value)}`)
        ].join("\n")
    }
  )
})

/** As a shell reads it. */
const quoted = (text: string): string => /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** Serves until it is stopped. What is on stdout comes when clients may connect. */
const serve = Effect.fnUntraced(function*<A extends Running, E>(
  start: Effect.Effect<A, E, FakeServer | Scope.Scope>,
  say: { readonly json: (running: A) => unknown; readonly text: (running: A) => string }
) {
  const { fakeServers } = yield* Machine
  const serving = Effect.gen(function*() {
    const running = yield* start
    yield* Output.result({ json: () => say.json(running), text: () => say.text(running) })
    yield* Output.note("press Ctrl-C to end it")
    return yield* Effect.never
  })
  return yield* Stop.within(0)(Effect.provide(Effect.scoped(serving), fakeServers))
})
