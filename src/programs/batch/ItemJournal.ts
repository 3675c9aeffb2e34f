/**
 * What a batch did, kept so that it can go on after any end: which items were begun and how they ended, 17 bytes each time.
 * The first record says what was done to them; a batch that does something else does not go on with it.
 */
import { Effect, type Scope, Stream } from "effect"
import * as Json from "../../core/Json.ts"
import { isRecord } from "../../core/Value.ts"
import { Journal, JournalError } from "../../services/Journal.ts"
import { keyBytes } from "./ItemKey.ts"
import { ItemStates, type State, states } from "./ItemStates.ts"

export interface ItemJournal {
  /** As the journal was found; later records are not in it. */
  readonly found: ItemStates
  /** Keeps a state. Answers when a kill of the process cannot lose it any more. */
  readonly record: (key: Uint8Array, state: State) => Effect.Effect<void, JournalError>
}

const format = { name: "skein batch", version: 1 }

/** Opens the journal in `folder`, or makes it. `operation` names what is done, with its inputs. */
export const open = Effect.fnUntraced(function*(
  folder: string,
  operation: string
): Effect.fn.Return<ItemJournal, JournalError, Journal | Scope.Scope> {
  const journal = yield* (yield* Journal).open(folder, { format })
  const found = new ItemStates()
  let header: string | undefined
  yield* Stream.runForEach(journal.records, (record) =>
    Effect.sync(() => {
      if (header === undefined) header = operationIn(record) ?? ""
      else if (record.length === 1 + keyBytes) found.set(record.subarray(1), states[record[0]!] ?? "unknown")
    }))
  if (header === undefined) {
    yield* journal.append([encoder.encode(Json.stringify({ operation }))])
  } else if (header !== operation) {
    return yield* new JournalError({
      reason: "Format",
      message: `${folder} belongs to another batch: ${header}`,
      hint: "name another folder for this one"
    })
  }
  return {
    found,
    record: (key, state) => {
      const record = new Uint8Array(1 + keyBytes)
      record[0] = states.indexOf(state)
      record.set(key, 1)
      return journal.append([record])
    }
  }
})

const operationIn = (record: Uint8Array): string | undefined => {
  const header = Json.parse(decoder.decode(record))
  if (header._tag === "Failure" || !isRecord(header.success)) return undefined
  const { operation } = header.success
  return typeof operation === "string" ? operation : undefined
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
