/**
 * Acknowledges the deliveries of one channel on that channel. Acks of one turn of the event loop go out together: those up to
 * the first delivery that is still open as one, so that a consumer that keeps the order sends one frame for many messages.
 */
import type { Channel, Message } from "./AmqpConnection.ts"

export class Settler {
  isOpen = true
  private readonly channel: Channel
  /** Every delivery up to this one is settled. */
  private low = 0
  /** Settled ones beyond. */
  private readonly settled = new Set<number>()
  private acks: Array<Message> = []

  constructor(channel: Channel) {
    this.channel = channel
    channel.on("close", () => this.isOpen = false)
  }

  /** Answers false when the channel is gone: the broker has taken the message back. */
  ack(message: Message): boolean {
    if (!this.isOpen) return false
    this.settled.add(message.fields.deliveryTag)
    if (this.acks.push(message) === 1) setImmediate(() => this.flush())
    return true
  }

  nack(message: Message, requeue: boolean): boolean {
    if (!this.isOpen) return false
    this.settled.add(message.fields.deliveryTag)
    return this.send(() => this.channel.nack(message, false, requeue))
  }

  /** Sends what has been acknowledged. */
  flush(): void {
    const acks = this.acks
    this.acks = []
    if (!this.isOpen) return
    while (this.settled.delete(this.low + 1)) this.low++
    let last: Message | undefined
    for (const message of acks) {
      const tag = message.fields.deliveryTag
      if (tag > this.low) this.send(() => this.channel.ack(message))
      else if (last === undefined || tag > last.fields.deliveryTag) last = message
    }
    if (last !== undefined) {
      const upTo = last
      this.send(() => this.channel.ack(upTo, true))
    }
  }

  /** A channel that is closing takes nothing more. */
  private send(write: () => void): boolean {
    try {
      write()
    } catch {
      this.isOpen = false
    }
    return this.isOpen
  }
}
