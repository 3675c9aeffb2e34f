/** Exchanges and bindings of the embedded broker, and the way of a message through them. */
import { Result } from "effect"
import type { Value, ValueRecord } from "../../../core/Value.ts"
import type { Binding, BrokerError, Exchange } from "../../../services/MessageBroker.ts"
import * as Arguments from "../../../services/messages/QueueArguments.ts"
import * as Routing from "../../../services/messages/Routing.ts"
import * as Failure from "./BrokerFailure.ts"
import { moreKeys, type Stored } from "./BrokerMessage.ts"

interface Place extends Routing.Source {
  readonly exchange: Exchange
  readonly bindings: Array<Binding>
}

/** Keys whose way is remembered. */
const maxRoutes = 10_000

export class Exchanges {
  readonly #places = new Map<string, Place>()
  readonly #routes = new Map<string, ReadonlyArray<string>>()
  /** Some exchange looks at headers: a key alone does not tell the way. */
  #byHeaders = false

  constructor() {
    for (const [name, type] of Routing.predeclared) this.#add({ name, type })
  }

  get(name: string): Exchange | undefined {
    return this.#places.get(name)?.exchange
  }

  get all(): Iterable<Exchange> {
    return [...this.#places.values()].map(({ exchange }) => exchange)
  }

  get bindings(): Iterable<Binding> {
    return [...this.#places.values()].flatMap(({ bindings }) => bindings)
  }

  /** Answers with whether it is new. */
  declare(exchange: Exchange): Result.Result<boolean, BrokerError> {
    const there = this.get(exchange.name)
    if (there === undefined) {
      this.#add(exchange)
      return Result.succeed(true)
    }
    const field = difference(there, exchange)
    return field === undefined ? Result.succeed(false) : Result.fail(Failure.mismatch("exchange", exchange.name, field))
  }

  /** Answers with whether it is new. The queue is there. */
  bind(binding: Binding): Result.Result<boolean, BrokerError> {
    const source = this.#places.get(binding.exchange)
    if (source === undefined) return Result.fail(Failure.missing("exchange", binding.exchange))
    if (binding.toExchange !== undefined && !this.#places.has(binding.toExchange)) {
      return Result.fail(Failure.missing("exchange", binding.toExchange))
    }
    if (source.bindings.some((other) => areSame(other, binding))) return Result.succeed(false)
    source.bindings.push(binding)
    this.#changed()
    return Result.succeed(true)
  }

  /** Removes an exchange and the bindings at both of its ends. Answers with whether it was there. */
  remove(name: string): boolean {
    if (!this.#places.delete(name)) return false
    this.#unbind(({ toExchange }) => toExchange === name)
    return true
  }

  /** Removes the bindings that lead to a queue. */
  forget(queue: string): void {
    this.#unbind((binding) => binding.queue === queue)
  }

  /** Names of queues that a message reaches; the default exchange names ones that may not be there. */
  route({ exchange, properties: { headers }, routingKey }: Stored): ReadonlyArray<string> {
    const more = "CC" in headers || "BCC" in headers
    if (more || this.#byHeaders) {
      const keys = [routingKey, ...moreKeys(headers, "CC"), ...moreKeys(headers, "BCC")]
      return [...new Set(keys.flatMap((key) => this.#find(exchange, key, headers)))]
    }
    const pair = `${exchange.length}:${exchange}${routingKey}`
    const known = this.#routes.get(pair)
    if (known !== undefined) return known
    const found = this.#find(exchange, routingKey)
    if (this.#routes.size >= maxRoutes) this.#routes.clear()
    this.#routes.set(pair, found)
    return found
  }

  #find(exchange: string, routingKey: string, headers?: ValueRecord): ReadonlyArray<string> {
    return [...Routing.queuesOf((name) => this.#places.get(name), { exchange, routingKey, headers })]
  }

  #add(exchange: Exchange): void {
    const alternate = Arguments.ofExchange(exchange)["alternate-exchange"]
    this.#places.set(exchange.name, {
      exchange,
      type: exchange.type,
      alternateExchange: typeof alternate === "string" ? alternate : undefined,
      bindings: []
    })
    this.#changed()
  }

  /** An exchange that goes with its last binding takes those with it that led to it. */
  #unbind(isGone: (binding: Binding) => boolean): void {
    const empty: Array<string> = []
    for (const [name, place] of this.#places) {
      const stay = place.bindings.filter((binding) => !isGone(binding))
      if (stay.length === place.bindings.length) continue
      place.bindings.splice(0, Infinity, ...stay)
      if (stay.length === 0 && place.exchange.autoDelete === true) empty.push(name)
    }
    this.#changed()
    for (const name of empty) this.remove(name)
  }

  #changed(): void {
    this.#routes.clear()
    this.#byHeaders = [...this.#places.values()].some(({ bindings, type }) => type === "headers" && bindings.length > 0)
  }
}

/** The first property that is not the same, as RabbitMQ compares them: those that it does not know do not count. */
const difference = (there: Exchange, again: Exchange): string | undefined => {
  if (there.type !== again.type) return "type"
  if ((there.durable ?? true) !== (again.durable ?? true)) return "durable"
  if ((there.autoDelete ?? false) !== (again.autoDelete ?? false)) return "autoDelete"
  if ((there.internal ?? false) !== (again.internal ?? false)) return "internal"
  const [one, two] = [Arguments.ofExchange(there), Arguments.ofExchange(again)]
  return isSame(one["alternate-exchange"], two["alternate-exchange"]) ? undefined : "alternateExchange"
}

const areSame = (one: Binding, two: Binding): boolean =>
  one.exchange === two.exchange && one.queue === two.queue && one.toExchange === two.toExchange &&
  (one.routingKey ?? "") === (two.routingKey ?? "") && isSame(one.arguments ?? {}, two.arguments ?? {})

export const isSame = (one: Value | undefined, two: Value | undefined): boolean =>
  one === undefined || two === undefined ? one === two : Routing.same(one, two)
