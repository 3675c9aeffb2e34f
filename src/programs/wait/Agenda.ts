/** What is due when: the earliest comes first, of those due together the one that was put in first. A binary heap. */

export interface Agenda<A> {
  readonly add: (at: number, value: A) => void
  /** When the earliest is due; `undefined` when there is nothing. */
  readonly next: () => number | undefined
  /** Takes the earliest out. Call it only when {@link next} answered. */
  readonly take: () => A
}

interface Entry<A> {
  readonly at: number
  readonly order: number
  readonly value: A
}

export const make = <A>(): Agenda<A> => {
  const heap: Array<Entry<A>> = []
  let order = 0

  const rise = (entry: Entry<A>): void => {
    let at = heap.push(entry) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!isBefore(entry, heap[above]!)) break
      heap[at] = heap[above]!
      at = above
    }
    heap[at] = entry
  }

  const sink = (entry: Entry<A>): void => {
    let at = 0
    while (2 * at + 1 < heap.length) {
      const left = 2 * at + 1
      const below = left + 1 < heap.length && isBefore(heap[left + 1]!, heap[left]!) ? left + 1 : left
      if (!isBefore(heap[below]!, entry)) break
      heap[at] = heap[below]!
      at = below
    }
    heap[at] = entry
  }

  return {
    add: (at, value) => rise({ at, order: order++, value }),
    next: () => heap[0]?.at,
    take: () => {
      const first = heap[0]!
      const last = heap.pop()!
      if (heap.length > 0) sink(last)
      return first.value
    }
  }
}

const isBefore = (a: Entry<unknown>, b: Entry<unknown>): boolean => a.at < b.at || a.at === b.at && a.order < b.order
