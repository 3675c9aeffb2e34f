/** The history of changes, bounded, for those who watch: the last ones by number, and what each was. */
import { Binary, ObjectId, Timestamp } from "bson"
import { Effect } from "effect"
import { refused } from "./DocumentFailure.ts"
import { type Fields, identical, isDocument, put } from "./DocumentKinds.ts"

export interface Change {
  readonly kind: "insert" | "update" | "replace" | "delete" | "drop"
  readonly database: string
  readonly collection: string
  readonly id?: unknown
  readonly before?: Fields | undefined
  readonly after?: Fields | undefined
}

export interface Numbered extends Change {
  readonly number: number
  /** Milliseconds. */
  readonly at: number
}

/** Bytes of documents that are remembered; up to twice as many until they are trimmed. */
const mostBytes = 128 * 1024 * 1024

export class History {
  /** Number of the last change. */
  last = 0
  /** Tokens of another store are refused by it. */
  store = new ObjectId().toHexString()
  private kept: Array<Numbered> = []
  /** Of all that is kept. */
  private bytes = 0
  private readonly waiting = new Set<() => void>()
  private readonly most: number

  constructor(most: number) {
    this.most = most
  }

  add(change: Change, at: number): void {
    this.kept.push({ ...change, number: ++this.last, at })
    this.bytes += bytesOf(change)
    // Trimming now and then costs less than each time.
    if (this.kept.length > this.most * 2 || this.bytes > mostBytes * 2) this.trim()
    if (this.waiting.size > 0) this.wake()
  }

  /** The last change stays, however large. */
  private trim(): void {
    let from = 0
    while (from < this.kept.length - 1 && (this.kept.length - from > this.most || this.bytes > mostBytes)) {
      this.bytes -= bytesOf(this.kept[from++]!)
    }
    this.kept = this.kept.slice(from)
  }

  /** Begins anew after `last`, as a kept store does that was made compact. */
  startAfter(store: string, last: number): void {
    this.store = store
    this.last = last
    this.kept = []
    this.bytes = 0
  }

  token(number: number): string {
    return this.store + number.toString(16).padStart(16, "0")
  }

  /** The number of a token. Throws `Refused` (286) when it is of another store, or to come. */
  number(token: string): number {
    const number = /^[0-9a-f]{40}$/.test(token) && token.startsWith(this.store)
      ? Number.parseInt(token.slice(24), 16)
      : NaN
    if (Number.isNaN(number) || number > this.last) {
      throw lost(`the token ${JSON.stringify(token)} is none of this store`)
    }
    return number
  }

  /** The changes after a number, at most `limit`. Throws `Refused` (286) when the next ones are forgotten. */
  after(number: number, limit: number): ReadonlyArray<Numbered> {
    const kept = Math.min(this.kept.length, this.most)
    const skipped = number - (this.last - kept)
    if (skipped < 0) {
      throw lost(`the changes after number ${number} are forgotten: the store remembers the last ${kept}`)
    }
    const from = this.kept.length - kept + skipped
    return this.kept.slice(from, from + limit)
  }

  /** Ends when there is a change after the number. */
  wait(number: number): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      if (this.last > number) return resume(Effect.void)
      const wake = () => resume(Effect.void)
      this.waiting.add(wake)
      return Effect.sync(() => void this.waiting.delete(wake))
    })
  }

  wake(): void {
    const waiting = [...this.waiting]
    this.waiting.clear()
    for (const wake of waiting) wake()
  }
}

/** What a change keeps in memory, roughly: the document before it is mostly that of an earlier change. */
const bytesOf = ({ after, before }: Change): number => weight(after ?? before)

const weight = (value: unknown): number => {
  if (typeof value === "string") return 16 + value.length
  if (value instanceof Binary) return 16 + value.length()
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + weight(one), 16)
  if (!isDocument(value)) return 16
  let sum = 16
  for (const name in value) sum += name.length + weight(value[name])
  return sum
}

const lost = (message: string) => refused(message, 286, "watch anew without a token, and read what may have changed")

/** A change as MongoDB has it. `now` is the document as it is at present, for updates. */
export const event = (history: History, change: Numbered, now: (() => Fields | undefined) | undefined): Fields => {
  const { after, at, before, collection, database, id, kind } = change
  const made: Fields = {
    _id: { _data: history.token(change.number) },
    operationType: kind,
    clusterTime: Timestamp.fromBits(change.number | 0, Math.floor(at / 1_000)),
    wallTime: new Date(at),
    ns: { db: database, coll: collection }
  }
  if (kind === "drop") return made
  made["documentKey"] = { _id: id }
  if (kind === "insert" || kind === "replace") made["fullDocument"] = after
  if (kind === "update") {
    made["updateDescription"] = describe(before ?? {}, after ?? {})
    if (now !== undefined) made["fullDocument"] = now() ?? null
  }
  return made
}

/** What an update did: fields by path with their new values, and paths that are gone. */
const describe = (before: Fields, after: Fields): Fields => {
  const updated: Fields = {}
  const removed: Array<string> = []
  differences(before, after, "", updated, removed)
  return { updatedFields: updated, removedFields: removed, truncatedArrays: [] }
}

const differences = (before: Fields, after: Fields, prefix: string, updated: Fields, removed: Array<string>): void => {
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) removed.push(prefix + name)
  for (const name of Object.keys(after)) {
    const old = Object.hasOwn(before, name) ? before[name] : undefined
    const value = after[name]
    if (old === value || identical(old, value)) continue
    if (isDocument(old) && isDocument(value)) differences(old, value, `${prefix}${name}.`, updated, removed)
    else if (Array.isArray(old) && Array.isArray(value) && value.length >= old.length) {
      differences({ ...old }, { ...value }, `${prefix}${name}.`, updated, removed)
    } else put(updated, prefix + name, value)
  }
}
