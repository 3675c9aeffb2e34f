/** The embedded broker: the suite in memory and in a folder, and what only it does. */
import { Layer } from "effect"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as MemoryMessageBroker from "../../src/layers/embedded/MemoryMessageBroker.ts"
import * as FileJournal from "../../src/layers/live/FileJournal.ts"
import { suite, TestBroker } from "../services/MessageBrokerSuite.ts"

const directory = mkdtempSync(join(tmpdir(), "skein-broker-"))
const broker = Layer.provide(MemoryMessageBroker.layer({ directory }), FileJournal.layer())

suite("MemoryMessageBroker in memory", Layer.merge(broker, Layer.succeed(TestBroker, { url: "embedded:suite" })))
suite("MemoryMessageBroker in a folder", Layer.merge(broker, Layer.succeed(TestBroker, { url: "embedded:./suite" })))
