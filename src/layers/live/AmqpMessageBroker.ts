/**
 * Brokers that speak AMQP 0-9-1, such as RabbitMQ, through `amqplib`: two connections for each URL, opened on first use, shared
 * by all who name the same URL with the same options, closed half a minute after the last of them or with the layer.
 *
 * `AmqpConnection` is the one file that imports the driver; `AmqpLink` makes a lost connection again, `AmqpPublisher` sends and
 * answers for messages, `AmqpConsumer` and `AmqpGet` take them, `AmqpAsk` asks for all else.
 */
import { Effect, Layer, RcMap } from "effect"
import { type ConnectOptions, MessageBroker } from "../../services/MessageBroker.ts"
import * as Address from "./amqp/AmqpAddress.ts"
import * as Broker from "./amqp/AmqpBroker.ts"
import * as Client from "./amqp/AmqpClient.ts"
import * as Settings from "./amqp/AmqpSettings.ts"

const make = Effect.gen(function*() {
  const brokers = yield* RcMap.make({
    lookup: ({ address, options }: { readonly address: Address.Address; readonly options: ConnectOptions }) =>
      Broker.open(address, Settings.of(options)),
    idleTimeToLive: "30 seconds"
  })

  return MessageBroker.of({
    connect: Effect.fn("MessageBroker.connect")(function*(url, options = {}) {
      const address = yield* Effect.fromResult(Address.parse(url))
      const shared = yield* RcMap.get(brokers, { address, options })
      return yield* Client.make(shared, address.shown, Settings.of(options))
    })
  })
})

/** Opens nothing until the first `connect`; closes every connection when it closes. */
export const layer: Layer.Layer<MessageBroker> = Layer.effect(MessageBroker, make)
