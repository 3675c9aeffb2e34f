/** The contract on servers, with the real driver: on the wire server always, and on the one of `SKEIN_TEST_MONGO_URL` when it is set. */
import { Effect, Layer } from "effect"
import * as MongoDocumentStore from "../../src/layers/live/MongoDocumentStore.ts"
import { suite, TestStore } from "../services/DocumentStoreSuite.ts"
import * as MongoServers from "../support/MongoServers.ts"

const wireServer = Layer.effect(TestStore, Effect.map(MongoServers.start, ({ url }) => ({ url: `${url}/test` })))

suite("the wire server", Layer.merge(MongoDocumentStore.layer, wireServer))

const url = process.env["SKEIN_TEST_MONGO_URL"]
if (url !== undefined) {
  suite("the machine's server", Layer.merge(MongoDocumentStore.layer, Layer.succeed(TestStore, { url })), {
    // MongoDB looks for documents whose time has come once a minute.
    expiry: "90 seconds"
  })
}
