/**
 * Starts iterations when they are due, whatever happens to those before. One that finds all users busy waits, with its intended time, in
 * a queue; past the bound of the queue it is dropped.
 */
import type { Done, VirtualUser } from "../VirtualUser.ts"
import type { Arrivals } from "./Arrivals.ts"
import type { Executor, Surroundings } from "./Executor.ts"

export interface Options extends Surroundings {
  readonly arrivals: Arrivals
  /** How many may wait. */
  readonly queue: number
}

export class OpenExecutor implements Executor {
  users = 0
  private first = 0
  private stopped = false
  private idle = false
  private all: ReadonlyArray<VirtualUser> = []
  /** Slots of users that are free; the one that became free last is first, so that few connections stay warm. */
  private free = new Int32Array(0)
  private freeCount = 0
  private readonly waiting: Ring
  private readonly options: Options

  constructor(options: Options) {
    this.options = options
    this.waiting = new Ring(options.queue)
  }

  get running(): number {
    return this.users - this.freeCount
  }

  begin(users: ReadonlyArray<VirtualUser>, first: number): void {
    this.all = users
    this.first = first
    this.users = users.length
    // Slot 0 is on top.
    this.free = Int32Array.from({ length: users.length }, (_, index) => users.length - 1 - index)
    this.freeCount = users.length
    this.wake()
  }

  stop(): void {
    if (this.stopped) return
    this.stopped = true
    // What is due by now would have been started.
    this.takeDue()
    this.options.alarm.at(Infinity)
    this.endWhenIdle()
  }

  abandon(): void {
    this.options.figures.dropped += this.waiting.size
    this.waiting.clear()
  }

  /** Starts what is due, and sets the alarm for what is not. */
  readonly wake = (): void => {
    if (this.stopped) return
    this.takeDue()
    this.options.alarm.at(this.first + this.options.arrivals.tick)
  }

  doneOf(slot: number): Done {
    return (passed, ended) => {
      const { figures } = this.options
      figures.completed++
      if (!passed) figures.failed++
      if (this.waiting.size > 0) {
        const { intended, number } = this.waiting
        this.waiting.shift()
        this.start(slot, number, intended, ended)
      } else this.free[this.freeCount++] = slot
      if (this.stopped) this.endWhenIdle()
      // Who is awake looks at the schedule: among many answers the alarm would come last.
      else if (this.first + this.options.arrivals.tick <= ended) this.takeDue()
    }
  }

  private takeDue(): void {
    const { arrivals, figures, now } = this.options
    const { lateness } = figures
    let at = now()
    for (let intended = this.first + arrivals.tick; intended <= at; intended = this.first + arrivals.tick) {
      const { number } = arrivals
      arrivals.advance()
      figures.due++
      // Nobody waits while a user is free.
      if (this.freeCount > 0) {
        // A moment of its own: to start the ones before took time.
        at = now()
        lateness.record(at - intended)
        this.start(this.free[--this.freeCount]!, number, intended, at)
      } else {
        lateness.record(at - intended)
        if (!this.waiting.push(number, intended)) figures.dropped++
      }
    }
  }

  private start(slot: number, number: number, intended: number, started: number): void {
    this.options.figures.started++
    this.all[slot]!.start(number, intended, started)
  }

  private endWhenIdle(): void {
    if (this.idle || this.running > 0 || this.waiting.size > 0) return
    this.idle = true
    this.options.onIdle()
  }
}

/** Arrivals that wait, first come, first served. Grows up to its bound. */
class Ring {
  size = 0
  private head = 0
  private numbers = new Float64Array(64)
  private intendeds = new Float64Array(64)
  private readonly bound: number

  constructor(bound: number) {
    this.bound = bound
  }

  /** Of the first one. */
  get number(): number {
    return this.numbers[this.head]!
  }

  /** Of the first one. */
  get intended(): number {
    return this.intendeds[this.head]!
  }

  /** False when there is no room. */
  push(number: number, intended: number): boolean {
    if (this.size >= this.bound) return false
    if (this.size === this.numbers.length) this.grow()
    const at = (this.head + this.size++) % this.numbers.length
    this.numbers[at] = number
    this.intendeds[at] = intended
    return true
  }

  shift(): void {
    this.head = (this.head + 1) % this.numbers.length
    this.size--
  }

  clear(): void {
    this.head = this.size = 0
  }

  private grow(): void {
    const unrolled = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const bigger = new Float64Array(old.length * 2)
      bigger.set(old.subarray(this.head))
      bigger.set(old.subarray(0, this.head), old.length - this.head)
      return bigger
    }
    this.numbers = unrolled(this.numbers)
    this.intendeds = unrolled(this.intendeds)
    this.head = 0
  }
}
