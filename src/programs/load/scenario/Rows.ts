/** Which row of `data:` an iteration or a virtual user gets. Pure: the same numbers give the same rows, on whatever thread. */
import { randomFrom } from "../../../core/Seeded.ts"
import type { Value } from "../../../core/Value.ts"
import type { LoadBlock } from "../../../scenario/LoadBlock.ts"
import type { Share } from "../Plan.ts"

export interface Row {
  readonly value: Value | undefined
  /** From 0 in the data; without data the number of the iteration. */
  readonly index: number
}

export interface Rows {
  /** The row of a user's next iteration; `undefined` when all rows are used up. */
  readonly next: (user: number, iteration: number) => Row | undefined
}

/** Threads take rows `index` modulo `of`, so that none is given out twice. Without `rows` there is no end. */
export const make = (
  rows: ReadonlyArray<Value> | undefined,
  feeder: LoadBlock["feeder"],
  share: Share,
  seed: number
): Rows => {
  if (rows === undefined) return { next: (_user, iteration) => ({ value: undefined, index: iteration }) }
  const at = (index: number): Row => ({ value: rows[index], index })
  if (rows.length === 0) return { next: () => undefined }
  if (feeder.order === "random") {
    const draw = (number: number) =>
      at(Math.floor(randomFrom(seed ^ Math.imul(number + 1, 0x9e3779b1))() * rows.length))
    return { next: (user, iteration) => draw(feeder.per === "vu" ? user : iteration) }
  }
  let taken = 0
  const place = (user: number): number => feeder.per === "vu" ? user : share.index + taken++ * share.of
  return {
    next: (user) => {
      const index = place(user)
      return feeder.order === "sequential" ? at(index % rows.length) : index < rows.length ? at(index) : undefined
    }
  }
}
