import { Layer } from "effect"
import * as Store from "../../src/layers/embedded/JournalDocumentStore.ts"
import * as MemoryJournal from "../../src/layers/fake/MemoryJournal.ts"
import { suite, TestStore } from "../services/DocumentStoreSuite.ts"

const store = Store.layer().pipe(Layer.provideMerge(MemoryJournal.layer))
const at = (url: string) => Layer.succeed(TestStore, { url })

suite("DocumentStore in memory", Layer.merge(store, at("embedded:suite")))
suite("DocumentStore in a folder", Layer.merge(store, at("embedded:/suite")))
