/**
 * Everything that an embedded store holds: collections, open transactions, the history of changes and what the journal is still
 * to get. All of it changes at one moment, between two turns of the event loop.
 */
import { type Effect, Latch } from "effect"
import type { Index as Definition } from "../../../services/DocumentStore.ts"
import * as Changes from "./DocumentChanges.ts"
import { conflict, duplicateKey, refused, shown } from "./DocumentFailure.ts"
import type { Index } from "./DocumentIndex.ts"
import { type Fields, keyOf } from "./DocumentKinds.ts"
import * as Records from "./DocumentRecords.ts"
import { Table } from "./DocumentTable.ts"

/** One change of a document. Before it was there, or after it has gone, there is none. */
export interface Op {
  readonly kind: "insert" | "update" | "replace" | "delete"
  /** `database.collection`. */
  readonly table: string
  readonly before: Fields | undefined
  readonly after: Fields | undefined
}

const idOf = ({ after, before }: Op): unknown => (after ?? before)!["_id"]

/** Thrown when something has to end first; the operation, which has done nothing yet, is then begun again. */
export class Pause {
  readonly until: Effect.Effect<void>
  constructor(until: Effect.Effect<void>) {
    this.until = until
  }
}

/** Documents by `database.collection` and key of `_id`; `undefined` for one that is not there. */
export class View {
  private readonly tables = new Map<string, Map<unknown, Fields | undefined>>()

  of(table: string): ReadonlyMap<unknown, Fields | undefined> | undefined {
    return this.tables.get(table)
  }

  has(table: string, id: unknown): boolean {
    return this.tables.get(table)?.has(id) === true
  }

  set(table: string, id: unknown, document: Fields | undefined): void {
    const known = this.tables.get(table)
    if (known === undefined) this.tables.set(table, new Map([[id, document]]))
    else known.set(id, document)
  }

  names(): Iterable<string> {
    return this.tables.keys()
  }
}

/**
 * A transaction. It is open until it is committed or aborted; `seen` has documents, as they were when it began, that others have
 * changed since, and `own` those that it wrote itself.
 */
export class Transaction {
  state: "open" | "committed" | "aborted" = "open"
  readonly seen = new View()
  readonly own = new View()
  readonly ops: Array<Op> = []
  readonly ended = Latch.makeUnsafe(false)
  /** When it is given up, in milliseconds. */
  readonly deadline: number

  constructor(deadline: number) {
    this.deadline = deadline
  }

  refuseEnded(): void {
    if (this.state !== "open") throw refused(`the transaction was ${this.state} before`, 251, "begin another one")
  }

  /** The document as this transaction sees it; `fallback` when nobody has changed it. */
  sees(table: string, id: unknown, fallback: Fields | undefined): Fields | undefined {
    if (this.own.has(table, id)) return this.own.of(table)!.get(id)
    return this.seen.has(table, id) ? this.seen.of(table)!.get(id) : fallback
  }
}

export class State {
  readonly tables = new Map<string, Table>()
  readonly open = new Set<Transaction>()
  readonly history: Changes.History
  /** Records for the journal so far. */
  recorded = 0
  /** Changes among those that the journal has not got yet. */
  pendingChanges = 0
  private pending: Array<Uint8Array> = []
  private readonly keeps: boolean

  constructor(keeps: boolean, maxChanges: number) {
    this.keeps = keeps
    this.history = new Changes.History(maxChanges)
  }

  /** Number of documents. */
  get size(): number {
    return [...this.tables.values()].reduce((sum, { rows }) => sum + rows.size, 0)
  }

  /** How many of the records the journal has been given. */
  get taken(): number {
    return this.recorded - this.pending.length
  }

  /** The records that the journal gets next. */
  take(): ReadonlyArray<Uint8Array> {
    const taken = this.pending
    this.forget()
    return taken
  }

  forget(): void {
    this.pending = []
    this.pendingChanges = 0
  }

  /** The collection, made when it is not there. */
  table(name: string): Table {
    const known = this.tables.get(name)
    if (known !== undefined) return known
    refuseName(name)
    const table = new Table(name)
    this.tables.set(name, table)
    this.record({ k: "create", c: name })
    return table
  }

  /** Does one change outside of transactions, or notes it in one. */
  write(op: Op, now: number, transaction: Transaction | undefined): void {
    if (transaction === undefined) {
      this.refuseClaimed(op.table, keyOf(idOf(op)))
      const record = this.keeps ? Records.encode(toRecord(op, now)) : undefined
      this.apply(op)
      this.announce(op, record, now)
    } else this.note(op, transaction)
  }

  /** Throws {@link Pause} when an open transaction has written the document. */
  refuseClaimed(table: string, id: unknown): void {
    for (const other of this.open) if (other.own.has(table, id)) throw new Pause(other.ended.await)
  }

  private note(op: Op, transaction: Transaction): void {
    const id = keyOf(idOf(op))
    for (const other of this.open) {
      if (other !== transaction && other.own.has(op.table, id)) throw conflict(op.table)
    }
    if (transaction.seen.has(op.table, id)) throw conflict(op.table)
    if (op.after !== undefined) this.checkUnique(op, op.after, transaction)
    transaction.own.set(op.table, id, op.after)
    transaction.ops.push(op)
  }

  /** Throws `DuplicateKey` when what the transaction sees has a key of the document already. */
  private checkUnique({ kind, table: name }: Op, document: Fields, { own }: Transaction): void {
    const id = keyOf(document["_id"])
    if (kind === "insert" && own.of(name)?.get(id) !== undefined) {
      throw duplicateKey(name, "_id_", shown({ _id: document["_id"] }))
    }
    const table = this.tables.get(name)
    if (table === undefined) return
    table.check(document, kind === "insert" ? undefined : table.rows.get(id), (row) => own.has(name, row.id))
    if (!table.hasUnique) return
    for (const [other, written] of own.of(name) ?? []) {
      if (other !== id && written !== undefined) table.checkPair(document, written)
    }
  }

  /** Makes all of it visible, or throws and nothing was done. */
  commit(transaction: Transaction, now: number): void {
    transaction.refuseEnded()
    const records = this.keeps
      ? transaction.ops.map((op, at) => Records.encode(toRecord(op, now), at < transaction.ops.length - 1))
      : []
    const done: Array<Op> = []
    try {
      for (const op of transaction.ops) {
        this.apply(op)
        done.push(op)
      }
    } catch (error) {
      for (const op of done.reverse()) {
        this.apply({ kind: "update", table: op.table, before: op.after, after: op.before })
      }
      throw error
    }
    this.end(transaction, "committed")
    for (const [at, op] of transaction.ops.entries()) this.announce(op, records[at], now)
  }

  /** Nothing to do when it has ended. */
  abort(transaction: Transaction): void {
    if (transaction.state === "open") this.end(transaction, "aborted")
  }

  private end(transaction: Transaction, how: "committed" | "aborted"): void {
    transaction.state = how
    this.open.delete(transaction)
    transaction.ended.openUnsafe()
  }

  private apply({ after, before, table: name }: Op): void {
    const table = this.table(name)
    const row = before === undefined ? undefined : table.row(before["_id"])
    if (after === undefined) {
      if (row !== undefined) table.remove(row)
    } else if (row === undefined) table.insert(after)
    else table.replace(row, after)
  }

  /** Tells of a change that was done: open transactions, the journal and those who watch. */
  private announce(op: Op, record: Uint8Array | undefined, now: number): void {
    this.preserve(op.table, keyOf(idOf(op)), op.before)
    if (record !== undefined) this.push(record)
    const { after, before, kind, table } = op
    const [database, collection] = namesOf(table)
    this.change({ kind, database, collection, id: idOf(op), before, after }, now)
  }

  /** Keeps what open transactions go on seeing. */
  private preserve(table: string, id: unknown, before: Fields | undefined): void {
    for (const other of this.open) {
      if (!other.seen.has(table, id)) other.seen.set(table, id, before)
    }
  }

  record(record: Records.Record): void {
    if (this.keeps) this.push(Records.encode(record))
  }

  private push(record: Uint8Array): void {
    this.recorded++
    this.pending.push(record)
  }

  private change(change: Changes.Change, now: number): void {
    this.pendingChanges++
    this.history.add(change, now)
  }

  drop(name: string, now: number): boolean {
    const table = this.tables.get(name)
    if (table === undefined) return false
    for (const other of this.open) if (other.own.of(name) !== undefined) throw new Pause(other.ended.await)
    for (const row of table.rows.values()) this.preserve(name, row.id, row.document)
    this.tables.delete(name)
    this.record({ k: "drop", c: name, t: now })
    const [database, collection] = namesOf(name)
    this.change({ kind: "drop", database, collection }, now)
    return true
  }

  addIndex(name: string, definition: Definition): Index | undefined {
    const table = this.table(name)
    const index = table.planIndex(definition)
    if (index === undefined) return undefined
    table.indexes.set(index.name, index)
    this.record({ k: "index", c: name, x: Records.encodeIndex(index.definition) })
    return index
  }

  dropIndex(name: string, index: string): void {
    if (this.tables.get(name)?.indexes.delete(index) !== true) {
      throw refused(`${name} has no index ${index} that could be dropped`, 27)
    }
    this.record({ k: "dropIndex", c: name, n: index })
  }
}

const toRecord = (op: Op, now: number): Records.Record =>
  op.kind === "delete"
    ? { k: "delete", c: op.table, i: idOf(op), t: now }
    : { k: op.kind, c: op.table, d: op.after!, t: now }

/** Database and collection. */
export const namesOf = (table: string): readonly [string, string] => {
  const dot = table.indexOf(".")
  return [table.slice(0, dot), table.slice(dot + 1)]
}

const refuseName = (table: string): void => {
  const [database, collection] = namesOf(table)
  if (!/^[^\s/\\."$*<>:|?\0]{1,63}$/.test(database)) {
    throw refused(`${JSON.stringify(database)} is no name of a database`, 73)
  }
  if (collection === "" || /[$\0]/.test(collection) || collection.length > 200) {
    throw refused(`${JSON.stringify(collection)} is no name of a collection`, 73)
  }
}
