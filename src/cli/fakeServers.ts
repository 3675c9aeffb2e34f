/** What `skein fake` does once its flags are read. */
import { Effect, Option, Path } from "effect"
import { FakeServer } from "../services/FakeServer.ts"
import type { MongoFlags } from "./fake.ts"
import { Invocation } from "./Invocation.ts"
import { Machine } from "./Machine.ts"
import * as Output from "./Output.ts"
import * as Stop from "./Stop.ts"

/** Serves until it is stopped. The one line on stdout comes when clients may connect. */
export const mongo = Effect.fnUntraced(function*(flags: MongoFlags) {
  const { directory } = yield* Invocation
  const { resolve } = yield* Path.Path
  const { fakeServers } = yield* Machine
  const serving = Effect.gen(function*() {
    const { url } = yield* FakeServer.use((server) =>
      server.mongo({
        port: flags.port,
        host: Option.getOrUndefined(flags.host),
        folder: Option.getOrUndefined(Option.map(flags.folder, (folder) => resolve(directory, folder)))
      })
    )
    yield* Output.result({ json: () => ({ url }), text: () => url })
    yield* Output.note("press Ctrl-C to end it")
    return yield* Effect.never
  })
  return yield* Stop.within(0)(Effect.provide(Effect.scoped(serving), fakeServers))
})
