/**
 * One queue of the embedded broker: limits, time to live, consumers and what they hold. It knows no Effect: time and other
 * queues come from `Around`. It does what RabbitMQ's classic queues do, and counts deliveries when declared as a quorum queue.
 */
import { Backlog } from "./BrokerBacklog.ts"
import type { Death, Entry, Stored } from "./BrokerMessage.ts"
import { type Declared, type Settings, settingsOf } from "./BrokerSettings.ts"

/** What a queue needs of its broker. */
export interface Around {
  /** Milliseconds that only grow. */
  readonly now: () => number
  /** Runs a function later, unless what it answers with is called. */
  readonly after: (millis: number, run: () => void) => () => void
  readonly nextNumber: () => number
  /** Counts an entry that was taken in. */
  readonly arrived: (entry: Entry) => void
  /** Forgets an entry for good. */
  readonly gone: (entry: Entry) => void
  /** Sends an entry to the dead letters, then forgets it. */
  readonly died: (queue: BrokerQueue, entry: Entry, reason: Death) => void
  readonly deleteQueue: (queue: BrokerQueue) => void
}

export interface Consumer {
  readonly tag: string
  readonly priority: number
  readonly exclusive: boolean
  /** Room for one more that is not settled. */
  readonly hasRoom: () => boolean
  readonly deliver: (entry: Entry) => void
  /** The queue is gone. */
  readonly cancelled: () => void
}

export class BrokerQueue {
  /** Served in turn; higher priorities first. */
  #consumers: Array<Consumer> = []
  /** In the order in which they came; the first is the active one. */
  readonly #registered = new Set<Consumer>()
  readonly #backlog = new Backlog()
  #deleted = false
  #expiry: { readonly at: number; readonly cancel: () => void } | undefined
  #idle: (() => void) | undefined
  readonly #around: Around
  readonly declared: Declared
  /** The connection that has it for itself. */
  readonly owner: object | undefined
  readonly settings: Settings

  constructor(declared: Declared, owner: object | undefined, around: Around) {
    this.declared = declared
    this.owner = owner
    this.settings = settingsOf(declared.arguments)
    this.#around = around
    this.used()
  }

  get name(): string {
    return this.declared.name
  }

  get depth(): number {
    this.#expire()
    return this.#backlog.size
  }

  get consumers(): number {
    return this.#registered.size
  }

  /** Messages that wait, next one first. */
  get waiting(): Iterable<Entry> {
    return this.#backlog
  }

  /** Takes a message in, or answers with `undefined` when its limit refuses it. */
  put(message: Stored): Entry | undefined {
    const entry = this.#entry(message)
    const { overflow } = this.settings
    if (overflow !== "drop-head" && this.#overflows(entry)) {
      if (overflow === "reject-publish-dlx") {
        this.#around.arrived(entry)
        this.#around.died(this, entry, "maxlen")
      }
      return undefined
    }
    this.#around.arrived(entry)
    const consumer = this.#backlog.size === 0 ? this.#next() : undefined
    // A message that may not wait at all still goes to a consumer who waits for it.
    if (consumer !== undefined) {
      consumer.deliver(entry)
    } else {
      this.#backlog.push(entry)
      this.#trim()
      this.#expire()
    }
    return entry
  }

  /** Puts back what a journal had, in order. */
  restore(entry: Entry): void {
    this.#around.arrived(entry)
    this.#backlog.push(entry)
  }

  /** Takes the next message, which is to be settled. */
  take(): Entry | undefined {
    this.used()
    this.#expire()
    return this.#backlog.shift()
  }

  ack(entry: Entry): void {
    this.#around.gone(entry)
    this.run()
  }

  /** Forgets one that counts as acknowledged. */
  discard(entry: Entry): void {
    this.#around.gone(entry)
  }

  reject(entry: Entry): void {
    if (this.#deleted) this.#around.gone(entry)
    else this.#around.died(this, entry, "rejected")
    this.run()
  }

  /** Takes messages back to the places that they had. */
  giveBack(entries: ReadonlyArray<Entry>): void {
    const { deliveryLimit } = this.settings
    for (const entry of entries.toSorted((one, two) => two.number - one.number)) {
      entry.redelivered = true
      entry.returns++
      if (this.#deleted) this.#around.gone(entry)
      else if (deliveryLimit !== undefined && entry.returns > deliveryLimit) {
        this.#around.died(this, entry, "delivery_limit")
      } else this.#backlog.giveBack(entry)
    }
    this.#trim()
    this.run()
  }

  /** `false` when another consumer has it for itself, or this one wants to and cannot. */
  subscribe(consumer: Consumer): boolean {
    const taken = [...this.#registered].some(({ exclusive }) => exclusive)
    if (taken || (consumer.exclusive && (this.consumers > 0 || this.settings.singleActiveConsumer))) return false
    this.#registered.add(consumer)
    this.#consumers.push(consumer)
    this.#consumers.sort((one, two) => two.priority - one.priority)
    this.#idle?.()
    this.run()
    return true
  }

  /** The others are served by the next `run`: what this one held comes back first. */
  unsubscribe(consumer: Consumer): void {
    if (!this.#registered.delete(consumer)) return
    this.#consumers = this.#consumers.filter((other) => other !== consumer)
    this.used()
    if (this.declared.autoDelete && this.consumers === 0) this.#around.deleteQueue(this)
  }

  /** Removes what waits; answers with how many. */
  purge(): number {
    const entries = [...this.#backlog]
    for (const entry of entries) {
      this.#backlog.shift()
      this.#around.gone(entry)
    }
    return entries.length
  }

  /** Removes messages that are not persistent. */
  forgetTransient(): void {
    const entries = [...this.#backlog]
    for (const _ of entries) this.#backlog.shift()
    for (const entry of entries) {
      if (entry.message.properties.persistent) this.#backlog.push(entry)
      else this.#around.gone(entry)
    }
  }

  /** Ends it: nothing waits, consumers are told. Answers with how many messages waited. */
  close(): number {
    this.#deleted = true
    this.#idle?.()
    this.#expiry?.cancel()
    const removed = this.purge()
    const consumers = [...this.#registered]
    this.#registered.clear()
    this.#consumers = []
    for (const consumer of consumers) consumer.cancelled()
    return removed
  }

  /** Begins its unused time anew. */
  used(): void {
    this.#idle?.()
    const { expires } = this.settings
    if (expires === undefined || this.consumers > 0 || this.#deleted) return
    this.#idle = this.#around.after(expires, () => this.#around.deleteQueue(this))
  }

  /** Serves consumers as long as there are messages, and room. */
  run(): void {
    for (let consumer = this.#waits() ? this.#next() : undefined; consumer !== undefined; consumer = this.#next()) {
      consumer.deliver(this.#backlog.shift()!)
      if (!this.#waits()) return
    }
  }

  #waits(): boolean {
    this.#expire()
    return this.#backlog.size > 0
  }

  /** The consumer whose turn it is. */
  #next(): Consumer | undefined {
    if (this.settings.singleActiveConsumer) {
      const [active] = this.#registered
      return active?.hasRoom() === true ? active : undefined
    }
    const all = this.#consumers
    const index = all.findIndex((consumer) => consumer.hasRoom())
    const consumer = all[index]
    if (consumer === undefined || all.length === 1) return consumer
    all.splice(index, 1)
    const behind = all.findLastIndex(({ priority }) => priority >= consumer.priority)
    all.splice(behind + 1, 0, consumer)
    return consumer
  }

  #entry(message: Stored): Entry {
    const { messageTtl, maxPriority } = this.settings
    const own = message.properties.expiration as number | undefined
    const ttl = own === undefined ? messageTtl : Math.min(own, messageTtl ?? own)
    return {
      number: this.#around.nextNumber(),
      message,
      level: Math.min(message.properties.priority ?? 0, maxPriority),
      expiresAt: ttl === undefined ? undefined : this.#around.now() + ttl,
      redelivered: false,
      returns: 0,
      kept: false,
      gone: false
    }
  }

  #overflows({ message }: Entry): boolean {
    const { maxBytes, maxLength } = this.settings
    return this.#backlog.size + 1 > maxLength || this.#backlog.bytes + message.body.length > maxBytes
  }

  /** Drops from the head, whatever its priority. */
  #trim(): void {
    const { maxBytes, maxLength } = this.settings
    while (this.#backlog.size > maxLength || this.#backlog.bytes > maxBytes) {
      this.#around.died(this, this.#backlog.shift()!, "maxlen")
    }
  }

  /** Only the head expires: what is behind a message that lives longer waits for it. */
  #expire(): void {
    const head = this.#backlog.peek()
    if (head?.expiresAt === undefined) return
    const now = this.#around.now()
    let next: Entry | undefined = head
    for (; next?.expiresAt !== undefined && next.expiresAt <= now; next = this.#backlog.peek()) {
      this.#around.died(this, this.#backlog.shift()!, "expired")
    }
    if (next?.expiresAt !== undefined) this.#wakeAt(next.expiresAt, now)
  }

  #wakeAt(at: number, now: number): void {
    if (this.#expiry !== undefined && this.#expiry.at <= at) return
    this.#expiry?.cancel()
    const cancel = this.#around.after(at - now, () => {
      this.#expiry = undefined
      this.#expire()
    })
    this.#expiry = { at, cancel }
  }
}
