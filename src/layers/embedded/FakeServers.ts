/** The servers of `skein fake`, each of an embedded or fake layer. */
import { Effect, Layer } from "effect"
import { FakeServer } from "../../services/FakeServer.ts"
import { Journal } from "../../services/Journal.ts"
import * as PantheonServer from "../fake/PantheonServer.ts"
import * as MongoWireServer from "./MongoWireServer.ts"

/** Needs a `Journal` for servers that keep their data. */
export const layer: Layer.Layer<FakeServer, never, Journal> = Layer.effect(
  FakeServer,
  Effect.map(Journal, (journal) => ({
    mongo: Effect.fn("FakeServer.mongo")((options = {}) =>
      Effect.provideService(MongoWireServer.open(options), Journal, journal)
    ),
    pantheon: Effect.fn("FakeServer.pantheon")(PantheonServer.start)
  }))
)
