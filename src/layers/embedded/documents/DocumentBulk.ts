/** Many writes, one after the other: a slice at a time, so that other fibers get their turn and the journal keeps up. */
import { Effect } from "effect"
import { type BulkItem, type BulkResult, DocumentStoreError, type Write } from "../../../services/DocumentStore.ts"
import type { Transaction } from "./DocumentState.ts"
import { attempt, type Work } from "./DocumentWork.ts"
import * as Writes from "./DocumentWrites.ts"

/** Writes of one slice. */
const slice = 1_000

export const bulk = (
  work: Work,
  table: string,
  writes: Iterable<Write>,
  { ordered = true, transaction }: {
    readonly ordered?: boolean | undefined
    readonly transaction: Transaction | undefined
  }
): Effect.Effect<BulkResult, DocumentStoreError> =>
  Effect.suspend(() => {
    const left = writes[Symbol.iterator]()
    const tally = new Tally()
    let current = left.next()
    const some = (now: number): void => {
      work.refuseBroken()
      const site = siteOf(work, table, transaction, now)
      for (let count = 0; count < slice && current.done !== true; count++) {
        if (tally.isStopped) tally.items.push({ status: "not attempted" })
        else one(site, current.value, tally, ordered)
        current = left.next()
      }
    }
    const next: Effect.Effect<BulkResult, DocumentStoreError> = Effect.clockWith((clock) =>
      attempt(() => some(clock.currentTimeMillisUnsafe()))
    ).pipe(
      Effect.andThen(transaction === undefined ? work.writer.flushed : Effect.void),
      Effect.andThen(Effect.suspend(() =>
        current.done === true ? Effect.succeed(tally.result()) : Effect.andThen(Effect.yieldNow, next)
      ))
    )
    return next
  })

export const siteOf = (work: Work, table: string, transaction: Transaction | undefined, now: number): Writes.Site => ({
  state: work.state,
  table,
  transaction,
  now,
  expressions: work.expressions,
  stages: (document, stages) => work.pipelines.update(document, stages)
})

const one = (site: Writes.Site, write: Write, tally: Tally, ordered: boolean): void => {
  try {
    tally.add(Writes.perform(site, write))
  } catch (error) {
    if (!(error instanceof DocumentStoreError) || error.reason === "Conflict" || error.code === 251) throw error
    tally.items.push({ status: "failed", error })
    tally.isStopped = ordered
  }
}

class Tally {
  readonly items: Array<BulkItem> = []
  isStopped = false
  private inserted = 0
  private matched = 0
  private modified = 0
  private deleted = 0
  private upserted = 0

  add({ deleted = 0, inserted = 0, item, matched = 0, modified = 0, upserted = 0 }: Writes.Done): void {
    this.items.push(item)
    this.inserted += inserted
    this.matched += matched
    this.modified += modified
    this.deleted += deleted
    this.upserted += upserted
  }

  result(): BulkResult {
    return {
      insertedCount: this.inserted,
      matchedCount: this.matched,
      modifiedCount: this.modified,
      deletedCount: this.deleted,
      upsertedCount: this.upserted,
      items: this.items
    }
  }
}
