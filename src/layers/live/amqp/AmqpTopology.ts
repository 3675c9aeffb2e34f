/** What a client has declared: made on the broker, and made again on each new connection. */
import { Effect } from "effect"
import type { Binding, BrokerError, Exchange, Queue, Topology } from "../../../services/MessageBroker.ts"
import * as Arguments from "../../../services/messages/QueueArguments.ts"
import type { Ask } from "./AmqpAsk.ts"
import type { Channel } from "./AmqpConnection.ts"
import { writeTable } from "./AmqpMessage.ts"

/** One thing to declare. */
interface Item {
  readonly what: string
  readonly declare: (channel: Channel) => Promise<unknown>
}

/** Declares all of a topology on one channel; fails with the first that is refused. */
export const declare = (ask: Ask, topology: Topology): Effect.Effect<void, BrokerError> =>
  inOrder(ask, itemsOf(topology))

/**
 * Declares everything again. What somebody has changed or forbidden meanwhile is left out, with a warning: it must not keep
 * the rest from working. A lost connection, or an exclusive queue that the broker still holds for the former one, fails.
 */
export const again = (ask: Ask, topology: Topology): Effect.Effect<void, BrokerError> => {
  const items = itemsOf(topology)
  return Effect.catch(
    inOrder(ask, items),
    (error) =>
      isPassing(error) ? Effect.fail(error) : Effect.forEach(items, (item) =>
        Effect.catch(
          inOrder(ask, [item]),
          (error) => isPassing(error) ? Effect.fail(error) : Effect.logWarning(`${error.message}; going on without it`)
        ), { discard: true })
  )
}

const isPassing = ({ code, reason }: BrokerError): boolean =>
  code === 405 || reason === "Connection" || reason === "Timeout" || reason === "Busy"

/** One channel for all of them; the name of the one that is under way is in the error. */
const inOrder = (ask: Ask, items: ReadonlyArray<Item>): Effect.Effect<void, BrokerError> => {
  if (items.length === 0) return Effect.void
  let at = 0
  return ask(() => items[at]!.what, async (channel) => {
    for (const [index, item] of items.entries()) {
      at = index
      await item.declare(channel)
    }
  })
}

const itemsOf = ({ bindings = [], exchanges = [], queues = [] }: Topology): ReadonlyArray<Item> => [
  ...exchanges.map((exchange): Item => ({
    what: `declare the exchange "${exchange.name}"`,
    declare: (channel) =>
      channel.assertExchange(exchange.name, exchange.type, {
        durable: exchange.durable ?? true,
        autoDelete: exchange.autoDelete ?? false,
        internal: exchange.internal ?? false,
        arguments: writeTable(Arguments.ofExchange(exchange))
      })
  })),
  ...queues.map((queue): Item => ({
    what: `declare the queue "${queue.name}"`,
    declare: (channel) =>
      channel.assertQueue(queue.name, {
        durable: queue.durable ?? true,
        exclusive: queue.exclusive ?? false,
        autoDelete: queue.autoDelete ?? false,
        arguments: writeTable(Arguments.ofQueue(queue))
      })
  })),
  ...bindings.map((binding): Item => ({
    what:
      `bind the ${binding.queue === undefined ? "exchange" : "queue"} "${binding.queue ?? binding.toExchange}" to ` +
      `the exchange "${binding.exchange}"`,
    declare: (channel) => {
      const { exchange, queue, routingKey = "", toExchange = "" } = binding
      const given = writeTable(binding.arguments ?? {})
      return queue === undefined
        ? channel.bindExchange(toExchange, exchange, routingKey, given)
        : channel.bindQueue(queue, exchange, routingKey, given)
    }
  }))
]

/** Everything that one client has declared and not deleted, each thing once. */
export class Declared {
  private readonly exchanges = new Map<string, Exchange>()
  private readonly queues = new Map<string, Queue>()
  private readonly bindings = new Map<string, Binding>()

  add({ bindings = [], exchanges = [], queues = [] }: Topology): void {
    for (const exchange of exchanges) this.exchanges.set(exchange.name, exchange)
    for (const queue of queues) this.queues.set(queue.name, queue)
    for (const binding of bindings) this.bindings.set(keyOf(binding), binding)
  }

  removeQueue(name: string): void {
    this.queues.delete(name)
    this.removeBindings(({ queue }) => queue === name)
  }

  removeExchange(name: string): void {
    this.exchanges.delete(name)
    this.removeBindings(({ exchange, toExchange }) => exchange === name || toExchange === name)
  }

  /** Queues that nobody but this connection may use. */
  get exclusive(): ReadonlyArray<string> {
    return [...this.queues.values()].filter(({ exclusive }) => exclusive === true).map(({ name }) => name)
  }

  get topology(): Topology {
    return {
      exchanges: [...this.exchanges.values()],
      queues: [...this.queues.values()],
      bindings: [...this.bindings.values()]
    }
  }

  private removeBindings(isGone: (binding: Binding) => boolean): void {
    for (const [key, binding] of this.bindings) if (isGone(binding)) this.bindings.delete(key)
  }
}

const keyOf = ({ arguments: given = {}, exchange, queue, routingKey = "", toExchange }: Binding): string =>
  JSON.stringify(
    [exchange, queue, toExchange, routingKey, given],
    (_, value: unknown) => typeof value === "bigint" ? `${value}n` : value
  )
