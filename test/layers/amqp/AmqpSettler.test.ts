/** Acks that go out together acknowledge exactly what was acknowledged. */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { EventEmitter } from "node:events"
import type { Channel, Message } from "../../../src/layers/live/amqp/AmqpConnection.ts"
import { Settler } from "../../../src/layers/live/amqp/AmqpSettler.ts"

/** A channel that settles as the broker does: an ack of many takes every delivery up to it that is still open. */
const channelOf = (deliveries: number) => {
  const open = new Set(Array.from({ length: deliveries }, (_, index) => index + 1))
  const acked = new Set<number>()
  const nacked = new Set<number>()
  let frames = 0
  const take = (tag: number, into: Set<number>) => {
    assert.isTrue(open.delete(tag), `delivery ${tag} is settled twice`)
    into.add(tag)
  }
  const channel = Object.assign(new EventEmitter(), {
    ack: ({ fields }: Message, all = false) => {
      frames++
      if (all) { for (const tag of open) if (tag < fields.deliveryTag) take(tag, acked) }
      take(fields.deliveryTag, acked)
    },
    nack: ({ fields }: Message) => {
      frames++
      take(fields.deliveryTag, nacked)
    }
  })
  return { channel: channel as unknown as Channel, acked, nacked, frames: () => frames }
}

const message = (deliveryTag: number) => ({ fields: { deliveryTag } }) as Message

describe("AmqpSettler", () => {
  it("settles what was settled, as it was, in any order and in any number of turns", () => {
    const steps = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 30 }).chain((tags) =>
      fc.tuple(...tags.map((tag) => fc.record({ tag: fc.constant(tag), nack: fc.boolean(), flush: fc.boolean() })))
    )
    fc.assert(fc.property(steps, (steps) => {
      const { acked, channel, nacked } = channelOf(30)
      const settler = new Settler(channel)
      for (const { flush, nack, tag } of steps) {
        if (nack) settler.nack(message(tag), true)
        else settler.ack(message(tag))
        if (flush) settler.flush()
      }
      settler.flush()

      const tags = (nack: boolean) => steps.filter((step) => step.nack === nack).map(({ tag }) => tag).toSorted()
      assert.deepStrictEqual([...acked].toSorted(), tags(false))
      assert.deepStrictEqual([...nacked].toSorted(), tags(true))
    }))
  })

  it("sends one frame for many in order, and one for each beyond a delivery that is open", () => {
    const { acked, channel, frames } = channelOf(10)
    const settler = new Settler(channel)
    for (const tag of [1, 2, 3, 4, 6, 7]) settler.ack(message(tag))
    settler.flush()

    assert.strictEqual(frames(), 3)
    assert.deepStrictEqual([...acked].toSorted(), [1, 2, 3, 4, 6, 7])
  })

  it("says no when the channel is closed", () => {
    const { acked, channel } = channelOf(2)
    const settler = new Settler(channel)
    settler.ack(message(1))
    channel.emit("close")
    settler.flush()

    assert.deepStrictEqual([settler.ack(message(2)), settler.nack(message(2), true), acked.size], [false, false, 0])
  })
})
