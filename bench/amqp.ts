/**
 * Messages with confirms, 256 on their way at a time, and messages consumed and acknowledged: at least 0.95 times as many a second
 * as the fastest of amqplib, rabbitmq-client and @cloudamqp/amqp-client, all in this process and in turn, on one RabbitMQ
 * (`SKEIN_TEST_AMQP_URL`). The broker, in processes of its own, is what all of them mostly wait for.
 *
 * Run: `node bench/amqp.ts`
 */
import { AMQPClient } from "@cloudamqp/amqp-client"
import amqplib from "amqplib"
import { Effect, Stream } from "effect"
import { Connection } from "rabbitmq-client"
import * as AmqpMessageBroker from "../src/layers/live/AmqpMessageBroker.ts"
import { type BrokerClient, MessageBroker } from "../src/services/MessageBroker.ts"
import { alternate, type Contestant, goal, inProcess, print, quantile, type Rounds, wall } from "./Alternate.ts"

const url = process.env["SKEIN_TEST_AMQP_URL"] ?? "amqp://guest:guest@127.0.0.1:5672"
const queue = `skein.bench.${process.pid}`
const rounds = 21
const count = 10_000
const window = 256
const body = Buffer.alloc(200, "x")

const driver = await amqplib.connect(url)
const setup = await driver.createConfirmChannel()
await setup.assertQueue(queue, { durable: true })

/** Calls `send` so that never more than the window is without an answer. */
const windowed = (send: (index: number, done: () => void) => void): Promise<void> =>
  new Promise((resolve) => {
    let [sent, confirmed] = [0, 0]
    const go = () => {
      while (sent < count && sent - confirmed < window) {
        send(sent++, () => {
          if (++confirmed === count) resolve()
          else go()
        })
      }
    }
    go()
  })

const rabbit = new Connection(url)
const publisher = rabbit.createPublisher({ confirm: true })
const cloud = await new AMQPClient(url).connect()
const cloudChannel = await cloud.channel()
await cloudChannel.confirmSelect()
await cloudChannel.basicQos(window)

const publishers = (skein: BrokerClient, persistent: boolean): Record<string, () => Promise<unknown>> => ({
  skein: () =>
    Stream.range(1, count).pipe(
      Stream.map((index) => ({ routingKey: queue, body, persistent, messageId: `m-${index}` })),
      (messages) => skein.publishMany(messages, { window }),
      Stream.runDrain,
      Effect.runPromise
    ),
  amqplib: () =>
    windowed((index, done) =>
      void setup.publish("", queue, body, { persistent, mandatory: true, messageId: `m-${index}` }, done)
    ),
  "rabbitmq-client": () =>
    windowed((index, done) =>
      void publisher.send({ routingKey: queue, durable: persistent, mandatory: true, messageId: `m-${index}` }, body)
        .then(done)
    ),
  "@cloudamqp/amqp-client": () =>
    windowed((index, done) =>
      void cloudChannel.basicPublish(
        "",
        queue,
        body,
        { deliveryMode: persistent ? 2 : 1, messageId: `m-${index}` },
        true
      ).then(done)
    )
})

const consumers = (skein: BrokerClient): Record<string, () => Promise<unknown>> => ({
  skein: () =>
    skein.consume(queue, { prefetch: window }).pipe(
      Stream.take(count),
      Stream.runForEach(({ ack }) => ack),
      Effect.runPromise
    ),
  amqplib: async () => {
    const channel = await driver.createChannel()
    await channel.prefetch(window)
    await new Promise<void>((resolve) => {
      let seen = 0
      void channel.consume(queue, (message) => {
        channel.ack(message!)
        if (++seen === count) resolve()
      })
    })
    await channel.close()
  },
  "rabbitmq-client": async () => {
    let seen = 0
    const all = Promise.withResolvers<void>()
    const consumer = rabbit.createConsumer(
      { queue, queueOptions: { durable: true }, qos: { prefetchCount: window } },
      async () => {
        if (++seen === count) all.resolve()
      }
    )
    await all.promise
    await consumer.close()
  },
  "@cloudamqp/amqp-client": async () => {
    let seen = 0
    const all = Promise.withResolvers<void>()
    const consumer = await cloudChannel.basicConsume(queue, { noAck: false }, (message) => {
      void message.ack()
      if (++seen === count) all.resolve()
    })
    await all.promise
    await consumer.cancel()
  }
})

const race = async (
  title: string,
  runs: Record<string, () => Promise<unknown>>,
  prepare: () => Promise<unknown>,
  times = rounds
) => {
  const contestants = Object.entries(runs).map(([name, run]): Contestant => ({
    name,
    run: async () => {
      await prepare()
      return inProcess(run)
    }
  }))
  const results = await alternate(contestants, times, 3)
  console.log(`${title}: ${Math.round(count / wall(results[0]!) * 1_000)} messages a second`)
  print(results)
  const peers = results.slice(1)
  const fastest = peers.reduce((best, peer) => wall(peer) < wall(best) ? peer : best)
  const { high, low, median } = speed(results[0]!, fastest)
  console.log(`  against ${fastest.name}: ${median.toFixed(2)} times as fast (${low.toFixed(2)} to ${high.toFixed(2)})`)
  goal(`${title}, against the fastest`, median, "at least", 0.95, "x")
}

/** How many times as fast, round by round: the median, and the middle half. */
const speed = (one: Rounds[number], other: Rounds[number]) => {
  const ratios = one.costs.map(({ wallMs }, round) => other.costs[round]!.wallMs / wallMs)
  return { low: quantile(ratios, 0.25), median: quantile(ratios, 0.5), high: quantile(ratios, 0.75) }
}

const fill = async () => {
  await setup.purgeQueue(queue)
  await windowed((_, done) => void setup.publish("", queue, body, { persistent: false }, done))
}

await Effect.gen(function*() {
  const skein = yield* Effect.flatMap(MessageBroker, (broker) => broker.connect(url))
  const empty = () => setup.purgeQueue(queue)
  yield* Effect.promise(() => race("publish with confirms, persistent", publishers(skein, true), empty))
  yield* Effect.promise(() => race("publish with confirms, transient", publishers(skein, false), empty, 2 * rounds))
  yield* Effect.promise(() => race("consume and acknowledge", consumers(skein), fill))
}).pipe(Effect.scoped, Effect.provide(AmqpMessageBroker.layer), Effect.runPromise)

await setup.deleteQueue(queue)
await publisher.close()
await Promise.all([driver.close(), rabbit.close(), cloud.close()])
