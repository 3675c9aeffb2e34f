/** The operations of an engine on one collection. */
import { Effect } from "effect"
import type * as Store from "../../../services/DocumentStore.ts"
import { bulk, siteOf } from "./DocumentBulk.ts"
import type { EngineCollection, Within } from "./DocumentEngine.ts"
import { refused } from "./DocumentFailure.ts"
import { nameOf } from "./DocumentIndex.ts"
import { type Fields, isDocument } from "./DocumentKinds.ts"
import * as Projection from "./DocumentProjection.ts"
import * as Reads from "./DocumentReads.ts"
import type { Transaction } from "./DocumentState.ts"
import { attempt, type Work } from "./DocumentWork.ts"
import * as Writes from "./DocumentWrites.ts"

export const make = (
  work: Work,
  transactionOf: (within: Within | undefined) => Transaction | undefined,
  database: string,
  name: string
): EngineCollection => {
  const { expressions, state } = work
  const table = `${database}.${name}`

  const selection = (filter: Store.Document, options?: Within & Store.FindOptions): Reads.Selection => ({
    table,
    filter,
    sort: options?.sort,
    skip: options?.skip,
    limit: options?.limit,
    hint: options?.hint,
    transaction: transactionOf(options),
    expressions
  })

  return {
    database,
    name,
    create: work.change(() => void state.table(table)),
    drop: work.change((now) => state.drop(table, now)),
    write: (writes, options) =>
      bulk(work, table, writes, { ordered: options?.ordered, transaction: transactionOf(options) }),

    findAndModify: (options) => {
      const transaction = transactionOf(options)
      const modify = (now: number) => {
        const project = projecting(work, options.projection)
        const site = siteOf(work, table, transaction, now)
        const { after, before, ...rest } = Writes.findAndModify(site, options as Writes.FindAndModify)
        const document = options.answer === "after" && options.change.kind !== "remove" ? after : before
        return { ...rest, document: document === undefined ? undefined : project(document) }
      }
      if (transaction === undefined) return work.change(modify)
      return Effect.clockWith((clock) => attempt(() => modify(clock.currentTimeMillisUnsafe())))
    },

    find: (filter, options) =>
      attempt(() => {
        const project = projecting(work, options?.projection)
        const { documents } = Reads.select(state, selection(filter, options))
        return options?.projection === undefined ? documents : mapped(documents, project)
      }),
    count: (filter, options) => attempt(() => Reads.count(state, selection(filter, options))),
    distinct: (field, filter, options) => attempt(() => Reads.distinct(state, field, selection(filter, options))),

    aggregate: (pipeline, options) =>
      attempt(() => {
        const [first, ...rest] = pipeline
        const filter = isDocument(first) && isDocument(first["$match"]) ? first["$match"] : undefined
        const { run } = work.pipelines
        const { documents } = Reads.select(state, selection(filter ?? {}, options))
        return run(documents, filter === undefined ? pipeline : rest, {
          documents: (other) =>
            Reads.select(state, { ...selection({}, options), table: `${database}.${other}` }).documents,
          variables: options?.let as Fields | undefined
        })
      }),

    createIndexes: (indexes) =>
      work.change(() => {
        for (const index of indexes) state.addIndex(table, index)
        return indexes.map(nameOf)
      }),
    listIndexes: Effect.sync(() => {
      const known = state.tables.get(table)
      return known === undefined ? [] : [ofId, ...[...known.indexes.values()].map(({ definition }) => definition)]
    }),
    dropIndex: (index) =>
      work.change(() => {
        if (index === "_id_") throw refused("the index _id_ cannot be dropped", 72)
        state.dropIndex(table, index)
      }),
    explain: (filter, options) => attempt(() => Reads.select(state, selection(filter, options)).explanation)
  }
}

const ofId = { name: "_id_", fields: [["_id", 1]] } as const

function* mapped(documents: Iterable<Fields>, project: Projection.Project): Generator<Fields> {
  for (const document of documents) yield project(document)
}

const projecting = (work: Work, projection: Store.Document | undefined): Projection.Project => {
  const simple = Projection.compile(projection)
  if (simple !== undefined) return simple
  const { run } = work.pipelines
  return (document) => run([document], [{ $project: projection }])[0] ?? {}
}
