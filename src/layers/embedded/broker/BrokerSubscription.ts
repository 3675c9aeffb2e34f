/** A consumer of the embedded broker: a buffer no longer than its prefetch, filled by the queue and emptied by a stream. */
import { Effect, Result } from "effect"
import { BrokerError, type ConsumeOptions, type Delivery } from "../../../services/MessageBroker.ts"
import { acknowledged, Channel, type Settled } from "./BrokerChannel.ts"
import type { Attached } from "./BrokerConnection.ts"
import * as Failure from "./BrokerFailure.ts"
import type { BrokerHost } from "./BrokerHost.ts"
import type { Entry } from "./BrokerMessage.ts"
import type { BrokerQueue, Consumer } from "./BrokerQueue.ts"

type Deliveries = [Delivery, ...Array<Delivery>]

export interface Needs {
  readonly host: BrokerHost
  /** Whose exclusive queues it may consume from. */
  readonly connection: object
  readonly delivered: () => void
  readonly settled: Settled
}

export class Subscription implements Consumer, Attached {
  readonly tag: string
  readonly priority: number
  readonly exclusive: boolean
  readonly #name: string
  readonly #prefetch: number
  readonly #autoAck: boolean
  readonly #needs: Needs
  #channel: Channel
  #queue: BrokerQueue | undefined
  #buffer: Array<Delivery> = []
  #failure: BrokerError | undefined
  #wake: (() => void) | undefined

  constructor(queue: string, tag: string, options: ConsumeOptions, needs: Needs) {
    const priority = options.priority ?? options.arguments?.["x-priority"]
    this.tag = options.tag ?? tag
    this.priority = typeof priority === "number" ? priority : 0
    this.exclusive = options.exclusive ?? false
    this.#name = queue
    this.#prefetch = options.prefetch ?? 100
    this.#autoAck = options.autoAck ?? false
    this.#needs = needs
    this.#channel = new Channel(needs.settled)
  }

  /** Begins, or begins again, to consume. */
  attach(): void {
    const { connection, host } = this.#needs
    const queue = host.queue(this.#name, connection)
    if (Result.isFailure(queue)) return this.#fail(queue.failure)
    this.#queue = queue.success
    this.#channel = new Channel(this.#needs.settled)
    if (!queue.success.subscribe(this)) {
      this.#queue = undefined
      this.#fail(Failure.inUse(this.#name))
    }
  }

  /** Ends it; what is not settled goes back to the queue. */
  detach(): void {
    const queue = this.#queue
    this.#queue = undefined
    this.#buffer = []
    queue?.unsubscribe(this)
    this.#channel.close()
    queue?.run()
  }

  /** Ends it for good. */
  abandon(error: BrokerError): void {
    this.detach()
    this.#fail(error)
  }

  hasRoom(): boolean {
    return (this.#autoAck ? this.#buffer.length : this.#channel.size) < this.#prefetch
  }

  deliver(entry: Entry): void {
    const queue = this.#queue!
    this.#needs.delivered()
    if (this.#autoAck) {
      this.#buffer.push(acknowledged(queue, entry))
      queue.discard(entry)
    } else {
      this.#buffer.push(this.#channel.hold(queue, entry))
    }
    this.#awake()
  }

  cancelled(): void {
    this.#queue = undefined
    this.#fail(Failure.missing("queue", this.#name))
  }

  /** Everything that has come, when something has. What came before a failure is given out first. */
  readonly pull: Effect.Effect<Deliveries, BrokerError> = Effect.suspend(() => {
    const [first, ...others] = this.#buffer
    if (first !== undefined) {
      this.#buffer = []
      // Of those that count as acknowledged there is room again.
      if (this.#autoAck) this.#queue?.run()
      return Effect.succeed<Deliveries>([first, ...others])
    }
    if (this.#failure !== undefined) return Effect.fail(this.#failure)
    return Effect.callback((resume) => {
      // What comes before the fiber runs comes with it.
      this.#wake = () => resume(this.pull)
      return Effect.sync(() => void (this.#wake = undefined))
    })
  })

  #fail(error: BrokerError): void {
    this.#failure = error
    this.#awake()
  }

  #awake(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}
