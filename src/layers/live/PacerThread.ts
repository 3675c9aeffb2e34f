/**
 * The side of `ThreadLoadClock` that runs inside a worker thread: sleeps until the tick that was wished for, posts one message, and waits
 * for the next wish. It posts at most once in 100 us: who hears of it does all that is due by then. After that time it looks for a wish
 * by itself, since to wake a thread costs as much as a request.
 *
 * Both sides share four places of memory: the tick, a number that grows with every wish, whether a message is on its way, and whether
 * the pacer sleeps for so long that a wish has to wake it.
 */
import type { MessagePort, Worker } from "node:worker_threads"
import { ticksPerMilli } from "../../services/LoadClock.ts"

/** `workerData` of the thread. */
export interface Start {
  readonly kind: "pacer"
  readonly originMillis: number
  readonly bytes: SharedArrayBuffer
}

export interface Pacer {
  readonly memory: Memory
  readonly worker: Worker
}

/** What the two sides share, as the side of the load uses it. */
export interface Memory {
  readonly bytes: SharedArrayBuffer
  readonly wish: (tick: number) => void
  readonly heard: () => void
  readonly end: () => void
}

const wishes = 0
const posted = 1
const ended = 2
const asleep = 3
const tickOffset = 16
const gap = ticksPerMilli / 10

export const allocate = (): Memory => {
  const bytes = new SharedArrayBuffer(tickOffset + 8)
  const flags = new Int32Array(bytes)
  const tick = new Float64Array(bytes, tickOffset)
  tick[0] = Infinity
  return {
    bytes,
    wish: (at) => {
      tick[0] = at
      // Before the look: a pacer that falls asleep in between sees that the number has changed.
      Atomics.add(flags, wishes, 1)
      if (Atomics.load(flags, asleep) === 1) Atomics.notify(flags, wishes)
    },
    heard: () => void Atomics.store(flags, posted, 0),
    end: () => {
      Atomics.store(flags, ended, 1)
      Atomics.add(flags, wishes, 1)
      Atomics.notify(flags, wishes)
    }
  }
}

/** Ticks since the origin; threads have clocks of their own, which agree about when they began. */
export const clock = (originMillis: number): () => number => {
  const offset = performance.timeOrigin - originMillis
  return () => (performance.now() + offset) * ticksPerMilli
}

/** Paces until it is ended. */
export const serve = (port: MessagePort, { bytes, originMillis }: Start): void => {
  const flags = new Int32Array(bytes)
  const tick = new Float64Array(bytes, tickOffset)
  const now = clock(originMillis)
  const post = (): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    port.postMessage(0)
  }
  post()
  let soonest = -Infinity
  let served = -1
  while (Atomics.load(flags, ended) === 0) {
    // Read before the tick: a wish that comes in between ends the wait below at once.
    const wish = Atomics.load(flags, wishes)
    const at = now()
    const due = wish === served ? Infinity : Math.max(tick[0]!, soonest)
    if (due <= at) {
      served = wish
      soonest = at + gap
      if (Atomics.exchange(flags, posted, 1) === 0) post()
    } else if (soonest > at) Atomics.wait(flags, wishes, wish, (soonest - at) / ticksPerMilli)
    else {
      Atomics.store(flags, asleep, 1)
      Atomics.wait(flags, wishes, wish, (due - at) / ticksPerMilli)
      Atomics.store(flags, asleep, 0)
    }
  }
}
