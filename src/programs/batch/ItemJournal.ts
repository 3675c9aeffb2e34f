/**
 * What a batch did, kept so that it can go on after any end: which items were begun, when, and how they ended; 25 and 17 bytes.
 * The first record says what was done to them; a batch that does something else does not go on with it.
 */
import { Clock, Effect, Schema, type Scope, Stream } from "effect"
import * as Json from "../../core/Json.ts"
import { isRecord } from "../../core/Value.ts"
import { Journal, JournalError } from "../../services/Journal.ts"
import * as ItemKey from "./ItemKey.ts"
import { ItemStates, type State, states } from "./ItemStates.ts"

export interface ItemJournal {
  /** As the journal was found; later records are not in it. */
  readonly found: ItemStates
  /** When an item was begun whose end was not seen, in milliseconds since 1970. */
  readonly begun: (key: Uint8Array) => number | undefined
  /** Keeps a state. Answers when a kill of the process cannot lose it any more. */
  readonly record: (key: Uint8Array, state: State) => Effect.Effect<void, JournalError>
  /** Says that all items were done, so that nothing is left to go on with. */
  readonly complete: Effect.Effect<void, JournalError>
}

/** What is done with a journal that is there: `resume` goes on with it, `anew` forgets it, `refuse` does so only when nothing is left of it. */
export type Earlier = "resume" | "anew" | "refuse"

/** An earlier batch of the same kind was not done to its end. */
export class UnfinishedBatch extends Schema.TaggedError<UnfinishedBatch>()("UnfinishedBatch", {
  folder: Schema.String,
  succeeded: Schema.Int,
  failed: Schema.Int,
  unknown: Schema.Int
}) {
  override get message(): string {
    const { failed, folder, succeeded, unknown } = this
    return `an earlier batch of this did not get to its end: ${succeeded} succeeded, ${failed} failed, ${unknown} unknown (${folder})`
  }
}

const format = { name: "skein batch", version: 1 }
const { keyBytes } = ItemKey
const startedBytes = 1 + keyBytes + 8

/** Opens the journal in `folder`, or makes it. `operation` names what is done, with its inputs. */
export const open = Effect.fnUntraced(function*(
  folder: string,
  operation: string,
  earlier: Earlier
): Effect.fn.Return<ItemJournal, JournalError | UnfinishedBatch, Journal | Scope.Scope> {
  const clock = yield* Clock.Clock
  const journal = yield* (yield* Journal).open(folder, { format })
  const there = earlier === "anew" ? nothing() : yield* read(journal.records)
  if (earlier === "refuse" && there.header === operation && !there.complete && there.found.size > 0) {
    const { failed, started, succeeded, unknown } = there.found.counts()
    return yield* new UnfinishedBatch({ folder, succeeded, failed, unknown: unknown + started })
  }
  const { begun, found, header } = earlier === "refuse" && there.complete ? nothing() : there
  if (header === undefined) {
    yield* journal.rewrite([encoder.encode(Json.stringify({ operation }))])
  } else if (header !== operation) {
    return yield* new JournalError({
      reason: "Format",
      message: `${folder} belongs to another batch: ${header}`,
      hint: "name another folder for this one"
    })
  }
  return {
    found,
    begun: (key) => begun.get(short(key)),
    record: (key, state) =>
      Effect.suspend(() => {
        const record = new Uint8Array(state === "started" ? startedBytes : 1 + keyBytes)
        record[0] = states.indexOf(state)
        record.set(key, 1)
        if (state === "started") {
          new DataView(record.buffer).setFloat64(1 + keyBytes, clock.currentTimeMillisUnsafe())
        }
        return journal.append([record])
      }),
    complete: journal.append([completed])
  }
})

interface Read {
  readonly found: ItemStates
  /** Of items that did not end, by their keys in {@link short}. */
  readonly begun: Map<number, number>
  readonly header: string | undefined
  readonly complete: boolean
}

const nothing = (): Read => ({ found: new ItemStates(), begun: new Map(), header: undefined, complete: false })

const completed = Uint8Array.of(states.length)

const read = (records: Stream.Stream<Uint8Array, JournalError>): Effect.Effect<Read, JournalError> =>
  Effect.suspend(() => {
    const { begun, found } = nothing()
    let header: string | undefined
    let complete = false
    const add = (record: Uint8Array): void => {
      if (header === undefined) {
        header = operationIn(record) ?? ""
        return
      }
      complete = record.length === completed.length
      if (record.length !== startedBytes && record.length !== 1 + keyBytes) return
      const key = record.subarray(1, 1 + keyBytes)
      const state = states[record[0]!] ?? "unknown"
      found.set(key, state)
      if (state === "started" && record.length === startedBytes) {
        begun.set(short(key), new DataView(record.buffer, record.byteOffset).getFloat64(1 + keyBytes))
      } else if (state !== "unknown" && begun.size > 0) begun.delete(short(key))
    }
    return Effect.map(
      Stream.runForEachArray(records, (chunk) => Effect.sync(() => chunk.forEach(add))),
      () => ({ begun, found, header, complete })
    )
  })

/**
 * 48 bits of a key, which take a tenth of the time of its text. Should two keys share them (one batch of a million items in ten million),
 * one item under way at a kill stays unknown where it might have been recovered.
 */
const short = (key: Uint8Array): number =>
  (key[0]! << 16 | key[1]! << 8 | key[2]!) * 0x1000000 + (key[3]! << 16 | key[4]! << 8 | key[5]!)

const operationIn = (record: Uint8Array): string | undefined => {
  const header = Json.parse(decoder.decode(record))
  if (header._tag === "Failure" || !isRecord(header.success)) return undefined
  const { operation } = header.success
  return typeof operation === "string" ? operation : undefined
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
