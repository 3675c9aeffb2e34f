/**
 * The embedded broker itself: what is declared, and how messages come in, die and go. Every call is done when it returns, so that
 * fibers see each one whole. `Around` has its clock and its limits; `Memory` is told what a journal has to keep.
 */
import { Result } from "effect"
import type { Binding, BrokerError, Exchange, Queue } from "../../../services/MessageBroker.ts"
import * as Arguments from "../../../services/messages/QueueArguments.ts"
import * as Routing from "../../../services/messages/Routing.ts"
import { Exchanges } from "./BrokerExchanges.ts"
import * as Failure from "./BrokerFailure.ts"
import { deadLetter, type Death, type Entry, isCircle, type Stored, visible } from "./BrokerMessage.ts"
import { BrokerQueue } from "./BrokerQueue.ts"
import { type Declared, difference } from "./BrokerSettings.ts"

export interface Around {
  /** Milliseconds that only grow. */
  readonly now: () => number
  /** Milliseconds since 1970. */
  readonly wallTime: () => number
  /** Runs a function later, unless what it answers with is called. */
  readonly after: (millis: number, run: () => void) => () => void
  /** Most messages in all queues together; one more is refused. */
  readonly maxMessages: number
  /** Most bytes of their bodies. */
  readonly maxBytes: number
}

/** Is told of durable exchanges and queues and of the persistent messages in them. */
export interface Memory {
  readonly declared: (what: Durable) => void
  readonly deleted: (what: Deleted) => void
  readonly arrived: (message: Stored, entries: ReadonlyArray<Placed>) => void
  readonly gone: (entry: Entry) => void
}

export type Durable = { readonly exchange: Exchange } | { readonly queue: Declared } | { readonly binding: Binding }

export type Deleted = { readonly exchange: string } | { readonly queue: string }

export interface Placed {
  readonly queue: string
  readonly entry: Entry
}

type Outcome = Result.Result<"kept" | "refused", BrokerError>

const kept: Outcome = Result.succeed("kept")
const notKept: Outcome = Result.succeed("refused")

export class BrokerHost {
  readonly #exchanges = new Exchanges()
  readonly #queues = new Map<string, BrokerQueue>()
  readonly #dead: Array<{ readonly queue: BrokerQueue; readonly entry: Entry; readonly reason: Death }> = []
  #burying = false
  #number = 0
  #messages = 0
  #bytes = 0
  readonly #around: Around
  #memory: Memory | undefined

  constructor(around: Around) {
    this.#around = around
  }

  get queues(): Iterable<BrokerQueue> {
    return this.#queues.values()
  }

  /** Tells of everything from now on. */
  remember(memory: Memory): void {
    this.#memory = memory
  }

  /** What outlives a restart, in an order in which it can be declared again. */
  *durables(): Iterable<Durable> {
    for (const exchange of this.#exchanges.all) {
      if (isDurable(exchange) && !Routing.predeclared.has(exchange.name)) yield { exchange }
    }
    for (const { declared } of this.#queues.values()) if (isKept(declared)) yield { queue: declared }
    for (const binding of this.#exchanges.bindings) if (this.#isDurable(binding)) yield { binding }
  }

  declareExchange(exchange: Exchange): Result.Result<void, BrokerError> {
    return Result.map(this.#exchanges.declare(exchange), (isNew) => {
      if (isNew && isDurable(exchange)) this.#memory?.declared({ exchange })
    })
  }

  declareQueue(queue: Queue, connection: object): Result.Result<void, BrokerError> {
    const declared: Declared = {
      name: queue.name,
      durable: queue.durable ?? true,
      exclusive: queue.exclusive ?? false,
      autoDelete: queue.autoDelete ?? false,
      arguments: Arguments.ofQueue(queue)
    }
    const there = this.#queues.get(queue.name)
    if (there !== undefined) return redeclared(there, declared, connection)
    const type = declared.arguments["x-queue-type"] ?? "classic"
    if (type !== "classic" && type !== "quorum") {
      return Result.fail(Failure.refused(`the embedded broker has no queues of the type ${JSON.stringify(type)}`))
    }
    this.addQueue(declared, declared.exclusive ? connection : undefined)
    if (isKept(declared)) this.#memory?.declared({ queue: declared })
    return Result.void
  }

  /** Adds a queue that is not there. */
  addQueue(declared: Declared, owner?: object): void {
    this.#queues.set(
      declared.name,
      new BrokerQueue(declared, owner, {
        now: this.#around.now,
        after: this.#around.after,
        nextNumber: () => ++this.#number,
        arrived: (entry) => this.#count(entry, 1),
        gone: (entry) => this.#gone(entry),
        died: (queue, entry, reason) => this.#died(queue, entry, reason),
        deleteQueue: (queue) => void this.#remove(queue)
      })
    )
  }

  bind(binding: Binding, connection?: object): Result.Result<void, BrokerError> {
    if (binding.queue !== undefined) {
      const queue = this.queue(binding.queue, connection)
      if (Result.isFailure(queue)) return Result.fail(queue.failure)
    }
    return Result.map(this.#exchanges.bind(binding), (isNew) => {
      if (isNew && this.#isDurable(binding)) this.#memory?.declared({ binding })
    })
  }

  /** A queue that this connection may use. */
  queue(name: string, connection: object | undefined): Result.Result<BrokerQueue, BrokerError> {
    const queue = this.#queues.get(name)
    if (queue === undefined) return Result.fail(Failure.missing("queue", name))
    return isLocked(queue, connection) ? Result.fail(Failure.locked(name)) : Result.succeed(queue)
  }

  /** Answers with how many messages waited there. */
  deleteQueue(name: string, connection: object): Result.Result<number, BrokerError> {
    if (!this.#queues.has(name)) return Result.succeed(0)
    return Result.map(this.queue(name, connection), (queue) => this.#remove(queue))
  }

  deleteExchange(name: string): Result.Result<void, BrokerError> {
    if (name === "" || Routing.predeclared.has(name)) {
      return Result.fail(Failure.refused(`the exchange "${name}" is the broker's own and stays`))
    }
    const exchange = this.#exchanges.get(name)
    this.#exchanges.remove(name)
    if (exchange !== undefined && isDurable(exchange)) this.#memory?.deleted({ exchange: name })
    return Result.void
  }

  /** Removes what was for this connection only. */
  disconnected(connection: object): void {
    for (const queue of this.#queues.values()) if (queue.owner === connection) this.#remove(queue)
  }

  /** Forgets what would not outlive a restart; nothing is delivered now. */
  crash(): void {
    for (const queue of this.#queues.values()) {
      if (isKept(queue.declared)) queue.forgetTransient()
      else this.#remove(queue)
    }
    for (const exchange of this.#exchanges.all) if (!isDurable(exchange)) this.#exchanges.remove(exchange.name)
  }

  publish(message: Stored, mandatory: boolean): Outcome {
    const { exchange, properties, routingKey } = message
    const target = this.#exchanges.get(exchange)
    if (target === undefined && exchange !== "") return Result.fail(Failure.missing("exchange", exchange))
    if (target?.internal === true) {
      return Result.fail(Failure.refused(`the exchange "${exchange}" is internal: nobody may publish to it`))
    }
    const queues = this.#route(message)
    if (queues.length === 0) {
      return mandatory ? Result.fail(Failure.unroutable(exchange, routingKey, properties.messageId)) : kept
    }
    const { maxBytes, maxMessages } = this.#around
    const bytes = this.#bytes + message.body.length * queues.length
    if (this.#messages + queues.length > maxMessages || bytes > maxBytes) {
      return Result.fail(Failure.full(maxMessages, maxBytes, properties.messageId))
    }
    return this.#spread(message, queues) ? kept : notKept
  }

  /** Puts a message back where a journal has it. */
  restore(queue: string, entry: Entry): void {
    this.#number = Math.max(this.#number, entry.number)
    this.#queues.get(queue)?.restore(entry)
  }

  #route(message: Stored): ReadonlyArray<BrokerQueue> {
    const queues: Array<BrokerQueue> = []
    for (const name of this.#exchanges.route(message)) {
      const queue = this.#queues.get(name)
      if (queue !== undefined) queues.push(queue)
    }
    return queues
  }

  /** Answers with whether every queue took it; those that did have it. */
  #spread(message: Stored, queues: ReadonlyArray<BrokerQueue>): boolean {
    const shown = visible(message)
    const placed: Array<Placed> = []
    let taken = true
    for (const queue of queues) {
      const entry = queue.put(shown)
      if (entry === undefined) taken = false
      else if (this.#memory !== undefined && !entry.gone && isKept(queue.declared)) {
        placed.push({ queue: queue.name, entry })
      }
    }
    if (placed.length > 0 && message.properties.persistent) {
      for (const { entry } of placed) entry.kept = true
      this.#memory?.arrived(shown, placed)
    }
    return taken
  }

  /** Buries in turn, since a dead letter may push others out. The letter is in its queue before the message is gone. */
  #died(queue: BrokerQueue, entry: Entry, reason: Death): void {
    this.#dead.push({ queue, entry, reason })
    if (this.#burying) return
    this.#burying = true
    for (let next = this.#dead.shift(); next !== undefined; next = this.#dead.shift()) {
      this.#bury(next.queue, next.entry, next.reason)
    }
    this.#burying = false
  }

  #bury(queue: BrokerQueue, entry: Entry, reason: Death): void {
    const { deadLetterExchange: exchange, deadLetterRoutingKey: routingKey } = queue.settings
    if (exchange !== undefined && (exchange === "" || this.#exchanges.get(exchange) !== undefined)) {
      const time = this.#around.wallTime()
      const letter = deadLetter(entry.message, { exchange, routingKey, queue: queue.name, reason, time })
      const queues = this.#route(letter)
      this.#spread(letter, reason === "rejected" ? queues : queues.filter(({ name }) => !isCircle(letter, name)))
    }
    this.#gone(entry)
  }

  #count({ message }: Entry, by: 1 | -1): void {
    this.#messages += by
    this.#bytes += by * message.body.length
  }

  #gone(entry: Entry): void {
    if (entry.gone) return
    entry.gone = true
    this.#count(entry, -1)
    if (entry.kept) this.#memory?.gone(entry)
  }

  #remove(queue: BrokerQueue): number {
    if (!this.#queues.delete(queue.name)) return 0
    this.#exchanges.forget(queue.name)
    const waited = queue.close()
    if (isKept(queue.declared)) this.#memory?.deleted({ queue: queue.name })
    return waited
  }

  #isDurable({ exchange, queue, toExchange }: Binding): boolean {
    const target = toExchange === undefined ? undefined : this.#exchanges.get(toExchange)
    const source = this.#exchanges.get(exchange)
    const kept = queue === undefined ? undefined : this.#queues.get(queue)?.declared
    return source !== undefined && isDurable(source) &&
      (kept === undefined ? target !== undefined && isDurable(target) : isKept(kept))
  }
}

const isDurable = ({ durable = true }: Exchange): boolean => durable

const isKept = ({ durable, exclusive }: Declared): boolean => durable && !exclusive

const isLocked = ({ owner }: BrokerQueue, connection: object | undefined): boolean =>
  owner !== undefined && owner !== connection

const redeclared = (there: BrokerQueue, again: Declared, connection: object): Result.Result<void, BrokerError> => {
  const { declared, name } = there
  // RabbitMQ says so of both.
  if (isLocked(there, connection) || declared.exclusive !== again.exclusive) return Result.fail(Failure.locked(name))
  const field = difference(declared, again)
  if (field !== undefined) return Result.fail(Failure.mismatch("queue", name, field))
  there.used()
  return Result.void
}
