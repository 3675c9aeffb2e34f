/** What a command of the wire server is given, and how it reads its parts. */
import { Effect, Result } from "effect"
import type { Document, DocumentStoreError, FindOptions } from "../../../services/DocumentStore.ts"
import type { DocumentEngine, EngineCollection, Within } from "../documents/DocumentEngine.ts"
import type { Cursors } from "./MongoWireCursors.ts"
import { failure, isDocument, unsupported } from "./MongoWireReply.ts"
import type { Reply } from "./MongoWireSessions.ts"

export interface Connection {
  readonly id: number
  /** `host:port` as this client reaches it. */
  readonly address: string
}

/** What all commands share. */
export interface Store {
  readonly engine: DocumentEngine
  readonly cursors: Cursors
  readonly startedAt: number
}

export interface Call {
  /** The first field of the command. */
  readonly name: string
  readonly command: Document
  readonly database: string
  /** The session that the command is of. */
  readonly session: string | undefined
  readonly within: Within
  readonly connection: Connection
  readonly store: Store
}

export type Command = (call: Call) => Effect.Effect<Reply, DocumentStoreError>

/** The collection that the command names with its first field. */
export const collectionOf = ({ command, database, name, store }: Call) => collection(store, database, command[name])

export const collection = (
  { engine }: Store,
  database: string,
  name: unknown
): Effect.Effect<EngineCollection, DocumentStoreError> =>
  typeof name !== "string" || name === "" || name.includes("\0") || name.includes("$")
    ? Effect.fail(failure("InvalidNamespace", `"${database}.${String(name)}" names no collection`))
    : Effect.succeed(engine.collection(database, name))

/** Fails when the command wants what would be left out in silence. */
export const refuse = (
  { command, name }: Call,
  ...fields: ReadonlyArray<string>
): Effect.Effect<void, DocumentStoreError> => {
  const field = fields.find((field) => isWanted(command[field]))
  return field === undefined ? Effect.void : Effect.fail(unsupported(`${field} of ${name}`))
}

const isWanted = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false &&
  !(isDocument(value) && (Object.keys(value).length === 0 || value["locale"] === "simple"))

/** A document that may be left out. */
export const filterOf = (value: unknown): Effect.Effect<Document, DocumentStoreError> =>
  value === undefined || value === null
    ? Effect.succeed({})
    : isDocument(value)
    ? Effect.succeed(value)
    : Effect.fail(failure("FailedToParse", "a filter must be a document"))

/** Fields and directions in order. */
export const sortOf = (sort: unknown): Effect.Effect<FindOptions["sort"], DocumentStoreError> => {
  if (sort === undefined || sort === null) return Effect.undefined
  if (!isDocument(sort)) return Effect.fail(failure("FailedToParse", "a sort must be a document"))
  return Effect.fromResult(Result.all(
    Object.entries(sort).map(([field, direction]) => {
      if (isDocument(direction)) return Result.fail(unsupported(`sort by ${Object.keys(direction)[0]}`))
      const number = Number(direction)
      return number === 1 || number === -1
        ? Result.succeed([field, number] as const)
        : Result.fail(failure("BadValue", `sort of "${field}" must be 1 or -1`))
    })
  ))
}

/** The name of the index that a hint means, by its name or by its fields. */
export const hintOf = (
  hint: unknown,
  collection: EngineCollection
): Effect.Effect<string | undefined, DocumentStoreError> => {
  if (hint === undefined || hint === null || typeof hint === "string") return Effect.succeed(hint ?? undefined)
  const wanted = JSON.stringify(Object.entries(hint).map(([field, kind]) => [field, kindOf(kind)]))
  return Effect.flatMap(collection.listIndexes, (indexes) => {
    const index = indexes.find(({ fields }) => JSON.stringify(fields) === wanted)
    return index === undefined
      ? Effect.fail(failure("BadValue", `hint: no index has the fields ${wanted}`))
      : Effect.succeed(index.name)
  })
}

/** Direction of an index: a number, of whatever kind it came as, or the name of a kind of index. */
export const kindOf = (kind: unknown): number | string => typeof kind === "string" ? kind : Number(kind)
