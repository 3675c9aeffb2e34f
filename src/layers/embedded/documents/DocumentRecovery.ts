/** What a kept store is after it was opened, from the records of its journal; and the records that say what it is now. */
import { Effect, Stream } from "effect"
import { DocumentStoreError } from "../../../services/DocumentStore.ts"
import type { Index } from "../../../services/DocumentStore.ts"
import type { JournalHandle } from "../../../services/Journal.ts"
import { type Fields, keyOf } from "./DocumentKinds.ts"
import * as Records from "./DocumentRecords.ts"
import { namesOf, type State } from "./DocumentState.ts"
import { Table } from "./DocumentTable.ts"
import { storage } from "./DocumentWriter.ts"

type Read = ReturnType<typeof Records.decode>

/** Fills an empty state. Fails with `Storage` when the journal cannot be read, or says what cannot be. */
export const recover = Effect.fnUntraced(function*(state: State, journal: JournalHandle) {
  const indexes = new Map<string, Map<string, Index>>()
  let held: Array<Read> = []
  yield* Stream.runForEachArray(Stream.mapError(journal.records, storage), (records) =>
    attempt(() => {
      for (const bytes of records) {
        const record = Records.decode(bytes)
        if (record.k === "abort") held = []
        else held.push(record)
        if (record.m === true) continue
        for (const one of held) replay(state, indexes, one)
        held = []
      }
    }))
  yield* attempt(() => {
    for (const [name, definitions] of indexes) {
      for (const definition of definitions.values()) state.addIndex(name, definition)
    }
  })
  state.forget()
  if (held.length > 0) state.record({ k: "abort" })
  if (journal.recovered.records === 0) {
    state.record({ k: "head", store: state.history.store, last: 0 })
  }
})

const attempt = (work: () => void) =>
  Effect.try({
    try: work,
    catch: (error) =>
      new DocumentStoreError({
        reason: "Storage",
        message: `a record of the journal cannot be understood: ${
          error instanceof Error ? error.message : String(error)
        }`,
        hint: "the journal was written by something else, or damaged in a way that its checksums do not show"
      })
  })

const replay = (state: State, indexes: Map<string, Map<string, Index>>, record: Read): void => {
  switch (record.k) {
    case "head":
      return state.history.startAfter(record.store, record.last)
    case "create":
      return void table(state, record.c)
    case "put":
      return void put(table(state, record.c), record.d)
    case "insert":
    case "update":
    case "replace": {
      const before = put(table(state, record.c), record.d)
      const [database, collection] = namesOf(record.c)
      const { d: after, k: kind, t } = record
      return state.history.add({ kind, database, collection, id: after["_id"], before, after }, t)
    }
    case "delete": {
      const rows = table(state, record.c).rows
      const row = rows.get(keyOf(record.i))
      if (row !== undefined) rows.delete(row.id)
      const [database, collection] = namesOf(record.c)
      return state.history.add({ kind: "delete", database, collection, id: record.i, before: row?.document }, record.t)
    }
    case "drop": {
      state.tables.delete(record.c)
      indexes.delete(record.c)
      const [database, collection] = namesOf(record.c)
      return state.history.add({ kind: "drop", database, collection }, record.t)
    }
    case "index": {
      const definition = Records.decodeIndex(record.x)
      const known = indexes.get(record.c) ?? new Map<string, Index>()
      indexes.set(record.c, known.set(definition.name!, definition))
      return
    }
    case "dropIndex":
      return void indexes.get(record.c)?.delete(record.n)
    default:
      throw new Error(`unknown kind ${String((record as { readonly k: unknown }).k)}`)
  }
}

const table = (state: State, name: string): Table => {
  const known = state.tables.get(name)
  if (known !== undefined) return known
  const made = new Table(name)
  state.tables.set(name, made)
  return made
}

/** Indexes come when all is there: what is unique in the end need not have been between two records of a compact journal. */
const put = (into: Table, document: Fields): Fields | undefined => {
  const row = into.row(document["_id"])
  const before = row?.document
  if (row === undefined) into.insert(document)
  else row.document = document
  return before
}

/** Records of everything as it is while they are taken, to stand before those that are still pending. */
export function* snapshot(state: State): Generator<Uint8Array> {
  yield Records.encode({ k: "head", store: state.history.store, last: state.history.last - state.pendingChanges })
  for (const { indexes, name, rows } of state.tables.values()) {
    yield Records.encode({ k: "create", c: name })
    for (const { document } of rows.values()) yield Records.encode({ k: "put", c: name, d: document })
    for (const { definition } of indexes.values()) {
      yield Records.encode({ k: "index", c: name, x: Records.encodeIndex(definition) })
    }
  }
}
