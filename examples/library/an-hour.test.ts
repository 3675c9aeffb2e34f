/**
 * An hour of work on an API by each program, in your own tests: on fakes and in virtual time it takes no more than milliseconds. What it takes is
 * measured, in processor time, which other processes do not lengthen.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as MemoryJournal from "skein/layers/fake/MemoryJournal"
import * as Batch from "skein/programs/Batch"
import * as Pagination from "skein/programs/Pagination"
import * as WorkflowWait from "skein/programs/WorkflowWait"
import { Journal } from "skein/services/Journal"
import * as PoliteClient from "skein/services/polite/Client"
import { PoliteHttp } from "skein/services/PoliteHttp"
import * as Testing from "skein/testing"

/** An API of orders that thinks for a minute before each answer; its list has 60 pages. */
const api = Testing.layer({
  routes: {
    "GET http://api.example/orders": {
      sequence: Array.from({ length: 60 }, (_, page) => ({
        json: { items: [{ id: page }], next_cursor: page < 59 ? String(page + 1) : null },
        delay: "1m"
      }))
    },
    "POST http://api.example/orders/:id": { json: "Ok", delay: "1m" }
  }
})

/** For an answer. */
const timeout = Duration.minutes(5)

const fakes = Layer.mergeAll(api, PoliteClient.layer({ concurrency: 10 }), MemoryJournal.layer)

/** Lets time pass while work is done; answers with its result, the hours that passed and the milliseconds that it took. */
const measured = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const started = yield* Clock.currentTimeMillis
    const before = process.threadCpuUsage()
    const fiber = yield* Effect.forkChild(work)
    while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("1 minute")
    const result = yield* Fiber.join(fiber)
    const { system, user } = process.threadCpuUsage(before)
    return { result, hours: ((yield* Clock.currentTimeMillis) - started) / 3_600_000, millis: (system + user) / 1_000 }
  })

/** The least of three: the first time code runs it is compiled. */
const anHour = <A, E>(work: Effect.Effect<A, E, Testing.Services | PoliteHttp | Journal>) =>
  Effect.map(
    Effect.replicateEffect(
      measured(work).pipe(Effect.provide(fakes, { local: true })),
      3
    ),
    (rounds) => ({ ...rounds[0]!, millis: Math.min(...rounds.map(({ millis }) => millis)) })
  )

describe("an hour of virtual time takes less than 100 ms", () => {
  it.effect("of reading a list whose pages are slow", () =>
    Effect.gen(function*() {
      const list = { request: { url: "http://api.example/orders?cursor=0", timeout } }
      const { hours, millis, result } = yield* anHour(Stream.runCollect(Pagination.stream(list)))

      assert.lengthOf(result, 60)
      assert.isAtLeast(hours, 1)
      assert.isBelow(millis, 100)
    }))

  it.effect("of waiting for a task that does not end", () =>
    Effect.gen(function*() {
      const running = { state: "running", text: "queued" } as const
      const wait = WorkflowWait.all([{ parent: "shop", id: "export" }], {
        poll: (_, ids) => Effect.succeed(new Map(ids.map((id) => [id, running]))),
        timeout: "1 hour"
      })
      const { hours, millis, result } = yield* anHour(wait)

      assert.strictEqual(result.verdict, "timed out")
      assert.isAtLeast(hours, 1)
      assert.isBelow(millis, 100)
    }))

  it.effect("of doing something to each of 120 orders, two at once", () =>
    Effect.gen(function*() {
      const close = Effect.fnUntraced(function*({ value }: Batch.Item) {
        const http = yield* PoliteHttp
        return (yield* http.execute({ method: "POST", url: `http://api.example/orders/${String(value)}`, timeout }))
          .status
      }, Effect.mapError(({ message }) => new Batch.ItemError({ message, kind: "lost", retryable: false })))
      const events = Batch.events(Stream.range(1, 120), { operation: "close", run: close, concurrency: 2 })
      const { hours, millis, result } = yield* anHour(Effect.scoped(Stream.runCollect(events)))

      const end = result.at(-1)
      assert.strictEqual(end?._tag === "Finished" ? end.summary.counts.succeeded : 0, 120)
      assert.isAtLeast(hours, 1)
      assert.isBelow(millis, 100)
    }))
})
