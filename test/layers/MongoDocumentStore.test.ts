/** The driver layer where things go wrong: on wire servers of this process, behind a proxy that can be broken. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Latch, Metric, Redacted, Scope, Stream } from "effect"
import * as DocumentEngine from "../../src/layers/embedded/documents/DocumentEngine.ts"
import * as MongoWireServer from "../../src/layers/embedded/MongoWireServer.ts"
import * as MongoDocumentStore from "../../src/layers/live/MongoDocumentStore.ts"
import { type ConnectOptions, DocumentStore, DocumentStoreError } from "../../src/services/DocumentStore.ts"
import * as MongoServers from "../support/MongoServers.ts"
import * as TcpProxy from "../support/TcpProxy.ts"

/** Short, where a test waits for them to pass. */
const connect = (url: string | Redacted.Redacted<string>, options: ConnectOptions = {}) =>
  DocumentStore.use((store) => store.connect(url, { minConnections: 0, selectionTimeout: "2 seconds", ...options }))

/** A client that reaches its server through the proxy only. */
const proxied = Effect.fnUntraced(function*(options: ConnectOptions = {}) {
  const server = yield* MongoServers.start
  const proxy = yield* TcpProxy.to(server.port)
  const url = `mongodb://127.0.0.1:${proxy.port}/test?directConnection=true`
  return { server, proxy, url, client: yield* connect(url, options) }
})

/** Waits until so many commands of a kind are on their way to a server whose answers nobody gets. */
const asked = (proxy: TcpProxy.TcpProxy, command: string, times = 1) =>
  MongoServers.until(Effect.sync(() => proxy.asked(command) >= times))

const openCursors = Effect.fnUntraced(function*(port: number) {
  const { command } = yield* MongoServers.raw(port)
  const answer = yield* Effect.promise(() => command({ serverStatus: 1, $db: "admin" }))
  return (answer["metrics"] as { readonly cursor: { readonly open: { readonly total: number } } }).cursor.open.total
}, Effect.scoped)

const numbers = (count: number) => Array.from({ length: count }, (_, _id) => ({ _id, n: _id }))

const sockets = () => process.getActiveResourcesInfo().filter((name) => name.includes("TCP")).length

const test = (title: string, body: Effect.Effect<void, unknown, DocumentStore | Scope.Scope>) =>
  it.live(title, () => body.pipe(Effect.scoped, Effect.provide(MongoDocumentStore.layer)), 120_000)

describe("MongoDocumentStore", () => {
  describe("no server", () => {
    test(
      "fails with what to do about it, and is reached once there is one",
      Effect.gen(function*() {
        const engine = yield* DocumentEngine.open()
        const scope = yield* Scope.make()
        const { port, url } = yield* Scope.provide(MongoWireServer.serve(engine), scope)
        yield* Scope.close(scope, Exit.void)

        const error = yield* Effect.flip(connect(url, { selectionTimeout: "300 millis" }))
        yield* MongoWireServer.serve(engine, { port })
        const client = yield* connect(url, { selectionTimeout: "300 millis" })

        assert.deepInclude(error, { reason: "Connection" })
        assert.include(error.message, `on ${url}, connect: connect ECONNREFUSED`)
        assert.include(error.hint, "skein fake mongo")
        yield* client.ping
      })
    )

    test(
      "health says that it is down, with the reason and the pool",
      Effect.gen(function*() {
        const scope = yield* Scope.make()
        const engine = yield* DocumentEngine.open()
        const { url } = yield* Scope.provide(MongoWireServer.serve(engine), scope)
        const client = yield* connect(url, { selectionTimeout: "300 millis", maxConnections: 7 })
        const up = yield* client.health
        yield* Scope.close(scope, Exit.void)
        const down = yield* client.health

        assert.deepInclude(up, { status: "up", version: "MongoDB 7.0.0-skein" })
        assert.isAbove(Duration.toMillis(up.latency!), 0)
        assert.deepInclude(up.pool, { max: 7, busy: 0, waiting: 0 })
        assert.deepInclude(down, { status: "down" })
        assert.include(down.problem, url)
        assert.include(down.hint, "skein fake mongo")
      })
    )
  })

  describe.concurrent("a server that is lost", () => {
    test(
      "under an operation: a typed error, and the next one makes a new connection",
      Effect.gen(function*() {
        const { client, proxy } = yield* proxied({ retryReads: false })
        const things = client.collection("things")
        yield* things.insertOne({ n: 1 })
        proxy.swallow(1, "find")

        const error = yield* Effect.flip(things.findOne())

        assert.deepInclude(error, { _tag: "DocumentStoreError", reason: "Connection" })
        assert.include(error.message, "findOne in things")
        yield* MongoServers.until(Effect.map(Effect.exit(client.ping), Exit.isSuccess))
        assert.strictEqual(yield* things.count(), 1)
      })
    )

    test(
      "a read is tried once more on another connection",
      Effect.gen(function*() {
        const { client, proxy } = yield* proxied()
        const things = client.collection("things")
        yield* things.insertOne({ n: 1 })

        proxy.swallow(1, "aggregate")

        assert.strictEqual(yield* things.count(), 1)
      })
    )

    test(
      "a write whose answer was lost is asked for again, and is done once",
      Effect.gen(function*() {
        const { client, proxy } = yield* proxied()
        const things = client.collection("things")
        yield* things.insertOne({ _id: 1, n: 0 })

        proxy.swallow(1, "update")
        const result = yield* things.updateOne({ _id: 1 }, { $inc: { n: 1 } })
        proxy.swallow(1, "update")
        const bulk = yield* things.bulkWrite([{ updateOne: { filter: { _id: 1 }, update: { $inc: { n: 1 } } } }])

        assert.deepStrictEqual(result, { matchedCount: 1, modifiedCount: 1 })
        assert.strictEqual(bulk.modifiedCount, 1)
        assert.deepStrictEqual([...(yield* Stream.runCollect(things.find()))], [{ _id: 1, n: 2 }])
      })
    )

    test(
      "without retries the write fails, and may have been done",
      Effect.gen(function*() {
        const { client, proxy } = yield* proxied({ retryWrites: false })
        const things = client.collection("things")
        yield* things.insertOne({ _id: 1, n: 0 })

        proxy.swallow(1, "update")
        const error = yield* Effect.flip(things.bulkWrite([
          { updateOne: { filter: { _id: 1 }, update: { $inc: { n: 1 } } } }
        ]))

        assert.strictEqual(error.reason, "Connection")
        assert.strictEqual(yield* things.count({ n: 1 }), 1)
      })
    )

    test(
      "a watch goes on after it, and leaves nothing out",
      Effect.gen(function*() {
        const engine = yield* DocumentEngine.open()
        const first = yield* Scope.make()
        const { port, url } = yield* Scope.provide(MongoWireServer.serve(engine), first)
        const client = yield* connect(url, { selectionTimeout: "2 seconds", heartbeat: "500 millis" })
        const things = client.collection("things")
        const direct = engine.collection("test", "things")
        const changes = yield* things.watch()
        const watching = yield* Effect.forkChild(Stream.runCollect(Stream.take(changes, 3)))
        yield* things.insertOne({ _id: 1 })

        yield* Scope.close(first, Exit.void)
        yield* direct.write([{ insertOne: { document: { _id: 2 } } }])
        yield* Effect.sleep("500 millis")
        yield* MongoWireServer.serve(engine, { port })
        yield* direct.write([{ insertOne: { document: { _id: 3 } } }])

        assert.deepStrictEqual((yield* Fiber.join(watching)).map(({ id }) => id), [1, 2, 3])
      })
    )

    test(
      "a transaction on it fails, and what it did is not there",
      Effect.gen(function*() {
        const { client, proxy } = yield* proxied()
        const things = client.collection("things")
        yield* things.insertOne({ _id: 0 })

        const error = yield* Effect.flip(client.transaction(Effect.gen(function*() {
          yield* things.insertOne({ _id: 1 })
          proxy.cut()
          yield* things.insertOne({ _id: 2 })
        })))

        assert.strictEqual(error.reason, "Connection")
        yield* MongoServers.until(Effect.map(Effect.exit(client.ping), Exit.isSuccess))
        assert.strictEqual(yield* things.count(), 1)
      })
    )
  })

  describe.concurrent("a server that is silent", () => {
    test(
      "is given up after the socket's time-out",
      Effect.gen(function*() {
        const { client, proxy } = yield* proxied({ socketTimeout: "400 millis", retryReads: false })
        proxy.freeze(true)

        const error = yield* Effect.flip(client.collection("things").findOne())

        assert.strictEqual(error.reason, "Timeout")
        assert.include(error.message, "timed out")
      })
    )

    test(
      "is given up after the operation's time-out, when that is shorter",
      Effect.gen(function*() {
        const { client, proxy } = yield* proxied({ operationTimeout: "400 millis" })
        proxy.freeze(true)

        const error = yield* Effect.flip(client.collection("things").findOne())

        assert.strictEqual(error.reason, "Timeout")
        assert.include(error.message, "no answer in 400ms")
      })
    )

    test(
      "while all connections are in use, the next operation is told so: Busy",
      Effect.gen(function*() {
        const { client, proxy } = yield* proxied({ maxConnections: 2, acquireTimeout: "400 millis" })
        const things = client.collection("things")
        yield* Effect.all([things.count(), things.count()], { concurrency: 2 })
        proxy.freeze(true)
        yield* Effect.forkScoped(Effect.all([things.count(), things.count()], { concurrency: 2 }))
        yield* asked(proxy, "aggregate", 2)

        const waiting = yield* Effect.forkChild(Effect.flip(things.count()), { startImmediately: true })
        yield* Effect.sleep("50 millis")
        const { pool } = yield* Effect.raceFirst(client.health, Effect.delay(client.health, "1 second"))
        const error = yield* Fiber.join(waiting)

        assert.strictEqual(error.reason, "Busy")
        assert.include(error.hint, "maxConnections")
        assert.deepInclude(pool, { max: 2, open: 2, busy: 2 })
      })
    )
  })

  describe("interruption", () => {
    test(
      "ends the operation at once, and its connection is not used again for another answer",
      Effect.gen(function*() {
        const { client, proxy } = yield* proxied()
        const things = client.collection("things")
        yield* things.insertOne({ _id: 1 })
        proxy.freeze(true)
        const finding = yield* Effect.forkChild(things.findOne({ _id: 1 }), { startImmediately: true })
        yield* asked(proxy, "find")

        yield* Effect.timeout(Fiber.interrupt(finding), "10 seconds")
        proxy.freeze(false)

        assert.strictEqual(yield* things.count({ _id: 2 }), 0)
      })
    )

    test(
      "of a find closes its cursor on the server",
      Effect.gen(function*() {
        const { client, proxy, server } = yield* proxied()
        const things = client.collection("things")
        yield* things.insertMany(numbers(1_000))
        const slow = things.find({}, { batchSize: 10 }).pipe(Stream.mapEffect(() => Effect.sleep("5 millis")))
        const reading = yield* Effect.forkChild(Stream.runDrain(slow))
        yield* MongoServers.until(Effect.map(openCursors(server.port), (open) => open === 1))

        yield* Fiber.interrupt(reading)
        assert.strictEqual(yield* openCursors(server.port), 0)

        // The same when it is only not read to its end.
        const some = yield* Stream.runCollect(Stream.take(things.find({}, { batchSize: 10 }), 25))
        assert.strictEqual(some.length, 25)
        assert.strictEqual(yield* openCursors(server.port), 0)

        // And when it waits for an answer.
        const frozen = yield* Effect.forkChild(Stream.runDrain(
          things.find({}, { batchSize: 10 }).pipe(
            Stream.tap(({ _id }) => Effect.sync(() => proxy.freeze(_id === 9)))
          )
        ))
        yield* asked(proxy, "getMore")
        const stopping = yield* Effect.forkChild(Fiber.interrupt(frozen), { startImmediately: true })
        yield* Effect.sleep("50 millis")
        proxy.freeze(false)
        yield* Fiber.join(stopping)
        yield* MongoServers.until(Effect.map(openCursors(server.port), (open) => open === 0))
      })
    )

    test(
      "of a watch closes its cursor",
      Effect.gen(function*() {
        const { client, server } = yield* proxied()
        const things = client.collection("things")
        const scope = yield* Scope.make()
        const changes = yield* Scope.provide(things.watch(), scope)
        const watching = yield* Effect.forkChild(Stream.runDrain(changes))
        yield* MongoServers.until(Effect.map(openCursors(server.port), (open) => open === 1))

        yield* Fiber.interrupt(watching)
        yield* Scope.close(scope, Exit.void)

        assert.strictEqual(yield* openCursors(server.port), 0)
      })
    )

    test(
      "of a transaction aborts it",
      Effect.gen(function*() {
        const { client } = yield* proxied()
        const things = client.collection("things")
        yield* things.insertOne({ _id: 0, n: 0 })
        const updated = yield* Latch.make()
        const update = Effect.andThen(things.updateOne({ _id: 0 }, { $set: { n: 1 } }), updated.open)
        const open = yield* Effect.forkChild(client.transaction(Effect.andThen(update, Effect.never)))
        yield* updated.await

        yield* Fiber.interrupt(open)

        // It would wait for a transaction that is open.
        yield* Effect.timeout(things.updateOne({ _id: 0 }, { $inc: { n: 10 } }), "20 seconds")
        assert.deepStrictEqual([...(yield* Stream.runCollect(things.find()))], [{ _id: 0, n: 10 }])
      })
    )
  })

  describe("transactions", () => {
    test(
      "fibers inside are part of it, one after the other; those of another client are not",
      Effect.gen(function*() {
        const { client, server } = yield* proxied()
        const other = yield* connect(server.url)
        const things = client.collection("things")

        const error = yield* Effect.flip(client.transaction(Effect.gen(function*() {
          yield* Effect.forEach(numbers(20), (document) => things.insertOne(document), { concurrency: 10 })
          assert.strictEqual(yield* things.count(), 20)
          assert.strictEqual(yield* other.collection("things").count(), 0)
          yield* other.collection("things").insertOne({ _id: "other" })
          return yield* Effect.fail("not wanted" as const)
        })))

        assert.strictEqual(error, "not wanted")
        assert.deepStrictEqual([...(yield* Stream.runCollect(things.find()))], [{ _id: "other" }])
      })
    )

    test(
      "one inside of another is a part of it: when it fails, none is committed",
      Effect.gen(function*() {
        const { client } = yield* proxied()
        const things = client.collection("things")
        const inner = client.transaction(Effect.andThen(things.insertOne({ _id: 2 }), Effect.fail("inner" as const)))

        const error = yield* Effect.flip(
          client.transaction(Effect.andThen(things.insertOne({ _id: 1 }), Effect.ignore(inner)))
        )

        assert.instanceOf(error, DocumentStoreError)
        assert.include(error.message, "one inside of it had failed")
        assert.strictEqual(yield* things.count(), 0)
        yield* client.transaction(Effect.andThen(
          things.insertOne({ _id: 1 }),
          client.transaction(things.insertOne({ _id: 2 }))
        ))
        assert.strictEqual(yield* things.count(), 2)
      })
    )
  })

  describe("bulkWrite", () => {
    test(
      "a write that the driver itself refuses is one item, not the end of all",
      Effect.gen(function*() {
        const { client } = yield* proxied()
        const things = client.collection("things")
        const writes = [
          { insertOne: { document: { _id: 1 } } },
          { updateOne: { filter: { _id: 1 }, update: { n: 1 } } },
          { updateOne: { filter: { _id: 1 }, update: { $set: { n: 1 } } } }
        ]

        const unordered = yield* things.bulkWrite(writes, { ordered: false })
        yield* things.deleteMany({})
        const ordered = yield* things.bulkWrite(writes)

        assert.deepStrictEqual(unordered.items.map(({ status }) => status), ["done", "failed", "done"])
        assert.deepStrictEqual(ordered.items.map(({ status }) => status), ["done", "failed", "not attempted"])
        const [, failed] = ordered.items
        assert.strictEqual(failed?.status === "failed" ? failed.error.reason : "", "Invalid")
      })
    )

    test(
      "items stand at the place of their writes, over all chunks",
      Effect.gen(function*() {
        const { client } = yield* proxied()
        const things = client.collection("things")
        yield* things.insertOne({ _id: 7 })
        const writes = numbers(25).map((document) => ({ insertOne: { document } }))

        const unordered = yield* things.bulkWrite(writes, { ordered: false, chunkSize: 4 })
        yield* things.deleteMany({ _id: { $ne: 7 } })
        const ordered = yield* things.bulkWrite(writes, { chunkSize: 4 })

        assert.strictEqual(unordered.insertedCount, 24)
        assert.deepStrictEqual(unordered.items.map(({ status }) => status === "failed"), writes.map((_, n) => n === 7))
        assert.strictEqual(ordered.insertedCount, 7)
        assert.deepStrictEqual(
          ordered.items.map(({ status }) => status),
          writes.map((_, n) => n < 7 ? "done" : n === 7 ? "failed" : "not attempted")
        )
      })
    )
  })

  describe("connections", () => {
    test(
      "parameters of the URL win over defaults, and options over both",
      Effect.gen(function*() {
        const { url } = yield* MongoServers.start
        const most = (url: string, options: ConnectOptions = {}) =>
          Effect.map(Effect.flatMap(connect(url, options), ({ health }) => health), ({ pool }) => pool?.max)

        assert.strictEqual(yield* most(url), 100)
        assert.strictEqual(yield* most(`${url}/?maxPoolSize=5`), 5)
        assert.strictEqual(yield* most(`${url}/?maxPoolSize=5`, { maxConnections: 3 }), 3)
      })
    )

    test(
      "clients of one URL share theirs, with metrics of the pool",
      Effect.gen(function*() {
        const { proxy, url } = yield* proxied()
        yield* connect(url)
        const before = proxy.connections()
        yield* Effect.forEach(Array.from({ length: 20 }), () => connect(url))
        assert.strictEqual(proxy.connections(), before)

        const snapshot = yield* Metric.snapshot
        const max = snapshot.filter(({ attributes, id }) =>
          id === "skein_pool_max_connections" && attributes?.["server"] === `127.0.0.1:${proxy.port}`
        )
        assert.deepStrictEqual(max.map(({ attributes }) => attributes?.["service"]), ["documents"])
      })
    )

    test(
      "R15 the password of a URL is in no error",
      Effect.gen(function*() {
        const { port } = yield* MongoServers.start
        const secret = "pa55-of-the-url"
        const host = `127.0.0.1:${port}`
        const urls = [
          `mongodb://me:${secret}@${host}/shop`,
          `mongodb://me:${secret}@127.0.0.1:1/shop`,
          `mongodb://me:${secret}@${host}/shop?noSuchOption=1`,
          `mongodb://me:${secret}@${host}/shop?authMechanism=NONE-SUCH`,
          `mongodb://me:%zz${secret}@${host}/shop`,
          `mongodb://me:${secret}:x@${host}/shop`,
          `mongodb://me:${secret}@${host}:99999/shop`,
          `mongodb://me:${secret}/@${host}/shop`
        ]
        for (const url of urls) {
          const error = yield* Effect.flip(Effect.scoped(connect(url, { selectionTimeout: "100 millis" })))
          assert.notInclude(`${error.message} ${error.hint} ${JSON.stringify(error)}`, secret, url)
        }
      })
    )

    it.live("R44 after 1000 connects and 20 layers no handle is left", () =>
      Effect.gen(function*() {
        const { url } = yield* MongoServers.start
        const use = (times: number) =>
          Effect.forEach(
            Array.from({ length: times }),
            () => Effect.scoped(Effect.flatMap(connect(url), ({ ping }) => ping)),
            { concurrency: 10 }
          ).pipe(Effect.provide(MongoDocumentStore.layer, { local: true }))
        const before = sockets()

        for (let layers = 0; layers < 20; layers++) yield* use(50)

        yield* MongoServers.until(Effect.sync(() => sockets() <= before))
        assert.isAtMost(sockets(), before)
      }).pipe(Effect.scoped), 60_000)
  })
})
