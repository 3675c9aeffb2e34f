/** Writes: what `insertOne`, `updateMany` and the others do to a collection, as one of everybody or in a transaction. */
import { ObjectId } from "bson"
import type { BulkItem, Update, Write } from "../../../services/DocumentStore.ts"
import * as Canonical from "./DocumentCanonical.ts"
import { invalid, shown } from "./DocumentFailure.ts"
import type * as Filter from "./DocumentFilter.ts"
import { type Fields, identical, isDocument, keyOf, Kind, kindOf } from "./DocumentKinds.ts"
import * as Reads from "./DocumentReads.ts"
import type { State, Transaction } from "./DocumentState.ts"
import * as Updates from "./DocumentUpdates.ts"

/** Where and when a write is done. */
export interface Site {
  readonly state: State
  readonly table: string
  readonly transaction: Transaction | undefined
  /** Milliseconds. */
  readonly now: number
  readonly expressions: Filter.Expressions
  /** What the stages of a pipeline make of a document. */
  readonly stages: (document: Fields, stages: ReadonlyArray<unknown>) => Fields
}

export interface Done {
  readonly item: BulkItem & { readonly status: "done" }
  readonly inserted?: number
  readonly matched?: number
  readonly modified?: number
  readonly deleted?: number
  readonly upserted?: number
}

/** Throws a `DocumentStoreError` when it is refused, or a `Pause` before it has done anything. */
export const perform = (site: Site, write: Write): Done => {
  site.transaction?.refuseEnded()
  if ("insertOne" in write) return insert(site, write.insertOne.document)
  if ("updateOne" in write) return update(site, write.updateOne, 1)
  if ("updateMany" in write) return update(site, write.updateMany, undefined)
  if ("replaceOne" in write) return replace(site, write.replaceOne)
  if ("deleteOne" in write) return remove(site, write.deleteOne.filter, 1)
  if ("deleteMany" in write) return remove(site, write.deleteMany.filter, undefined)
  throw invalid(`${Object.keys(write)[0]} is no kind of write`)
}

const done = { status: "done" } as const

const insert = (site: Site, given: unknown): Done => {
  const document = checked(Canonical.document(given))
  put(site, "insert", undefined, document)
  return { item: { status: "done", insertedId: document["_id"] }, inserted: 1 }
}

/** With an `_id`, which is first. */
const checked = (document: Fields): Fields => {
  const id = document["_id"]
  const made = id !== undefined && Object.keys(document)[0] === "_id"
    ? document
    : Updates.withId(document, id ?? new ObjectId())
  const kind = kindOf(id)
  if (kind === Kind.list || kind === Kind.pattern) throw invalid(`an _id cannot be ${shown(id)}`, "BadValue")
  return made
}

const put = (site: Site, kind: "insert" | "update" | "replace", before: Fields | undefined, after: Fields): void =>
  site.state.write({ kind, table: site.table, before, after }, site.now, site.transaction)

const matching = (site: Site, filter: Fields, limit: number | undefined, sort?: Reads.Selection["sort"]) => {
  const { expressions, state, table, transaction } = site
  const found = Reads.select(state, { table, filter, limit, sort, transaction, expressions }).documents
  if (transaction === undefined && state.open.size > 0) {
    for (const document of found) state.refuseClaimed(table, keyOf(document["_id"]))
  }
  return found
}

interface UpdateWrite {
  readonly filter: Fields
  readonly update: Update
  readonly upsert?: boolean | undefined
  readonly arrayFilters?: ReadonlyArray<unknown> | undefined
}

const update = (site: Site, write: UpdateWrite, limit: number | undefined): Done => {
  const updater = compile(site, write)
  const found = matching(site, write.filter, limit)
  if (found.length === 0) {
    return write.upsert === true
      ? upsert(site, write.filter, updater)
      : { item: done, matched: 0 }
  }
  const moment = { now: site.now, inserting: false }
  let modified = 0
  for (const before of found) if (change(site, "update", before, updater(before, moment)) !== before) modified++
  return { item: done, matched: found.length, modified }
}

const compile = (site: Site, { arrayFilters, filter, update }: UpdateWrite): Updates.Updater => {
  if (Array.isArray(update)) {
    if (arrayFilters !== undefined) throw invalid("an update by a pipeline has no array filters")
    return (document) => Canonical.document(site.stages(document, update))
  }
  if (!isDocument(update) || Object.keys(update).length === 0) {
    throw invalid("an update consists of operators such as $set")
  }
  return Updates.compile(update, filter, arrayFilters)
}

/** The document that is there now: the same as before when nothing has changed. */
const change = (site: Site, kind: "update" | "replace", before: Fields, after: Fields): Fields => {
  if (after === before || identical(after, before)) return before
  refuseOtherId(before, after)
  Canonical.refuseBig(after)
  put(site, kind, before, after)
  return after
}

const refuseOtherId = (before: Fields, after: Fields): void => {
  if (keyOf(before["_id"]) === keyOf(after["_id"])) return
  throw invalid(`the _id ${shown(before["_id"])} cannot become ${shown(after["_id"])}`, "ImmutableField")
}

const upsert = (site: Site, filter: Fields, updater: Updates.Updater): Done => {
  const seed = Updates.seed(filter)
  const made = checked(updater(seed, { now: site.now, inserting: true }))
  if (seed["_id"] !== undefined) refuseOtherId(seed, made)
  Canonical.refuseBig(made)
  put(site, "insert", undefined, made)
  return { item: { status: "done", upsertedId: made["_id"] }, matched: 0, upserted: 1 }
}

interface ReplaceWrite {
  readonly filter: Fields
  readonly replacement: Fields
  readonly upsert?: boolean | undefined
}

const replace = (site: Site, write: ReplaceWrite): Done => {
  const replacer = replacing(write.replacement)
  const [before] = matching(site, write.filter, 1)
  if (before === undefined) {
    return write.upsert === true ? upsert(site, write.filter, replacer) : { item: done, matched: 0 }
  }
  const moment = { now: site.now, inserting: false }
  const after = change(site, "replace", before, replacer(before, moment))
  return { item: done, matched: 1, modified: after === before ? 0 : 1 }
}

const replacing = (given: unknown): Updates.Updater => {
  const document = Canonical.document(given)
  const [first] = Object.keys(document)
  if (first?.startsWith("$") === true) throw invalid(`a replacement is a document, and ${first} is an operator`)
  return (before) =>
    "_id" in document || before["_id"] === undefined ? document : Updates.withId(document, before["_id"])
}

const remove = (site: Site, filter: Fields, limit: number | undefined): Done => {
  const found = matching(site, filter, limit)
  for (const before of found) {
    site.state.write({ kind: "delete", table: site.table, before, after: undefined }, site.now, site.transaction)
  }
  return { item: done, deleted: found.length }
}

export interface FindAndModify {
  readonly filter: Fields
  readonly sort?: Reads.Selection["sort"]
  readonly change:
    | { readonly kind: "remove" }
    | { readonly kind: "update"; readonly update: Update; readonly arrayFilters?: ReadonlyArray<unknown> | undefined }
    | { readonly kind: "replace"; readonly replacement: Fields }
  readonly upsert?: boolean | undefined
}

/** What was there before and is after, and the `_id` when it was inserted. */
export const findAndModify = (site: Site, { change: how, filter, sort, upsert: inserts }: FindAndModify): {
  readonly before: Fields | undefined
  readonly after: Fields | undefined
  readonly upsertedId?: unknown
} => {
  site.transaction?.refuseEnded()
  const updater = how.kind === "update"
    ? compile(site, { filter, update: how.update, arrayFilters: how.arrayFilters })
    : how.kind === "replace"
    ? replacing(how.replacement)
    : undefined
  const [before] = matching(site, filter, 1, sort)
  if (updater === undefined) {
    if (before !== undefined) {
      site.state.write({ kind: "delete", table: site.table, before, after: undefined }, site.now, site.transaction)
    }
    return { before, after: undefined }
  }
  if (before !== undefined) {
    const kind = how.kind === "replace" ? "replace" : "update"
    return { before, after: change(site, kind, before, updater(before, { now: site.now, inserting: false })) }
  }
  if (inserts !== true) return { before, after: undefined }
  const { item } = upsert(site, filter, updater)
  const { expressions, state, table, transaction } = site
  const filterById = { _id: { $eq: item.upsertedId } }
  const [after] = Reads.select(state, { table, filter: filterById, transaction, expressions }).documents
  return { before, after, upsertedId: item.upsertedId }
}
