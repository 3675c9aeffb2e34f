/** The embedded broker: the suite in memory and in a folder, and what only it does. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as MemoryMessageBroker from "../../src/layers/embedded/MemoryMessageBroker.ts"
import * as MemoryJournal from "../../src/layers/fake/MemoryJournal.ts"
import * as FileJournal from "../../src/layers/live/FileJournal.ts"
import type { Journal } from "../../src/services/Journal.ts"
import {
  type BrokerClient,
  type BrokerError,
  type Delivery,
  type Message,
  MessageBroker
} from "../../src/services/MessageBroker.ts"
import { suite, TestBroker } from "../services/MessageBrokerSuite.ts"
import { program } from "../support/built.ts"
import { seeds } from "../support/seeds.ts"

const directory = mkdtempSync(join(tmpdir(), "skein-broker-"))
process.on("exit", () => rmSync(directory, { recursive: true, force: true }))

const onFiles = (options: MemoryMessageBroker.Options = {}) =>
  Layer.provide(MemoryMessageBroker.layer({ directory, ...options }), FileJournal.layer())

suite("MemoryMessageBroker in memory", Layer.merge(onFiles(), Layer.succeed(TestBroker, { url: "embedded:suite" })))
suite("MemoryMessageBroker in a folder", Layer.merge(onFiles(), Layer.succeed(TestBroker, { url: "embedded:./suite" })))

const connect = (url = "embedded:") => Effect.flatMap(MessageBroker, (broker) => broker.connect(url))

const text = ({ body }: Message) => new TextDecoder().decode(body)

const publish = (client: BrokerClient, routingKey: string, ...bodies: ReadonlyArray<string>) =>
  Effect.forEach(bodies, (body) => client.publish({ routingKey, body, messageId: body }))

const drain = Effect.fnUntraced(function*(client: BrokerClient, queue: string) {
  const all: Array<Delivery> = []
  for (let next = yield* client.get(queue); Option.isSome(next); next = yield* client.get(queue)) {
    all.push(next.value)
    yield* next.value.ack
  }
  return all
})

/** What is there, and stays. */
const lookedAt = Effect.fnUntraced(function*(client: BrokerClient, queue: string) {
  const all: Array<string> = []
  for (let next = yield* client.get(queue); Option.isSome(next); next = yield* client.get(queue)) {
    all.push(text(next.value))
  }
  return all
})

const texts = (client: BrokerClient, queue: string) => Effect.map(drain(client, queue), (all) => all.map(text))

const depth = (client: BrokerClient, queue: string) => Effect.map(client.queue(queue), ({ depth }) => depth)

describe("MemoryMessageBroker", () => {
  const test = (
    title: string,
    run: Effect.Effect<void, unknown, MessageBroker>,
    options: MemoryMessageBroker.Options = {}
  ) => it.effect(title, () => Effect.provide(run, onFiles(options)))

  test(
    "without a name each client has a broker of its own, gone with it; of one name all have the same",
    Effect.scoped(Effect.gen(function*() {
      const [one, other] = [yield* connect(), yield* connect()]
      yield* one.declare({ queues: [{ name: "q" }] })
      assert.strictEqual((yield* Effect.flip(other.queue("q"))).reason, "Missing")

      yield* Effect.scoped(Effect.gen(function*() {
        const first = yield* connect("embedded:shared")
        yield* first.declare({ queues: [{ name: "q" }] })
        yield* publish(first, "q", "stays")
      }))
      assert.deepStrictEqual(yield* texts(yield* connect("embedded:shared"), "q"), ["stays"])
    }))
  )

  for (const url of ["embedded:", "embedded:./closed"]) {
    test(
      `a client of ${url} whose scope is closed fails, and waits for nothing`,
      Effect.gen(function*() {
        const client = yield* Effect.scoped(
          Effect.tap(connect(url), (client) => client.declare({ queues: [{ name: "q" }] }))
        )

        const asked: ReadonlyArray<Effect.Effect<unknown, BrokerError>> = [
          client.publish({ routingKey: "q", body: "x" }),
          client.get("q"),
          client.queue("q"),
          Stream.runDrain(client.consume("q"))
        ]
        const errors = yield* Effect.forEach(asked, (ask) => Effect.flip(ask))
        assert.deepStrictEqual(errors.map(({ reason }) => reason), Array.from({ length: 4 }, () => "Connection"))
      })
    )
  }

  for (const url of ["embedded:a b", "embedded:" + "x".repeat(101), "amqp://user:secret@host", "nonsense:secret"]) {
    test(
      `${url.slice(0, 30)} names no embedded broker`,
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.scoped(connect(url)))

        assert.strictEqual(error.reason, "Connection")
        assert.include(error.hint, "embedded:./folder")
        assert.notInclude(error.message, "secret")
      })
    )
  }

  describe("its memory is bounded", () => {
    test(
      "one message too many is refused with what to do, and counted right whatever becomes of them",
      Effect.scoped(Effect.gen(function*() {
        const client = yield* connect()
        yield* client.declare({
          queues: [
            { name: "q", deadLetterExchange: "", deadLetterRoutingKey: "dead", maxLength: 3 },
            { name: "dead", messageTtl: "1 second" },
            { name: "gone" }
          ]
        })
        for (const round of ["a", "b", "c"]) {
          yield* publish(client, "q", ...[1, 2, 3, 4].map((n) => `${round}${n}`))
          yield* Option.getOrThrow(yield* client.get("q")).nack({ requeue: false })
          yield* Option.getOrThrow(yield* client.get("q")).nack({ requeue: true })
          yield* publish(client, "gone", `${round}5`)
          assert.strictEqual(yield* depth(client, "dead"), 2)
          yield* TestClock.adjust("1 second")
          yield* client.purge("gone")
          yield* drain(client, "q")
        }
        yield* publish(client, "gone", "x")
        yield* client.deleteQueue("gone")

        yield* publish(client, "q", "1", "2", "3", "4", "5", "6")
        const error = yield* Effect.flip(publish(client, "q", "7"))

        assert.strictEqual(error.reason, "Refused")
        assert.include(error.message, "at most 6 messages")
        assert.deepStrictEqual(yield* texts(client, "q"), ["4", "5", "6"])
      })),
      { maxMessages: 6 }
    )

    test(
      "bytes are bounded too",
      Effect.scoped(Effect.gen(function*() {
        const client = yield* connect()
        yield* client.declare({ queues: [{ name: "q" }] })
        yield* publish(client, "q", "12345", "67890")

        assert.strictEqual((yield* Effect.flip(publish(client, "q", "1"))).reason, "Refused")
        yield* drain(client, "q")
        yield* publish(client, "q", "1234567890")
      })),
      { maxBytes: 10 }
    )
  })

  describe("its times are of the clock", () => {
    test(
      "a message expires to the millisecond, also when nobody looks",
      Effect.scoped(Effect.gen(function*() {
        const client = yield* connect()
        yield* client.declare({
          queues: [
            { name: "q", messageTtl: "1 minute", deadLetterExchange: "", deadLetterRoutingKey: "dead" },
            { name: "dead" }
          ]
        })
        yield* publish(client, "q", "a")
        yield* client.publish({ routingKey: "q", body: "b", expiration: "2 minutes" })
        yield* client.publish({ routingKey: "q", body: "c", expiration: "10 seconds" })
        const letters: Array<string> = []
        yield* client.consume("dead", { autoAck: true }).pipe(
          Stream.runForEach((letter) => Effect.sync(() => letters.push(text(letter)))),
          Effect.forkScoped
        )

        yield* TestClock.adjust("59999 millis")
        assert.deepStrictEqual(letters, [])
        yield* TestClock.adjust("1 millis")
        assert.deepStrictEqual(letters, ["a", "b", "c"])
      }))
    )

    test(
      "an unused queue expires; declaring it again, taking from it and consumers are uses",
      Effect.scoped(Effect.gen(function*() {
        const client = yield* connect()
        const queues = [{ name: "q", expires: "10 seconds" as const }]
        yield* client.declare({ queues })
        yield* TestClock.adjust("9 seconds")
        yield* client.declare({ queues })
        yield* TestClock.adjust("9 seconds")
        yield* client.get("q")
        yield* TestClock.adjust("9 seconds")
        yield* Effect.scoped(Effect.gen(function*() {
          yield* Effect.forkScoped(Stream.runDrain(client.consume("q")))
          yield* TestClock.adjust("1 hour")
          assert.strictEqual((yield* client.queue("q")).consumers, 1)
        }))
        // Looking at it is no use.
        yield* TestClock.adjust("9999 millis")
        yield* client.queue("q")
        yield* TestClock.adjust("1 millis")

        assert.strictEqual((yield* Effect.flip(client.queue("q"))).reason, "Missing")
      }))
    )

    test(
      "a request waits for its reply for ten seconds, as on a server",
      Effect.scoped(Effect.gen(function*() {
        const client = yield* connect()
        yield* client.declare({ queues: [{ name: "q" }] })
        const fiber = yield* Effect.forkChild(Effect.flip(client.request({ routingKey: "q", body: "?" })))
        yield* TestClock.adjust("9999 millis")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 millis")
        assert.isDefined(fiber.pollUnsafe())
      }))
    )
  })

  test(
    "a quorum queue counts deliveries, and gives a message up beyond its limit",
    Effect.scoped(Effect.gen(function*() {
      const client = yield* connect()
      yield* client.declare({
        queues: [
          {
            name: "q",
            deadLetterExchange: "",
            deadLetterRoutingKey: "dead",
            arguments: { "x-queue-type": "quorum", "x-delivery-limit": 2 }
          },
          { name: "dead" }
        ]
      })
      yield* publish(client, "q", "a")
      const counts: Array<unknown> = []
      for (let next = yield* client.get("q"); Option.isSome(next); next = yield* client.get("q")) {
        counts.push(next.value.headers["x-delivery-count"])
        yield* next.value.nack({ requeue: true })
      }

      assert.deepStrictEqual(counts, [0, 1, 2])
      assert.deepStrictEqual(yield* texts(client, "dead"), ["a"])
    }))
  )

  test(
    "queues of other types are refused",
    Effect.scoped(Effect.gen(function*() {
      const client = yield* connect()
      const error = yield* Effect.flip(
        client.declare({ queues: [{ name: "q", arguments: { "x-queue-type": "stream" } }] })
      )

      assert.strictEqual(error.reason, "Refused")
      assert.include(error.message, "stream")
    }))
  )

  test(
    "long chains of dead letters are no deep calls",
    Effect.scoped(Effect.gen(function*() {
      const client = yield* connect()
      const full = 20_000
      yield* client.declare({
        queues: [
          { name: "one", maxLength: full, deadLetterExchange: "", deadLetterRoutingKey: "two" },
          { name: "two", maxLength: full, deadLetterExchange: "", deadLetterRoutingKey: "one" }
        ]
      })
      yield* client.publishMany(
        Stream.range(1, 2 * full).pipe(Stream.map((n) => ({ routingKey: n % 2 ? "one" : "two", body: "" })))
      ).pipe(
        Stream.runDrain
      )
      yield* publish(client, "one", "last")

      assert.deepStrictEqual([yield* depth(client, "one"), yield* depth(client, "two")], [full, full])
    }))
  )
})

/** With a disk in memory, which several brokers see one after the other. */
const onDisk = (title: string, run: Effect.Effect<void, unknown, MemoryJournal.MemoryJournal | Journal>) =>
  it.effect(title, () => Effect.provide(run, MemoryJournal.layer))

describe("MemoryMessageBroker in a folder", () => {
  const opened = <A, E>(
    run: (client: BrokerClient) => Effect.Effect<A, E>,
    options: MemoryMessageBroker.Options = { sync: "always" }
  ) =>
    Effect.scoped(Effect.flatMap(connect("embedded:/orders"), run)).pipe(
      Effect.provide(MemoryMessageBroker.layer(options), { local: true })
    )
  const topology = {
    exchanges: [{ name: "e", type: "topic" as const }, { name: "fleeting", type: "fanout" as const, durable: false }],
    queues: [
      {
        name: "q",
        deadLetterExchange: "",
        deadLetterRoutingKey: "dead",
        maxPriority: 3,
        messageTtl: "1 minute" as const
      },
      { name: "dead" },
      { name: "fleeting", durable: false },
      { name: "mine", exclusive: true },
      { name: "deleted" }
    ],
    bindings: [{ exchange: "e", queue: "q", routingKey: "a.#" }, { exchange: "fleeting", queue: "q" }]
  }

  onDisk(
    "what is durable and persistent is there again, the rest is not",
    Effect.gen(function*() {
      yield* opened((client) =>
        Effect.gen(function*() {
          yield* client.declare(topology)
          yield* publish(client, "q", "acked", "rejected", "held", "waits")
          yield* client.publish({
            routingKey: "q",
            body: "first",
            priority: 3,
            headers: { big: 12345678901234567890n, bytes: Uint8Array.of(1) }
          })
          yield* client.publish({ routingKey: "q", body: "transient", persistent: false })
          yield* publish(client, "fleeting", "x")
          yield* publish(client, "mine", "x")
          yield* publish(client, "deleted", "x")
          yield* client.deleteQueue("deleted")
          const [first, acked, rejected] = yield* Effect.forEach([1, 2, 3, 4], () =>
            Effect.map(client.get("q"), Option.getOrThrow))
          assert.strictEqual(text(first!), "first")
          yield* acked!.ack
          yield* rejected!.nack({ requeue: false })
        })
      )

      yield* opened((client) =>
        Effect.gen(function*() {
          const [first, ...others] = yield* drain(client, "q")
          assert.deepStrictEqual([first!, ...others].map((message) => [text(message), message.redelivered]), [
            ["first", true],
            ["held", true],
            ["waits", true]
          ])
          assert.deepStrictEqual({ ...first!.headers }, { big: 12345678901234567890n, bytes: Uint8Array.of(1) })
          assert.deepStrictEqual(yield* texts(client, "dead"), ["rejected"])
          const missing = yield* Effect.forEach(["fleeting", "mine", "deleted"], (name) =>
            Effect.flip(client.queue(name)))
          assert.deepStrictEqual(
            missing.map(({ reason }) =>
              reason
            ),
            ["Missing", "Missing", "Missing"]
          )
          const noExchange = yield* Effect.flip(client.publish({ exchange: "fleeting", routingKey: "", body: "" }))
          assert.strictEqual(noExchange.reason, "Missing")
          yield* client.publish({ exchange: "e", routingKey: "a.b", body: "routed" })
          // As it was declared.
          yield* client.declare(topology)
        })
      )
      assert.deepStrictEqual(yield* opened((client) => texts(client, "q")), ["routed"])
    })
  )

  onDisk(
    "times to live go on while nobody is there",
    Effect.gen(function*() {
      yield* opened((client) => Effect.andThen(client.declare(topology), publish(client, "q", "a")))
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* opened((client) => depth(client, "q")), 1)
      yield* TestClock.adjust("1 second")

      assert.deepStrictEqual(yield* opened((client) => texts(client, "dead")), ["a"])
      assert.deepStrictEqual(yield* opened((client) => texts(client, "q")), [])
    })
  )

  onDisk(
    "R30 a journal that is torn in the middle of a write has all that was confirmed before",
    Effect.gen(function*() {
      const journal = yield* MemoryJournal.MemoryJournal
      let confirmed: ReadonlyArray<string> = []
      for (const bytes of [1, 7, 64, 300, 333, 700, 1500]) {
        yield* journal.tearAfter(Infinity)
        yield* opened((client) =>
          Effect.gen(function*() {
            yield* client.declare({ queues: [{ name: "q" }] })
            yield* journal.tearAfter(bytes)
            for (let n = 0;; n++) {
              const result = yield* Effect.result(publish(client, "q", `${bytes}-${n}`))
              if (result._tag === "Failure") {
                assert.strictEqual(result.failure.reason, "Storage")
                assert.strictEqual((yield* Effect.flip(publish(client, "q", "more"))).reason, "Storage")
                return
              }
              confirmed = [...confirmed, `${bytes}-${n}`]
            }
          })
        ).pipe(Effect.ignore)
        yield* journal.crash("kept")
        yield* journal.tearAfter(Infinity)
        const found = yield* opened((client) => lookedAt(client, "q"))
        assert.deepStrictEqual(found.filter((body) => confirmed.includes(body)), confirmed)
      }
      assert.isAbove(confirmed.length, 5)
    })
  )

  onDisk(
    "with sync always, a confirm holds also when the power is lost",
    Effect.gen(function*() {
      const journal = yield* MemoryJournal.MemoryJournal
      yield* opened((client) =>
        Effect.gen(function*() {
          yield* client.declare({ queues: [{ name: "q" }] })
          yield* publish(client, "q", "a", "b")
          yield* journal.crash("lost")
        })
      )

      assert.deepStrictEqual(yield* opened((client) => texts(client, "q")), ["a", "b"])
    })
  )

  onDisk(
    "R32 a folder that another process holds is refused with its name",
    Effect.gen(function*() {
      yield* (yield* MemoryJournal.MemoryJournal).heldBy("/orders", "process 4711 on elsewhere")

      const error = yield* Effect.flip(opened(() => Effect.void))

      assert.strictEqual(error.reason, "Storage")
      assert.include(error.message, "4711")
    })
  )

  it.live(
    "R30 R32 killed at any moment, every confirmed message is there once, and none that was acknowledged",
    () =>
      Effect.gen(function*() {
        yield* Effect.forEach(Array.from({ length: seeds(200) }).keys(), (seed) =>
          Effect.gen(function*() {
            const folder = mkdtempSync(join(directory, "killed-"))
            // The second one takes the lock of the first, which is dead.
            const said = [
              ...yield* Effect.promise(() => writeUntilKilled(folder, 20 + 97 * seed % 400)),
              ...yield* Effect.promise(() => writeUntilKilled(folder, 10 + 31 * seed % 100))
            ]
            const told = (word: string) =>
              new Set(said.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1)))
            const [kept, taking, taken] = [told("kept"), told("taking"), told("taken")]
            const found = yield* Effect.provide(
              Effect.scoped(Effect.flatMap(connect(`embedded:${folder}`), (client) => drain(client, "kept"))),
              onFiles(),
              { local: true }
            )
            const ids = found.map(({ messageId }) => messageId!)

            assert.isAbove(kept.size, 10)
            assert.deepStrictEqual([...new Set(ids)], ids, `seed ${seed}: twice`)
            assert.deepStrictEqual(
              [...kept].filter((id) => !taking.has(id) && !ids.includes(id)),
              [],
              `seed ${seed}: lost`
            )
            assert.deepStrictEqual(ids.filter((id) => taken.has(id)), [], `seed ${seed}: acknowledged, and there`)
          }), { concurrency: 2, discard: true })
      }),
    600_000
  )

  it.live("a journal is made shorter when most of it is gone", () =>
    Effect.gen(function*() {
      const journal = yield* MemoryJournal.MemoryJournal
      const body = new Uint8Array(100_000)
      yield* journal.limit(16_000_000)
      yield* opened((client) =>
        Effect.gen(function*() {
          yield* client.declare({ queues: [{ name: "q" }] })
          yield* client.publish({ routingKey: "q", body, messageId: "first" })
          const first = Option.getOrThrow(yield* client.get("q"))
          for (let n = 0; n < 400; n++) {
            yield* client.publish({ routingKey: "q", body, messageId: `${n}` })
            if (n < 395) yield* Option.getOrThrow(yield* client.get("q")).ack
          }
          assert.isFalse(first.redelivered)
        }), { sync: "never" })
      yield* journal.crash("kept")

      const found = yield* opened((client) => drain(client, "q"))
      assert.deepStrictEqual(found.map(({ messageId }) => messageId), ["first", "395", "396", "397", "398", "399"])
    }).pipe(Effect.provide(MemoryJournal.layer)))
})

/** Lets a process publish and acknowledge, kills it once it has said so many lines, and answers with the lines. */
const writeUntilKilled = async (folder: string, lines: number): Promise<ReadonlyArray<string>> => {
  const child = spawn(process.execPath, [await program("messageWriter"), folder], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  let said = ""
  child.stdout.on("data", (chunk) => {
    said += chunk
    if (said.split("\n").length > lines) child.kill("SIGKILL")
  })
  const [code] = await once(child, "close")
  assert.isNull(code, "it ended by itself")
  return said.slice(0, said.lastIndexOf("\n")).split("\n")
}
