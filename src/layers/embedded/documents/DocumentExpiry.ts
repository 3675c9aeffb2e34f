/** Removes documents whose time has come, and aborts transactions that were left open. */
import { Clock, Effect } from "effect"
import type { Index } from "./DocumentIndex.ts"
import { Edge, Kind } from "./DocumentKinds.ts"
import type { Row } from "./DocumentOrder.ts"
import { Pause, type State } from "./DocumentState.ts"
import type { Work } from "./DocumentWork.ts"

/** Documents that are removed in one go. */
const most = 1_000

/** Looks once. A journal that fails is seen by those who write. */
export const sweep = (work: Work): Effect.Effect<void> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.suspend(() => {
      for (const transaction of work.state.open) if (transaction.deadline <= now) work.state.abort(transaction)
      const isMore = removeSome(work.state, now)
      const flushed = Effect.ignore(work.writer.flushed)
      return isMore ? Effect.andThen(Effect.andThen(flushed, Effect.yieldNow), sweep(work)) : flushed
    }))

/** Whether there may be more. */
const removeSome = (state: State, now: number): boolean => {
  for (const { indexes, name } of state.tables.values()) {
    for (const index of indexes.values()) {
      if (index.expireAfter === undefined) continue
      const rows = expired(index, now - index.expireAfter)
      const removed = rows.filter((row) => remove(state, name, row, now))
      if (rows.length === most && removed.length > 0) return true
    }
  }
  return false
}

const expired = (index: Index, until: number): ReadonlyArray<Row> => {
  const [from, to] = index.places({
    from: [new Edge(Kind.date)],
    includesFrom: true,
    to: [new Date(until)],
    includesTo: true
  })
  const found = new Set<Row>()
  for (const row of index.order.rows(from, to, false)) {
    found.add(row)
    if (found.size === most) break
  }
  return [...found]
}

/** One that a transaction has written is left for the next time. */
const remove = (state: State, table: string, row: Row, now: number): boolean => {
  try {
    state.write({ kind: "delete", table, before: row.document, after: undefined }, now, undefined)
    return true
  } catch (error) {
    if (error instanceof Pause) return false
    throw error
  }
}
