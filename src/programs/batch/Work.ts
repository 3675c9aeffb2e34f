/** What a batch does to each item, whatever it is: an action, a scenario, or an operation of a remote API. */
import type { Effect } from "effect"
import type * as Batch from "../Batch.ts"

export interface Work<R> extends Pick<Batch.Options<R>, "operation" | "run" | "recover"> {
  /** Whether doing it twice is as good as once. */
  readonly idempotent: boolean
  /** Whether it changes nothing at all. */
  readonly readOnly: boolean
  /** Whether it takes away what cannot be brought back: to be confirmed. */
  readonly destructive: boolean
  /** How many items at once suit it. @default that of a batch */
  readonly concurrency?: number | undefined
  /** Says what would be done to an item, and changes nothing. */
  readonly plan: (item: Batch.Item) => Effect.Effect<Planned, Batch.ItemError, R>
}

/** What would be done to one item. */
export interface Planned {
  /** In one line, without secrets. */
  readonly what: string
  /** `PUT https://...` of each request that is known by now, in order. */
  readonly requests: ReadonlyArray<string>
}
