/**
 * What a batch did, kept so that it can go on after any end: which items were begun, when, and how they ended; 25 and 17 bytes.
 * The first record says what was done to them; a batch that does something else does not go on with it.
 */
import { Clock, Effect, type Scope, Stream } from "effect"
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
}

const format = { name: "skein batch", version: 1 }
const { keyBytes } = ItemKey
const startedBytes = 1 + keyBytes + 8

/** Opens the journal in `folder`, or makes it; `anew` forgets what is in it. `operation` names what is done, with its inputs. */
export const open = Effect.fnUntraced(function*(
  folder: string,
  operation: string,
  { anew }: { readonly anew: boolean }
): Effect.fn.Return<ItemJournal, JournalError, Journal | Scope.Scope> {
  const clock = yield* Clock.Clock
  const journal = yield* (yield* Journal).open(folder, { format })
  const { begun, found, header } = anew ? nothing() : yield* read(journal.records)
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
    begun: (key) => begun.get(ItemKey.text(key)),
    record: (key, state) =>
      Effect.suspend(() => {
        const record = new Uint8Array(state === "started" ? startedBytes : 1 + keyBytes)
        record[0] = states.indexOf(state)
        record.set(key, 1)
        if (state === "started") {
          new DataView(record.buffer).setFloat64(1 + keyBytes, clock.currentTimeMillisUnsafe())
        }
        return journal.append([record])
      })
  }
})

interface Read {
  readonly found: ItemStates
  /** Of items that did not end; their keys as text. */
  readonly begun: Map<string, number>
  readonly header: string | undefined
}

const nothing = (): Read => ({ found: new ItemStates(), begun: new Map(), header: undefined })

const read = (records: Stream.Stream<Uint8Array, JournalError>): Effect.Effect<Read, JournalError> =>
  Effect.suspend(() => {
    const { begun, found } = nothing()
    let header: string | undefined
    const add = (record: Uint8Array): void => {
      if (header === undefined) {
        header = operationIn(record) ?? ""
        return
      }
      if (record.length !== startedBytes && record.length !== 1 + keyBytes) return
      const key = record.subarray(1, 1 + keyBytes)
      const state = states[record[0]!] ?? "unknown"
      found.set(key, state)
      if (state === "started" && record.length === startedBytes) {
        begun.set(ItemKey.text(key), new DataView(record.buffer, record.byteOffset).getFloat64(1 + keyBytes))
      } else if (state !== "unknown" && begun.size > 0) begun.delete(ItemKey.text(key))
    }
    return Effect.map(
      Stream.runForEachArray(records, (chunk) => Effect.sync(() => chunk.forEach(add))),
      () => ({ begun, found, header })
    )
  })

const operationIn = (record: Uint8Array): string | undefined => {
  const header = Json.parse(decoder.decode(record))
  if (header._tag === "Failure" || !isRecord(header.success)) return undefined
  const { operation } = header.success
  return typeof operation === "string" ? operation : undefined
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
