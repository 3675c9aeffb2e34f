/**
 * Publishes to an embedded broker in the folder of the first argument and acknowledges every third message, until it is killed.
 * Says `kept ID` once a message is confirmed, `taking ID` before one is acknowledged and `taken ID` after.
 */
import { Effect, Layer, Option } from "effect"
import { writeSync } from "node:fs"
import * as MemoryMessageBroker from "../../src/layers/embedded/MemoryMessageBroker.ts"
import * as FileJournal from "../../src/layers/live/FileJournal.ts"
import { MessageBroker } from "../../src/services/MessageBroker.ts"

const say = (line: string) => Effect.sync(() => writeSync(1, `${line}\n`))

const program = Effect.gen(function*() {
  const client = yield* (yield* MessageBroker).connect(`embedded:${process.argv[2]}`)
  yield* client.declare({
    exchanges: [{ name: "orders", type: "topic" }],
    queues: [{ name: "kept" }],
    bindings: [{ exchange: "orders", queue: "kept", routingKey: "order.#" }]
  })
  const first = (yield* client.queue("kept")).depth
  yield* Effect.forEach(
    Array.from({ length: 1_000_000 }, (_, index) => index),
    Effect.fnUntraced(function*(index) {
      const messageId = `${process.pid}-${first}-${index}`
      yield* client.publish({ exchange: "orders", routingKey: "order.new", messageId, body: "x".repeat(index % 500) })
      yield* say(`kept ${messageId}`)
      if (index % 3 > 0) return
      const taken = Option.getOrThrow(yield* client.get("kept"))
      yield* say(`taking ${taken.messageId}`)
      yield* taken.ack
      yield* say(`taken ${taken.messageId}`)
    }),
    { concurrency: 8, discard: true }
  )
})

const broker = Layer.provide(MemoryMessageBroker.layer(), FileJournal.layer())
await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(broker)))
