/** What one `connect` hands out, over connections that may be shared: its own counts, and its own topology to declare again. */
import { Effect, type Scope } from "effect"
import type { BrokerClient } from "../../../services/MessageBroker.ts"
import * as Topologies from "../../../services/messages/Topology.ts"
import type { Shared } from "./AmqpBroker.ts"
import * as Consumer from "./AmqpConsumer.ts"
import * as Get from "./AmqpGet.ts"
import type { Counts } from "./AmqpOutbox.ts"
import * as Replies from "./AmqpReplies.ts"
import type { Settings } from "./AmqpSettings.ts"
import * as Topology from "./AmqpTopology.ts"
import { publishMany } from "./AmqpWindow.ts"

/** Makes a client; what it holds for itself (exclusive queues, the queue of replies, single messages) goes with the scope. */
export const make = Effect.fnUntraced(function*(
  shared: Shared,
  shown: string,
  settings: Settings
): Effect.fn.Return<BrokerClient, never, Scope.Scope> {
  const { ask, publisher } = shared
  const counts: Counts = {
    published: 0,
    confirmed: 0,
    refused: 0,
    returned: 0,
    resent: 0,
    unconfirmed: 0,
    delivered: 0,
    acknowledged: 0
  }
  const consuming: Consumer.Options = { shown, settings, counts, link: shared.consuming, onChannel: shared.onChannel }
  const declared = new Topology.Declared()
  yield* Effect.acquireRelease(
    Effect.sync(() => shared.declared.add(declared)),
    () =>
      Effect.suspend(() => {
        shared.declared.delete(declared)
        return shared.consuming.isUp()
          ? Effect.forEach(declared.exclusive, (name) => ask("delete", (channel) => channel.deleteQueue(name)), {
            discard: true
          }).pipe(Effect.timeoutOption("2 seconds"), Effect.ignore)
          : Effect.void
      })
  )
  const get = yield* Get.make(consuming)

  const verbs: Pick<BrokerClient, "consume" | "declare" | "publish"> = {
    declare: Effect.fn("MessageBroker.declare")(function*(topology) {
      const refusal = Topologies.refusal(topology)
      if (refusal !== undefined) return yield* refusal
      yield* Topology.declare(ask, topology)
      declared.add(topology)
    }),
    publish: (message) =>
      Effect.callback((resume) => {
        const parcel = publisher.submit(message, counts, resume)
        return parcel && Effect.sync(() => publisher.abandon(parcel))
      }),
    consume: (queue, options = {}) => Consumer.consume(queue, options, consuming)
  }

  return {
    ...verbs,
    publishMany: (messages, options) => publishMany(publisher, counts, messages, Math.max(1, options?.window ?? 256)),
    get,
    request: yield* Replies.make(shown, verbs),
    queue: Effect.fn("MessageBroker.queue")((name: string) =>
      Effect.map(
        ask(`look at the queue "${name}"`, (channel) => channel.checkQueue(name)),
        ({ consumerCount, messageCount }) => ({ depth: messageCount, consumers: consumerCount })
      )
    ),
    purge: Effect.fn("MessageBroker.purge")((queue: string) =>
      Effect.map(
        ask(`purge the queue "${queue}"`, (channel) => channel.purgeQueue(queue)),
        ({ messageCount }) => messageCount
      )
    ),
    deleteQueue: Effect.fn("MessageBroker.deleteQueue")(function*(name: string) {
      declared.removeQueue(name)
      const { messageCount } = yield* ask(`delete the queue "${name}"`, (channel) => channel.deleteQueue(name))
      return messageCount
    }),
    deleteExchange: Effect.fn("MessageBroker.deleteExchange")(function*(name: string) {
      declared.removeExchange(name)
      yield* ask(`delete the exchange "${name}"`, (channel) => channel.deleteExchange(name))
    }),
    health: shared.health,
    statistics: Effect.sync(() => ({
      ...counts,
      reconnects: shared.reconnects(),
      blocked: publisher.isBlocked(),
      channels: shared.channels()
    }))
  }
})
