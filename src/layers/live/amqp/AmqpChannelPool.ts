/**
 * The channels that messages are published on. A channel serves the messages of one exchange at a time, since AMQP answers a
 * missing exchange by closing the channel: so messages to other exchanges never suffer from it.
 *
 * An exchange with messages keeps its channel until it has none, or until others have waited while it sent a thousand. Those
 * that find all channels in use wait in line.
 */
import type { ConfirmChannel } from "./AmqpConnection.ts"
import { Outbox } from "./AmqpOutbox.ts"
import type { Settings } from "./AmqpSettings.ts"

/** The messages to one exchange. */
export interface Lane {
  readonly exchange: string
  readonly waiting: Outbox
  /** Without a confirm yet. */
  readonly sent: Outbox
  slot: Slot | undefined
  /** Messages sent since it got its channel. */
  turn: number
  /** So many messages are sent one by one, to find out which of them the broker closes the channel for. */
  careful: number
}

/** One open channel. */
export interface Slot {
  readonly channel: ConfirmChannel
  readonly openedAt: number
  usedAt: number
  lane: Lane | undefined
  /** The socket takes more. */
  writable: boolean
}

export interface Options {
  readonly settings: Pick<Settings, "idleMillis" | "lifeMillis" | "maxChannels" | "minChannels">
  /** Monotonic milliseconds, as exact as they need to be for each message. */
  readonly now: () => number
  readonly exactNow: () => number
  /** Opens a channel and hands it to `add`, or calls `failed`. Answers false when there is nothing to open one on. */
  readonly open: (add: (channel: ConfirmChannel) => Slot, failed: () => void) => boolean
  readonly close: (slot: Slot) => void
  /** A lane has a channel now, after so many milliseconds. */
  readonly onAssigned: (lane: Lane, waited: number) => void
}

/** Messages of one exchange that are sent at a stretch while others wait for a channel. */
const turnLength = 1_000

export class ChannelPool {
  readonly lanes = new Map<string, Lane>()
  readonly slots = new Set<Slot>()
  /** Lanes with messages and without a channel, the first one first, and since when. */
  readonly wanting = new Map<Lane, number>()
  opened = 0
  closed = 0
  private opening = 0
  private readonly options: Options

  constructor(options: Options) {
    this.options = options
  }

  lane(exchange: string): Lane {
    let lane = this.lanes.get(exchange)
    if (lane === undefined) {
      lane = { exchange, waiting: new Outbox(), sent: new Outbox(), slot: undefined, turn: 0, careful: 0 }
      this.lanes.set(exchange, lane)
    }
    return lane
  }

  /** Finds a channel for a lane: one that is free, a new one, or the next that becomes free. */
  want(lane: Lane): void {
    if (lane.slot !== undefined || this.wanting.has(lane)) return
    this.wanting.set(lane, this.options.exactNow())
    this.serve()
  }

  /** Hands channels to those who wait for them. */
  serve(): void {
    for (const lane of this.wanting.keys()) {
      const slot = this.free()
      if (slot === undefined) break
      this.assign(slot, lane)
    }
    while (this.opening < this.wanting.size && this.slots.size + this.opening < this.options.settings.maxChannels) {
      if (!this.open()) return
    }
  }

  /** Whether the next message of a lane must wait, so that its channel can go to others or be replaced. */
  mustLeave(lane: Lane): boolean {
    if (lane.slot === undefined) return false
    return this.isOld(lane.slot) || this.wanting.size > 0 && (lane.turn >= turnLength || isIdle(lane))
  }

  /** Takes the channel from a lane that has nothing without a confirm. */
  leave(lane: Lane): void {
    const { slot } = lane
    if (slot === undefined) return
    this.detach(slot)
    if (this.isOld(slot)) this.close(slot)
    if (lane.waiting.size > 0) this.want(lane)
    this.serve()
  }

  /** Forgets a channel that is closed. */
  remove(slot: Slot): void {
    if (!this.slots.delete(slot)) return
    this.closed++
    this.detach(slot)
  }

  close(slot: Slot): void {
    this.remove(slot)
    this.options.close(slot)
  }

  /** Closes what nobody has used for long, down to the least number, and what is too old. */
  tidy(): void {
    for (const slot of this.slots) {
      if (!isUnused(slot)) continue
      const isIdleForLong = this.options.now() - slot.usedAt > this.options.settings.idleMillis
      if (this.isOld(slot) || isIdleForLong && this.slots.size > this.options.settings.minChannels) this.close(slot)
    }
  }

  /** Forgets a lane that has neither messages nor a channel. */
  forget(lane: Lane): void {
    if (!isIdle(lane) || lane.slot !== undefined) return
    this.wanting.delete(lane)
    this.lanes.delete(lane.exchange)
  }

  unused(): ReadonlyArray<Slot> {
    return [...this.slots].filter(isUnused)
  }

  private free(): Slot | undefined {
    for (const slot of this.slots) {
      if (!isUnused(slot)) continue
      this.detach(slot)
      if (!this.isOld(slot)) return slot
      this.close(slot)
    }
    return undefined
  }

  private open(): boolean {
    const add = (channel: ConfirmChannel) => {
      this.opening--
      const now = this.options.now()
      const slot: Slot = { channel, openedAt: now, usedAt: now, lane: undefined, writable: true }
      this.slots.add(slot)
      this.opened++
      this.serve()
      return slot
    }
    const isOpening = this.options.open(add, () => void this.opening--)
    if (isOpening) this.opening++
    return isOpening
  }

  private assign(slot: Slot, lane: Lane): void {
    const since = this.wanting.get(lane) ?? 0
    this.wanting.delete(lane)
    slot.lane = lane
    slot.usedAt = this.options.now()
    lane.slot = slot
    lane.turn = 0
    this.options.onAssigned(lane, this.options.exactNow() - since)
  }

  private detach(slot: Slot): void {
    const { lane } = slot
    slot.lane = undefined
    slot.usedAt = this.options.now()
    if (lane === undefined) return
    lane.slot = undefined
    this.forget(lane)
  }

  private isOld(slot: Slot): boolean {
    return this.options.now() - slot.openedAt > this.options.settings.lifeMillis
  }
}

const isIdle = (lane: Lane): boolean => lane.waiting.size === 0 && lane.sent.size === 0

const isUnused = ({ lane }: Slot): boolean => lane === undefined || isIdle(lane)
