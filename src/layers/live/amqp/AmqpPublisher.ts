/**
 * Publishes with confirms over the channels of one connection, and answers for each message: kept, refused, returned, lost.
 *
 * A message is `waiting` for its turn (a channel, room in the window, a socket or a broker that takes more), then `sent`, until
 * the broker confirms it, its time is over, or the connection is lost: then it waits again, before all others, and is sent
 * again under the same message id. No fiber runs for a message; callbacks of the driver and one sweeper do it all.
 */
import { Clock, Effect, Exit, FiberSet, type Scope } from "effect"
import type { BrokerError, Confirm, Outgoing } from "../../../services/MessageBroker.ts"
import * as Rules from "../../../services/messages/Outgoing.ts"
import { ChannelPool, type Lane, type Slot } from "./AmqpChannelPool.ts"
import { closeChannel, type ConfirmChannel, type Connection, type Message } from "./AmqpConnection.ts"
import { fromDriver, isUnwritable } from "./AmqpFailure.ts"
import { type Counts, type Parcel, parcelOf } from "./AmqpOutbox.ts"
import type { Settings } from "./AmqpSettings.ts"
import * as Verdicts from "./AmqpVerdicts.ts"

export interface Publisher {
  /** Takes a message on; `settle` is called once, unless the parcel is abandoned. */
  readonly submit: (message: Outgoing, counts: Counts, settle: NonNullable<Parcel["settle"]>) => Parcel | undefined
  /** Nobody waits for it any more: it is not sent if it was not, and never sent again. */
  readonly abandon: (parcel: Parcel) => void
  readonly onUp: (connection: Connection) => void
  readonly onDown: (why: BrokerError) => void
  readonly setBlocked: (isBlocked: boolean) => void
  readonly isBlocked: () => boolean
  readonly channels: () => { open: number; busy: number; waiting: number; opened: number; closed: number }
}

/** Makes a publisher without a connection; everything that it opens closes with the scope. Tells how long was waited for channels. */
export const make = Effect.fnUntraced(function*(
  shown: string,
  settings: Settings,
  onWaited: (seconds: number) => void
): Effect.fn.Return<Publisher, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const run = yield* FiberSet.makeRuntime<never>()
  const monotonic = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)

  const { acquireMillis, confirmMillis, healthMillis, maxUnconfirmed, reconnectMillis } = settings
  // Times are those of the last sweep: reading the clock for each message would cost more than sending some.
  const tick = Math.min(1_000, Math.max(10, Math.min(confirmMillis, acquireMillis, reconnectMillis) / 10))

  let now = monotonic()
  let connection: Connection | undefined
  let lost: { readonly why: BrokerError; readonly at: number } | undefined
  let blocked = false
  /** Since when nothing but others kept messages from a channel. */
  let flowingSince = now
  let checkedAt = now
  let unconfirmed = 0
  let isOpen = true
  /** Lanes that found the window full. */
  const crowded = new Set<Lane>()

  const verdicts = Verdicts.make(shown, settings.maxChannels)
  const pool = new ChannelPool({
    settings,
    now: () => now,
    exactNow: monotonic,
    open: (add, failed) => {
      const current = connection
      if (current === undefined) return false
      run(Effect.match(current.openConfirmChannel, {
        onFailure: failed,
        onSuccess: (channel) => current === connection ? attend(channel, add) : failed()
      }))
      return true
    },
    close: (slot) => void run(closeChannel(slot.channel)),
    onAssigned: (lane, waited) => {
      if (waited > 0) onWaited(waited / 1_000)
      flush(lane)
    }
  })

  const attend = (channel: ConfirmChannel, add: (channel: ConfirmChannel) => Slot) => {
    let refusal: unknown
    // Attached before the channel is used: a socket that breaks in between would otherwise go unseen.
    channel.on("error", (error) => refusal = error)
    channel.on("close", () => onClosed(slot, refusal))
    channel.on("return", (message) => onReturned(slot, message))
    channel.on("drain", () => {
      slot.writable = true
      if (slot.lane !== undefined) flush(slot.lane)
    })
    const slot = add(channel)
  }

  const takes = (slot: Slot): boolean => slot.writable && !blocked

  const flush = (lane: Lane): void => {
    const { sent, slot, waiting } = lane
    if (slot === undefined) return void (waiting.size > 0 && pool.want(lane))
    while (waiting.first !== undefined && takes(slot) && lane.slot === slot) {
      if (lane.careful > 0 && sent.size > 0) return
      if (pool.mustLeave(lane)) return void (sent.size === 0 && pool.leave(lane))
      if (unconfirmed >= maxUnconfirmed) return void crowded.add(lane)
      send(lane, slot, waiting.first)
    }
  }

  const send = (lane: Lane, slot: Slot, parcel: Parcel): void => {
    lane.waiting.remove(parcel)
    try {
      slot.writable = slot.channel.publish(
        parcel.exchange,
        parcel.routingKey,
        parcel.content,
        parcel.options,
        (error: unknown) => onConfirmed(lane, parcel, error)
      )
    } catch (error) {
      if (isUnwritable(error)) return settle(parcel, verdicts.refused(parcel, error))
      lane.waiting.prepend(parcel)
      return onClosed(slot, undefined)
    }
    if (parcel.attempts++ === 0) parcel.counts.published++
    else parcel.counts.resent++
    parcel.sentAt = now
    lane.sent.append(parcel)
    lane.turn++
    unconfirmed++
    parcel.counts.unconfirmed++
  }

  /** Takes a parcel out of those that were sent. */
  const take = (lane: Lane, parcel: Parcel): void => {
    lane.sent.remove(parcel)
    unconfirmed--
    parcel.counts.unconfirmed--
  }

  const onConfirmed = (lane: Lane, parcel: Parcel, error: unknown): void => {
    // Its time was over, or its channel has closed, which is dealt with for all of them together.
    if (parcel.list !== lane.sent || error !== null && error instanceof Error && error.message === "channel closed") {
      return
    }
    take(lane, parcel)
    if (lane.careful > 0) lane.careful--
    const { attempts, counts, messageId, returned } = parcel
    if (returned !== undefined) {
      counts.returned++
      settle(parcel, verdicts.unroutable(parcel, returned))
    } else if (error === null) {
      counts.confirmed++
      settle(parcel, Exit.succeed({ messageId, outcome: "kept", attempts }))
    } else {
      counts.refused++
      settle(parcel, Exit.succeed({ messageId, outcome: "refused", attempts }))
    }
    goOn(lane)
  }

  /** After a place in the window became free. */
  const goOn = (lane: Lane): void => {
    if (lane.sent.size === 0 && pool.mustLeave(lane)) pool.leave(lane)
    else flush(lane)
    for (const other of crowded) {
      if (unconfirmed >= maxUnconfirmed) return
      crowded.delete(other)
      flush(other)
    }
  }

  /** `refusal` is what the broker closed the channel for. Without one the connection is lost, which has a reason or none. */
  const onClosed = (slot: Slot, refusal: unknown): void => {
    const { lane } = slot
    if (lane === undefined) return pool.remove(slot)
    const why = refusal ?? connection?.failure()
    const { code } = fromDriver(why, { shown, what: "publish" })
    const isRefusal = code !== undefined && code !== 320
    // All messages of a lane go to the same exchange. Of other refusals only a message that was alone can be the cause, and
    // when the whole connection was closed it was so for the second time.
    const isAlone = lane.sent.size === 1 && (refusal !== undefined || lane.sent.first!.attempts > 1)
    const isTheirs = code === 404 || isRefusal && isAlone
    // The channel is out of the way before anybody hears of it, and may publish more.
    const failed: Array<Parcel> = []
    for (let parcel = lane.sent.last; parcel !== undefined; parcel = lane.sent.last) {
      take(lane, parcel)
      if (isTheirs) failed.push(parcel)
      else if (parcel.settle !== undefined) lane.waiting.prepend(parcel)
    }
    if (isRefusal) lane.careful = isTheirs ? Math.max(0, lane.careful - 1) : lane.waiting.size
    pool.remove(slot)
    for (const parcel of failed.reverse()) settle(parcel, verdicts.refused(parcel, why))
    goOn(lane)
    pool.forget(lane)
  }

  const failWaiting = (lane: Lane, verdict: (parcel: Parcel) => Verdict, isLate: (parcel: Parcel) => boolean): void => {
    for (let parcel = lane.waiting.first; parcel !== undefined && isLate(parcel); parcel = lane.waiting.first) {
      lane.waiting.remove(parcel)
      settle(parcel, verdict(parcel))
    }
    pool.forget(lane)
  }

  /** Confirms that do not come, channels that do not become free, connections that do not come back. */
  const expire = (): void => {
    for (const lane of pool.lanes.values()) {
      let parcel = blocked ? undefined : lane.sent.first
      while (parcel !== undefined && now - parcel.sentAt > confirmMillis + tick) {
        take(lane, parcel)
        settle(parcel, verdicts.unconfirmed(parcel))
        parcel = lane.sent.first
      }
      if (lost !== undefined && now - lost.at > reconnectMillis) {
        const { why } = lost
        failWaiting(lane, (parcel) => verdicts.lost(parcel, why), () => true)
      } else if (connection !== undefined && !blocked && pool.wanting.has(lane)) {
        const isLate = (parcel: Parcel) => now - Math.max(parcel.sentAt, flowingSince) > acquireMillis + tick
        failWaiting(lane, verdicts.busy, isLate)
      }
      goOn(lane)
    }
  }

  const checkUnused = (): void => {
    checkedAt = now
    for (const slot of pool.unused()) {
      const answer = Effect.tryPromise(() => slot.channel.prefetch(0)).pipe(Effect.timeout("10 seconds"))
      run(Effect.match(answer, { onFailure: () => pool.close(slot), onSuccess: () => {} }))
    }
  }

  const sweep = Effect.sync(() => {
    now = monotonic()
    expire()
    pool.serve()
    pool.tidy()
    if (now - checkedAt > healthMillis) checkUnused()
  })
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(tick), sweep)))
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      isOpen = false
      for (const { sent, waiting } of pool.lanes.values()) {
        for (const list of [sent, waiting]) {
          for (let parcel = list.first; parcel !== undefined; parcel = list.first) {
            list.remove(parcel)
            settle(parcel, verdicts.closed(parcel))
          }
        }
      }
    })
  )

  return {
    submit: (message, counts, settle) => {
      const refusal = Rules.refusal(message)
      if (refusal !== undefined) return void settle(Exit.fail(refusal))
      const parcel = parcelOf(message, counts, settle, now)
      if (!isOpen) return void settle(verdicts.closed(parcel))
      const lane = pool.lane(parcel.exchange)
      lane.waiting.append(parcel)
      flush(lane)
      return parcel
    },
    abandon: (parcel) => {
      parcel.settle = undefined
      const lane = pool.lanes.get(parcel.exchange)
      if (lane === undefined || parcel.list !== lane.waiting) return
      lane.waiting.remove(parcel)
      pool.forget(lane)
    },
    onUp: (opened) => {
      connection = opened
      lost = undefined
      blocked = false
      flowingSince = now = monotonic()
      pool.serve()
    },
    onDown: (why) => {
      connection = undefined
      lost = { why, at: now = monotonic() }
    },
    setBlocked: (isBlocked) => {
      blocked = isBlocked
      flowingSince = now = monotonic()
      if (blocked) return
      for (const lane of pool.lanes.values()) {
        // The time that the broker took for itself is not theirs.
        for (let parcel = lane.sent.first; parcel !== undefined; parcel = parcel.after) parcel.sentAt = now
        flush(lane)
      }
    },
    isBlocked: () => blocked,
    channels: () => ({
      open: pool.slots.size,
      busy: pool.slots.size - pool.unused().length,
      waiting: [...pool.wanting.keys()].reduce((sum, lane) => sum + lane.waiting.size, 0),
      opened: pool.opened,
      closed: pool.closed
    })
  }
})

type Verdict = Exit.Exit<Confirm, BrokerError>

const settle = (parcel: Parcel, exit: Verdict): void => {
  const { settle } = parcel
  parcel.settle = undefined
  settle?.(exit)
}

/** The broker returns a message right before it confirms it. */
const onReturned = (slot: Slot, { fields, properties }: Message): void => {
  for (let parcel = slot.lane?.sent.first; parcel !== undefined; parcel = parcel.after) {
    const isIt = parcel.messageId === properties.messageId && parcel.routingKey === fields.routingKey
    if (!isIt || parcel.returned !== undefined) continue
    parcel.returned = "replyText" in fields ? String(fields.replyText) : "NO_ROUTE"
    return
  }
}
