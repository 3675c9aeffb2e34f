/**
 * Lets each user run one iteration after the other: as many users as the curve says, each as often as its limit says, with pauses
 * between where they are asked for.
 *
 * A user is running, pausing (its next iteration is on the agenda), parked (the curve has no place for it now) or retired (its limit is
 * reached, or all is stopped). One that does not reach the target twice in a row pauses too, longer each time: nobody is served by
 * thousands of refused connections a second.
 */
import { randomFrom } from "../../../core/Seeded.ts"
import { ticksPerMilli, ticksPerSecond } from "../../../services/LoadClock.ts"
import * as Agenda from "../../wait/Agenda.ts"
import type { Share } from "../Plan.ts"
import type { Done, VirtualUser } from "../VirtualUser.ts"
import * as Curve from "./Curve.ts"
import type { Executor, Surroundings } from "./Executor.ts"
import { shareOf } from "./Executors.ts"

export interface Options extends Surroundings {
  readonly share: Share
  /** How many users take part when. */
  readonly curve: Curve.Curve
  readonly limit?: Limit | undefined
  /** The time at the beginning in which iterations do not count for the limit. */
  readonly freeMillis: number
  /** From the start of an iteration of a user to its next one, at least. */
  readonly pacingMillis?: number | undefined
  /** Pause after each iteration, evenly spread. */
  readonly thinkMillis?: readonly [from: number, to: number] | undefined
  readonly seed: number
}

/** How many iterations, in all (over all threads) or of each user. */
export interface Limit {
  readonly iterations: number
  readonly per: "run" | "user"
}

/** After the second failure to reach the target in a row; doubled with each further one, at most so many times. */
const restMillis = 10
const mostDoublings = 6

const states = { parked: 0, running: 1, pausing: 2, retired: 3 } as const

export class ClosedExecutor implements Executor {
  users = 0
  running = 0
  private first = 0
  private stopped = false
  private idle = false
  private all: ReadonlyArray<VirtualUser> = []
  private userStates = new Uint8Array(0)
  private startedAt = new Float64Array(0)
  /** Of each user, how often in a row it did not reach the target. */
  private unreached = new Uint8Array(0)
  /** Iterations of each user that may still be started. */
  private left = new Float64Array(0)
  private leftInAll: number
  private iterations = 0
  private nextChange = Infinity
  private readonly agenda = Agenda.make<number>()
  private readonly random: () => number
  private readonly pauses: boolean
  private readonly changes: boolean
  private readonly options: Options

  constructor(options: Options) {
    this.options = options
    const { limit, pacingMillis, curve, seed, share, thinkMillis } = options
    this.pauses = pacingMillis !== undefined || thinkMillis !== undefined
    this.changes = curve.lines.some(({ from, to }) => from !== curve.lines[0]!.from || to !== from)
    this.random = randomFrom(seed + share.index)
    this.leftInAll = limit?.per === "run" ? shareOf(limit.iterations, share) : Infinity
  }

  begin(users: ReadonlyArray<VirtualUser>, first: number): void {
    const { limit } = this.options
    this.all = users
    this.first = first
    this.userStates = new Uint8Array(users.length)
    this.startedAt = new Float64Array(users.length)
    this.unreached = new Uint8Array(users.length)
    this.left = new Float64Array(users.length).fill(limit?.per === "user" ? limit.iterations : Infinity)
    this.nextChange = first
    this.wake()
  }

  abandon(): void {
    // Nobody waits in a closed load.
  }

  stop(): void {
    if (this.stopped) return
    this.stopped = true
    this.options.alarm.at(Infinity)
    this.endWhenIdle()
  }

  /** Ends pauses that are over, and changes how many users take part. */
  readonly wake = (): void => {
    if (this.stopped) return
    const now = this.options.now()
    while ((this.agenda.next() ?? Infinity) <= now) this.next(this.agenda.take(), this.options.now())
    if (this.nextChange <= now) this.change(now)
    // Who has nothing to wait for but answers needs no alarm.
    const next = Math.min(this.agenda.next() ?? Infinity, this.nextChange)
    if (!this.stopped && next < Infinity) this.options.alarm.at(next)
  }

  doneOf(slot: number): Done {
    return (passed, ended, unreached = false) => {
      const { figures } = this.options
      figures.completed++
      if (!passed) figures.failed++
      this.running--
      this.unreached[slot] = unreached ? Math.min(this.unreached[slot]! + 1, mostDoublings + 2) : 0
      if (!this.pauses && !unreached) return this.next(slot, ended)
      this.pause(slot, ended)
    }
  }

  private change(now: number): void {
    const { curve, share } = this.options
    const seconds = Math.max(0, (now - this.first) / ticksPerSecond)
    this.users = 0
    const target = this.target(seconds)
    for (let slot = 0; slot < this.all.length; slot++) {
      if (slot * share.of + share.index >= target) continue
      this.users++
      if (this.userStates[slot] === states.parked) this.next(slot, now)
    }
    // Past the end there is none: stopping is not the business of the curve. Before it, one is never in the past.
    this.nextChange = !this.changes || seconds >= curve.seconds
      ? Infinity
      : Math.max(now + 1, this.first + Math.ceil(Curve.nextChange(curve, seconds) * ticksPerSecond))
  }

  private target(seconds: number): number {
    return Math.floor(Curve.targetAt(this.options.curve, seconds) + 1e-9)
  }

  private pause(slot: number, ended: number): void {
    const { alarm, pacingMillis = 0, thinkMillis: [from, to] = [0, 0] } = this.options
    const think = ended + (from + (to - from) * this.random()) * ticksPerMilli
    const due = Math.max(think, this.startedAt[slot]! + pacingMillis * ticksPerMilli, ended + this.restOf(slot))
    if (due <= ended || this.stopped) return this.next(slot, ended)
    this.userStates[slot] = states.pausing
    const sooner = due < Math.min(this.agenda.next() ?? Infinity, this.nextChange)
    this.agenda.add(due, slot)
    if (sooner) alarm.at(due)
  }

  private restOf(slot: number): number {
    const doublings = this.unreached[slot]! - 2
    return doublings < 0 ? 0 : restMillis * ticksPerMilli * 2 ** doublings
  }

  /** Starts the next iteration of a user, unless it has no place or none left. */
  private next(slot: number, at: number): void {
    const { figures, freeMillis, share } = this.options
    const seconds = (at - this.first) / ticksPerSecond
    const isFree = seconds * 1000 < freeMillis
    if (this.stopped || !isFree && (this.left[slot]! <= 0 || this.leftInAll <= 0)) {
      this.userStates[slot] = states.retired
      return this.endWhenIdle()
    }
    if (this.changes && slot * share.of + share.index >= this.target(seconds)) {
      this.userStates[slot] = states.parked
      return
    }
    if (!isFree) {
      this.left[slot]!--
      this.leftInAll--
    }
    this.userStates[slot] = states.running
    this.startedAt[slot] = at
    this.running++
    figures.started++
    this.all[slot]!.start(this.iterations++ * share.of + share.index, at, at)
  }

  private endWhenIdle(): void {
    if (this.idle || this.running > 0) return
    if (!this.stopped && !this.userStates.every((state) => state === states.retired)) return
    this.idle = true
    this.options.onIdle()
  }
}
