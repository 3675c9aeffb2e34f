/** Brings what changed into the journal, in order and several at a time, and makes the journal small again when it is mostly history. */
import { Effect, Latch } from "effect"
import { DocumentStoreError } from "../../../services/DocumentStore.ts"
import type { JournalError, JournalHandle } from "../../../services/Journal.ts"
import { snapshot } from "./DocumentRecovery.ts"
import type { State } from "./DocumentState.ts"

export interface Writer {
  /** Waits until everything that has changed so far is as safe as the journal makes it. Fails with `Storage`. */
  readonly flushed: Effect.Effect<void, DocumentStoreError>
  /** Why nothing more may be changed: the journal has failed. */
  readonly broken: () => DocumentStoreError | undefined
}

/** For those in memory only. */
export const none: Writer = { flushed: Effect.void, broken: () => undefined }

/** A journal this many times as big as what is alive is made compact. */
const ratio = 4

/** And one smaller than this never. */
const smallest = 4 * 1024 * 1024

interface Waiting {
  readonly records: number
  readonly resume: (effect: Effect.Effect<void, DocumentStoreError>) => void
}

/** Writes until the scope closes, and then what is left. */
export const make = Effect.fnUntraced(function*(state: State, journal: JournalHandle) {
  const asked = Latch.makeUnsafe(false)
  let waiting: Array<Waiting> = []
  let broken: DocumentStoreError | undefined
  let safe = state.taken
  let bytes = yield* journal.size
  let live = bytes * Math.min(1, state.size / Math.max(1, journal.recovered.records))

  const failed = (error: JournalError) => Effect.sync(() => void (broken = storage(error)))

  const append = Effect.suspend(() => {
    const records = state.take()
    for (const record of records) bytes += record.length
    return records.length === 0 || broken !== undefined
      ? Effect.void
      : Effect.andThen(journal.append(records), Effect.sync(() => void (safe += records.length))).pipe(
        Effect.catch(failed)
      )
  })

  const answer = Effect.sync(() => {
    const answered = waiting.filter(({ records }) => broken !== undefined || records <= safe)
    if (answered.length > 0) waiting = waiting.filter((one) => !answered.includes(one))
    for (const { resume } of answered) resume(broken === undefined ? Effect.void : Effect.fail(broken))
  })

  const compact = Effect.suspend(() => {
    if (broken !== undefined || bytes < smallest || bytes < live * ratio) return Effect.void
    return journal.rewrite(snapshot(state)).pipe(
      Effect.andThen(journal.size),
      Effect.map((size) => void (live = bytes = size)),
      Effect.catch(failed)
    )
  })

  const turn = Effect.suspend(() => {
    asked.closeUnsafe()
    return Effect.andThen(Effect.andThen(append, answer), compact)
  })
  yield* Effect.addFinalizer(() => Effect.andThen(append, answer))
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(asked.await, Effect.uninterruptible(turn))))

  const flushed = Effect.callback<void, DocumentStoreError>((resume) => {
    if (broken !== undefined) return resume(Effect.fail(broken))
    if (state.recorded <= safe) return resume(Effect.void)
    waiting.push({ records: state.recorded, resume })
    asked.openUnsafe()
  })
  return { flushed, broken: () => broken } satisfies Writer
})

export const storage = ({ hint, message }: JournalError): DocumentStoreError =>
  new DocumentStoreError({ reason: "Storage", message, ...(hint === undefined ? {} : { hint }) })
