/** A place in the changes of a store, of a database or of a collection. */
import { Effect } from "effect"
import type { WatchOptions } from "../../../services/DocumentStore.ts"
import * as Changes from "./DocumentChanges.ts"
import type { ChangeCursor } from "./DocumentEngine.ts"
import * as Filter from "./DocumentFilter.ts"
import { type Fields, isDocument } from "./DocumentKinds.ts"
import { attempt, type Work } from "./DocumentWork.ts"

export interface Target {
  readonly database?: string | undefined
  readonly collection?: string | undefined
}

export const watch = (work: Work, target: Target, { fullDocument, pipeline = [], resumeAfter }: WatchOptions) =>
  attempt((): ChangeCursor => {
    const { history } = work.state
    let place = resumeAfter === undefined ? history.last : history.number(resumeAfter)
    if (resumeAfter !== undefined) history.after(place, 0)
    const shaped = shaping(work, pipeline)
    return {
      token: Effect.sync(() => history.token(place)),
      next: (limit) =>
        attempt(() => {
          const changes = history.after(place, limit)
          const concerning = changes.filter((change) => concerns(target, change))
          const events = shaped(
            concerning.map((change) =>
              Changes.event(history, change, fullDocument === true ? () => current(work, change) : undefined)
            )
          )
          place += changes.length
          // Stages do not keep the end from being told.
          return [...events, ...concerning.flatMap((change) => invalidation(history, target, change))]
        }),
      wait: Effect.suspend(() => history.wait(place))
    }
  })

const concerns = ({ collection, database }: Target, change: Changes.Change): boolean =>
  (database === undefined || change.database === database) &&
  (collection === undefined || change.collection === collection)

/** After its collection was dropped there is nothing more to watch. */
const invalidation = (
  history: Changes.History,
  { collection }: Target,
  { at, kind, number }: Changes.Numbered
): ReadonlyArray<Fields> =>
  kind === "drop" && collection !== undefined
    ? [{ _id: { _data: history.token(number) }, operationType: "invalidate", wallTime: new Date(at) }]
    : []

const current = ({ state }: Work, { collection, database, id }: Changes.Change): Fields | undefined =>
  state.tables.get(`${database}.${collection}`)?.row(id)?.document

/** What the stages make of events. Those that only filter need no mingo. */
const shaping = (work: Work, pipeline: ReadonlyArray<unknown>) => {
  const filters = pipeline.map((stage) =>
    isDocument(stage) && Object.keys(stage).join() === "$match" ? stage["$match"] : undefined
  )
  if (!filters.includes(undefined)) {
    const tests = filters.map((filter) => Filter.compile(filter, work.expressions))
    return (events: ReadonlyArray<Fields>) => events.filter((event) => tests.every((test) => test(event)))
  }
  const { run } = work.pipelines
  run([], pipeline)
  return (events: ReadonlyArray<Fields>) => run(events, pipeline)
}
