/**
 * A hundred thousand messages while RabbitMQ is killed three times and PostgreSQL is crashed and restarted twice: rows of a table
 * are published, marked after their confirm, and consumed. Servers of its own on the loopback. What counts is what is lost.
 */
import { Effect, Layer } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as AmqpMessageBroker from "../src/layers/live/AmqpMessageBroker.ts"
import * as PgPostgres from "../src/layers/live/PgPostgres.ts"
import * as BrokerChaos from "../test/support/BrokerChaos.ts"
import * as RealPostgres from "../test/support/RealPostgres.ts"
import * as RealRabbit from "../test/support/RealRabbit.ts"
import { goal } from "./Alternate.ts"

const messages = Number(process.env["MESSAGES"] ?? 100_000)

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

const report = await Effect.gen(function*() {
  const rabbit = yield* RealRabbit.make
  const postgres = yield* RealPostgres.start
  return yield* BrokerChaos.run(rabbit, postgres, { messages, kills: 3, restarts: 2 }, collect)
}).pipe(
  Effect.scoped,
  Effect.provide(Layer.merge(AmqpMessageBroker.layer, PgPostgres.layer)),
  Effect.runPromise
)

console.log(
  `${report.confirmed} confirmed, ${report.consumed} consumed, ${report.lost} lost in ${
    report.seconds.toFixed(1)
  } s; ` +
    `${report.resent} sent again, ${report.duplicates} duplicates, ${report.reconnects} reconnects`
)
console.log(`back after ${report.recoveries.map((millis) => `${millis} ms`).join(", ")}`)
console.log(`heap ${report.heapMb.map((mb) => `${mb.toFixed(1)} MB`).join(" then ")}`)
goal("messages confirmed", report.confirmed, "at least", messages)
goal("confirmed messages that were not consumed", report.lost, "at most", 0)
goal("duplicates with another message id or body", report.strangers, "at most", 0)
goal("recovery after the broker is back", Math.max(...report.recoveries) / 1_000, "at most", 15, " s")
goal("growth of the heap", report.heapMb[1] - report.heapMb[0], "at most", 10, " MB")
