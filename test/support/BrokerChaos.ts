/**
 * Work that must not be lost: rows of a table are published as messages, marked after their confirm, and consumed, while the
 * broker is killed and the database restarted. Counts what came out.
 */
import { Clock, Duration, Effect, Fiber, Schedule, type Scope, Stream } from "effect"
import { type BrokerClient, type BrokerError, MessageBroker } from "../../src/services/MessageBroker.ts"
import { Postgres, type PostgresClient, type PostgresError } from "../../src/services/Postgres.ts"
import type { RealPostgres } from "./RealPostgres.ts"
import type { RealRabbit } from "./RealRabbit.ts"

export interface Options {
  readonly messages: number
  /** How often the broker is killed, evenly over the messages. */
  readonly kills: number
  /** How often the database is restarted, in between. */
  readonly restarts: number
}

export interface Report {
  readonly confirmed: number
  /** Messages that were consumed, each counted once. */
  readonly consumed: number
  /** Confirmed and never consumed. */
  readonly lost: number
  /** Deliveries beyond the first one of each message id. */
  readonly duplicates: number
  /** Duplicates whose body was not that of their message id. */
  readonly strangers: number
  readonly resent: number
  readonly reconnects: number
  /** From the broker being back to the first confirm, in milliseconds. */
  readonly recoveries: ReadonlyArray<number>
  /** Heap after collecting garbage: when a tenth was done, and at the end. */
  readonly heapMb: readonly [early: number, late: number]
  readonly seconds: number
}

const queue = "skein.chaos"
const batchSize = 1_000

/** Runs it; `collect` collects garbage, so that the heap can be compared. */
export const run = Effect.fnUntraced(function*(
  rabbit: RealRabbit,
  postgres: RealPostgres,
  { kills, messages, restarts }: Options,
  collect: () => void
): Effect.fn.Return<Report, unknown, MessageBroker | Postgres | Scope.Scope> {
  const clock = yield* Clock.Clock
  const now = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
  const publisher = yield* Effect.flatMap(MessageBroker, (broker) => broker.connect(rabbit.url))
  const consumer = yield* Effect.flatMap(
    MessageBroker,
    (broker) => broker.connect(rabbit.url, { applicationName: "skein consumer" })
  )
  const database = yield* Effect.flatMap(Postgres, (service) => service.connect(postgres.url))
  yield* publisher.declare({ queues: [{ name: queue }] })
  yield* database.query("create table work (id int primary key, published timestamptz)")
  yield* database.query("insert into work (id) select generate_series(0, $1 - 1)", [messages])

  const confirmedIds = new Uint8Array(messages)
  const consumedIds = new Uint16Array(messages)
  let [confirmed, strangers, lastConfirm] = [0, 0, 0]
  const onConfirm = (id: number) => {
    if (confirmedIds[id] === 0) confirmed++
    confirmedIds[id] = 1
    lastConfirm = now()
  }
  const heapMb = () => {
    collect()
    return process.memoryUsage().heapUsed / 2 ** 20
  }
  /** Waits for a part of the confirms, and a bit more: the middle of a batch, where messages are on their way. */
  const reached = (part: number) =>
    Effect.repeat(Effect.void, {
      until: () => confirmed >= messages * part + batchSize / 4,
      schedule: Schedule.spaced("1 millis")
    })

  const consuming = yield* Effect.forkChild(
    consumer.consume(queue, { prefetch: 200 }).pipe(
      Stream.runForEach(({ ack, body, messageId }) => {
        const id = Number(messageId?.slice(2))
        consumedIds[id]!++
        if (new TextDecoder().decode(body) !== `work ${id}`) strangers++
        // An ack that comes too late is a delivery that comes again.
        return Effect.ignore(ack)
      })
    )
  )

  const recoveries: Array<number> = []
  const killer = yield* Effect.forkChild(Effect.forEach(
    Array.from({ length: kills }, (_, index) => (index + 1) / (kills + 1)),
    (part) =>
      Effect.gen(function*() {
        yield* reached(part)
        yield* rabbit.kill
        yield* rabbit.start
        const back = now()
        yield* Effect.repeat(Effect.void, { until: () => lastConfirm > back, schedule: Schedule.spaced("5 millis") })
        recoveries.push(lastConfirm - back)
      }),
    { discard: true }
  ))
  const restarter = yield* Effect.forkChild(Effect.forEach(
    Array.from({ length: restarts }, (_, index) => (index + 1) / (restarts + 1)),
    (part) => reached(part).pipe(Effect.andThen(postgres.crash), Effect.andThen(postgres.restart)),
    { discard: true }
  ))
  const early = yield* Effect.forkChild(Effect.map(reached(0.1), heapMb))

  const started = now()
  yield* publishAll(publisher, database, onConfirm)
  yield* Effect.forEach([killer, restarter], Fiber.join)
  const isConsumed = () => confirmedIds.every((one, id) => one === 0 || consumedIds[id]! > 0)
  yield* Effect.repeat(Effect.void, { until: isConsumed, schedule: Schedule.spaced("100 millis") }).pipe(
    Effect.timeoutOption("60 seconds")
  )
  const seconds = (now() - started) / 1_000
  yield* Fiber.interrupt(consuming)

  const { reconnects, resent } = yield* publisher.statistics
  const consumed = consumedIds.reduce((sum, times) => sum + Math.min(1, times), 0)
  return {
    confirmed,
    consumed,
    lost: confirmedIds.reduce((sum, one, id) => sum + (one === 1 && consumedIds[id] === 0 ? 1 : 0), 0),
    duplicates: consumedIds.reduce((sum, times) => sum + Math.max(0, times - 1), 0),
    strangers,
    resent,
    reconnects,
    recoveries,
    heapMb: [yield* Fiber.join(early), heapMb()],
    seconds
  }
})

/** Publishes rows until none is left: a row is marked only after the confirm of its message. */
const publishAll = (
  broker: BrokerClient,
  database: PostgresClient,
  onConfirm: (id: number) => void
): Effect.Effect<unknown, BrokerError | PostgresError> => {
  const batch: Effect.Effect<number, BrokerError | PostgresError> = Effect.gen(function*() {
    const { rows } = yield* database.query("select id from work where published is null order by id limit $1", [
      batchSize
    ])
    const ids = rows.map(({ id }) => Number(id))
    const messages = Stream.fromIterable(ids).pipe(
      Stream.map((id) => ({ routingKey: queue, messageId: `w-${id}`, body: `work ${id}` }))
    )
    yield* Stream.runForEach(
      broker.publishMany(messages),
      ({ messageId, outcome }) => Effect.sync(() => outcome === "kept" && onConfirm(Number(messageId.slice(2))))
    )
    yield* database.query("update work set published = now() where id = any($1)", [ids])
    return ids.length
  }).pipe(
    // What was confirmed and not marked is published again, under the same id.
    Effect.retry({
      while: ({ reason }: BrokerError | PostgresError) => reason === "Connection" || reason === "Timeout",
      schedule: Schedule.spaced(Duration.millis(100)).pipe(Schedule.upTo({ duration: "60 seconds" }))
    })
  )
  return Effect.repeat(batch, { until: (published) => published === 0 })
}
