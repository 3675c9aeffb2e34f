/** What every `CacheStore` must do. Each layer's test file calls it once, with the URL to do it on. */
import { assert, describe, type Vitest } from "@effect/vitest"
import { Context, Deferred, Duration, Effect, Exit, Fiber, Option, Ref, Schema, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { type CacheClient, type CacheError, CacheStore, type ConnectOptions } from "../../src/services/CacheStore.ts"

export class TestCache extends Context.Service<TestCache, {
  readonly url: string
  /** Before the names of caches: a server may be in use by others. */
  readonly prefix: string
  /** Of every client. */
  readonly options?: ConnectOptions
  /** A client as another process has it, where there is a server. */
  readonly another?: Effect.Effect<CacheClient, CacheError, CacheStore | Scope.Scope>
}>()("test/TestCache") {}

export class Order extends Schema.Class<Order>("Order")({
  id: Schema.BigInt,
  placed: Schema.Date,
  lines: Schema.ReadonlyMap(Schema.String, Schema.Finite),
  note: Schema.optional(Schema.String)
}) {
  get total(): number {
    return [...this.lines.values()].reduce((all, line) => all + line, 0)
  }
}

const order = new Order({ id: 2n ** 70n, placed: new Date(0), lines: new Map([["a", 1], ["b", 2]]) })

const connect = (options?: ConnectOptions) =>
  Effect.flatMap(
    TestCache,
    (test) => Effect.flatMap(CacheStore, (store) => store.connect(test.url, { ...test.options, ...options }))
  )

let counter = 0
/** A name of its own for each test. */
const freshName = Effect.map(TestCache, ({ prefix }) => `${prefix}${counter++}`)

const cacheOf = Effect.fnUntraced(function*<A, I>(schema: Schema.Codec<A, I>) {
  const name = yield* freshName
  return yield* (yield* connect()).cache({ name, schema, jitter: 0, grace: "1 minute" })
})

const minutesLeft = <E>(ttl: Effect.Effect<Option.Option<Duration.Duration>, E>) =>
  Effect.map(ttl, (left) => Duration.toMinutes(Option.getOrThrow(left)))

/** A loader that counts its runs. */
const counting = Effect.fnUntraced(function*<A>(value: (run: number) => Option.Option<A>) {
  const runs = yield* Ref.make(0)
  return { load: Effect.map(Ref.updateAndGet(runs, (n) => n + 1), value), runs: Ref.get(runs) }
})

export const tests = (it: Vitest.MethodsNonLive<CacheStore | TestCache>): void => {
  describe("CacheStore", () => {
    it.effect("get finds nothing under a key never set, then what was set, then what replaced it", () =>
      Effect.gen(function*() {
        const cache = yield* cacheOf(Schema.String)

        const before = yield* cache.get("k")
        yield* cache.set("k", "one")
        const first = yield* cache.get("k")
        yield* cache.set("k", "two")

        assert.deepStrictEqual([before, first, yield* cache.get("k")], [
          Option.none(),
          Option.some("one"),
          Option.some("two")
        ])
      }))

    it.effect("class instances, dates, maps and big integers come out as what they were", () =>
      Effect.gen(function*() {
        const cache = yield* cacheOf(Order)
        yield* cache.set("k", order)

        const found = Option.getOrThrow(yield* cache.get("k"))

        assert.instanceOf(found, Order)
        assert.strictEqual(found.total, 3)
        assert.deepStrictEqual(found, order)
      }))

    for (const key of ["", "with space", "ключ", "a:b", "line\nbreak", "😀", "x".repeat(5_000)]) {
      it.effect(`a key may be ${JSON.stringify(key.slice(0, 12))}`, () =>
        Effect.gen(function*() {
          const cache = yield* cacheOf(Schema.String)
          yield* cache.set(key, "v")

          assert.deepStrictEqual(yield* cache.get(key), Option.some("v"))
          assert.isTrue(yield* cache.delete(key))
          assert.deepStrictEqual(yield* cache.get(key), Option.none())
        }))
    }

    it.effect("values of every size stay what they are", () =>
      Effect.gen(function*() {
        const cache = yield* cacheOf(Schema.Array(Schema.String))
        for (const size of [0, 1, 1_000, 20_000]) {
          const value = Array.from({ length: size }, (_, at) => `line ${at}`)
          yield* cache.set("k", value)
          assert.deepStrictEqual(yield* cache.get("k"), Option.some(value))
        }
      }))

    it.effect("a value that does not fit its schema is refused, and its text is not in the error", () =>
      Effect.gen(function*() {
        const cache = yield* cacheOf(Schema.String.check(Schema.isMaxLength(3)))

        const error = yield* Effect.flip(cache.set("k", "much-too-long"))

        assert.strictEqual(error.reason, "Invalid")
        assert.notInclude(error.message, "much-too-long")
        assert.deepStrictEqual(yield* cache.get("k"), Option.none())
      }))

    it.effect("a stored value that does not fit the reader's schema counts as missing", () =>
      Effect.gen(function*() {
        const client = yield* connect()
        const name = yield* freshName
        const texts = yield* client.cache({ name, schema: Schema.String })
        const numbers = yield* client.cache({ name, schema: Schema.Finite })
        yield* texts.set("k", "text")

        assert.deepStrictEqual(yield* numbers.get("k"), Option.none())
        assert.deepStrictEqual(yield* texts.get("k"), Option.some("text"))
        assert.isAtLeast((yield* client.statistics).unfit, 1)
      }))

    it.effect("two caches of one name share their entries, each with its own schema", () =>
      Effect.gen(function*() {
        const client = yield* connect()
        const name = yield* freshName
        const dates = yield* client.cache({ name, schema: Schema.Date })
        const texts = yield* client.cache({ name, schema: Schema.String })
        yield* dates.set("k", new Date(0))

        assert.deepStrictEqual(yield* texts.get("k"), Option.some("1970-01-01T00:00:00.000Z"))
        assert.deepStrictEqual(yield* dates.get("k"), Option.some(new Date(0)))
      }))

    it.effect("caches of different names do not meet", () =>
      Effect.gen(function*() {
        const one = yield* cacheOf(Schema.String)
        const other = yield* cacheOf(Schema.String)
        yield* one.set("k", "v")

        assert.deepStrictEqual(yield* other.get("k"), Option.none())
      }))

    it.effect("setMany and getMany keep the order of keys, whatever is missing or asked twice", () =>
      Effect.gen(function*() {
        const cache = yield* cacheOf(Schema.Finite)
        yield* cache.setMany([["a", 1], ["b", 2], ["a", 3]])

        const found = yield* cache.getMany(["b", "none", "a", "b"])

        assert.deepStrictEqual(found, [Option.some(2), Option.none(), Option.some(3), Option.some(2)])
        assert.deepStrictEqual(yield* cache.getMany([]), [])
        yield* cache.setMany([])
      }))

    it.effect("thousands are set, read and deleted at once", () =>
      Effect.gen(function*() {
        const cache = yield* cacheOf(Schema.Finite)
        const keys = Array.from({ length: 2_500 }, (_, at) => `k${at}`)
        yield* cache.setMany(keys.map((key, at) => [key, at] as const), { ttl: "1 minute" })

        assert.deepStrictEqual(yield* cache.getMany(keys), keys.map((_, at) => Option.some(at)))
        assert.strictEqual(yield* cache.deleteMany([...keys, "none", "k1"]), 2_500)
        assert.strictEqual(yield* cache.deleteMany(keys), 0)
      }))

    it.effect("delete says whether there was something", () =>
      Effect.gen(function*() {
        const cache = yield* cacheOf(Schema.String)
        yield* cache.set("k", "v")
        yield* cache.getOrLoad("nothing", Effect.succeedNone)

        assert.deepStrictEqual([yield* cache.delete("k"), yield* cache.delete("k")], [true, false])
        assert.isFalse(yield* cache.delete("nothing"))
        assert.deepStrictEqual(yield* cache.get("k"), Option.none())
      }))

    it.effect("ttl and expire speak of what is there", () =>
      Effect.gen(function*() {
        const cache = yield* cacheOf(Schema.String)
        yield* cache.set("k", "v", { ttl: "1 hour" })

        const first = yield* minutesLeft(cache.ttl("k"))
        assert.isTrue(first > 59 && first <= 60)
        assert.isTrue(yield* cache.expire("k", "2 minutes"))
        const second = yield* minutesLeft(cache.ttl("k"))
        assert.isTrue(second > 1 && second <= 2)
        assert.deepStrictEqual(yield* cache.get("k"), Option.some("v"))

        yield* cache.getOrLoad("nothing", Effect.succeedNone)
        for (const key of ["none", "nothing"]) {
          assert.deepStrictEqual(yield* cache.ttl(key), Option.none())
          assert.isFalse(yield* cache.expire(key, "1 minute"))
        }
      }))

    it.effect("a time to live may have no end, and one of zero deletes", () =>
      Effect.gen(function*() {
        const cache = yield* cacheOf(Schema.String)
        yield* cache.set("k", "v", { ttl: "Infinity" })
        assert.deepStrictEqual(yield* cache.ttl("k"), Option.some(Duration.infinity))

        assert.isTrue(yield* cache.expire("k", 0))
        assert.deepStrictEqual(yield* cache.get("k"), Option.none())
        yield* cache.set("k", "v")
        yield* cache.set("k", "w", { ttl: 0 })
        assert.deepStrictEqual(yield* cache.get("k"), Option.none())
      }))

    it.effect("getOrLoad loads what is missing, and not again", () =>
      Effect.gen(function*() {
        const cache = yield* cacheOf(Order)
        const { load, runs } = yield* counting(() => Option.some(order))

        const answers = [yield* cache.getOrLoad("k", load), yield* cache.getOrLoad("k", load), yield* cache.get("k")]

        assert.deepStrictEqual(answers, [Option.some(order), Option.some(order), Option.some(order)])
        assert.strictEqual(yield* runs, 1)
      }))

    it.effect("getOrLoad remembers that there is none", () =>
      Effect.gen(function*() {
        const cache = yield* cacheOf(Schema.String)
        const { load, runs } = yield* counting(() => Option.none<string>())

        yield* cache.getOrLoad("k", load)
        yield* cache.getOrLoad("k", load)

        assert.strictEqual(yield* runs, 1)
        assert.deepStrictEqual(yield* cache.get("k"), Option.none())
      }))

    it.effect("the failure of a loader goes to who asked, and is not remembered", () =>
      Effect.gen(function*() {
        const cache = yield* cacheOf(Schema.String)

        const error = yield* Effect.flip(cache.getOrLoad("k", Effect.fail("no")))

        assert.strictEqual(error, "no")
        assert.deepStrictEqual(yield* cache.getOrLoad("k", Effect.succeedSome("yes")), Option.some("yes"))
      }))

    it.effect("a loaded value that does not fit is given out, but not kept", () =>
      Effect.gen(function*() {
        const cache = yield* cacheOf(Schema.String.check(Schema.isMaxLength(3)))

        assert.deepStrictEqual(yield* cache.getOrLoad("k", Effect.succeedSome("long")), Option.some("long"))
        assert.deepStrictEqual(yield* cache.get("k"), Option.none())
      }))

    it.effect("R41 1,000 who miss one key at the same time cause one load", () =>
      Effect.gen(function*() {
        const cache = yield* cacheOf(Schema.Finite)
        const gate = yield* Deferred.make<void>()
        const { load, runs } = yield* counting(Option.some)

        const fiber = yield* Effect.forkChild(
          Effect.all(
            Array.from({ length: 1_000 }, () => cache.getOrLoad("k", Effect.andThen(Deferred.await(gate), load))),
            {
              concurrency: "unbounded"
            }
          )
        )
        yield* Effect.yieldNow
        yield* Deferred.succeed(gate, undefined)
        const answers = yield* Fiber.join(fiber)

        assert.deepStrictEqual(new Set(answers.map(Option.getOrThrow)), new Set([1]))
        assert.strictEqual(yield* runs, 1)
      }))

    it.effect("R41 a load goes on when one of those who wait is interrupted, and ends when all are", () =>
      Effect.gen(function*() {
        const cache = yield* cacheOf(Schema.String)
        const started = yield* Deferred.make<void>()
        const gate = yield* Deferred.make<string>()
        const ended = yield* Deferred.make<Exit.Exit<unknown, unknown>>()
        const load = Deferred.succeed(started, undefined).pipe(
          Effect.andThen(Deferred.await(gate)),
          Effect.asSome,
          Effect.onExit((exit) => Deferred.succeed(ended, exit))
        )

        const first = yield* Effect.forkChild(cache.getOrLoad("k", load))
        yield* Deferred.await(started)
        const second = yield* Effect.forkChild(cache.getOrLoad("k", load), { startImmediately: true })
        yield* Fiber.interrupt(first)
        yield* Deferred.succeed(gate, "v")
        assert.deepStrictEqual(yield* Fiber.join(second), Option.some("v"))

        const startedAgain = yield* Deferred.make<void>()
        const interrupted = yield* Ref.make(false)
        const endless = Deferred.succeed(startedAgain, undefined).pipe(
          Effect.andThen(Effect.never),
          Effect.onInterrupt(() => Ref.set(interrupted, true))
        )
        const third = yield* Effect.forkChild(cache.getOrLoad("other", endless))
        yield* Deferred.await(startedAgain)
        const fourth = yield* Effect.forkChild(cache.getOrLoad("other", endless), { startImmediately: true })
        yield* Fiber.interrupt(third)
        assert.isFalse(yield* Ref.get(interrupted))
        yield* Fiber.interrupt(fourth)
        assert.isTrue(yield* Ref.get(interrupted))
      }))

    for (
      const [what, change] of [
        ["deleted", (cache) => cache.delete("k")],
        ["set", (cache) => cache.set("k", "new")]
      ] as ReadonlyArray<
        readonly [
          string,
          (cache: Effect.Success<ReturnType<typeof cacheOf<string, string>>>) => Effect.Effect<unknown, CacheError>
        ]
      >
    ) {
      it.effect(`R41 what was loading when its key was ${what} is not kept, and who asks afterwards does not get it`, () =>
        Effect.gen(function*() {
          const cache = yield* cacheOf(Schema.String)
          const started = yield* Deferred.make<void>()
          const gate = yield* Deferred.make<void>()
          const load = Deferred.succeed(started, undefined).pipe(
            Effect.andThen(Deferred.await(gate)),
            Effect.as(Option.some("old"))
          )
          const fiber = yield* Effect.forkChild(cache.getOrLoad("k", load))
          yield* Deferred.await(started)

          yield* change(cache)
          const after = yield* cache.getOrLoad("k", Effect.succeedSome("new"))
          yield* Deferred.succeed(gate, undefined)

          assert.deepStrictEqual(yield* Fiber.join(fiber), Option.some("old"))
          assert.deepStrictEqual(after, Option.some("new"))
          assert.deepStrictEqual(yield* cache.get("k"), Option.some("new"))
        }))
    }

    it.effect("clients of one URL with the same options share what they know", () =>
      Effect.gen(function*() {
        const name = yield* freshName
        const one = yield* (yield* connect()).cache({ name, schema: Schema.String })
        const other = yield* (yield* connect()).cache({ name, schema: Schema.String })
        yield* one.set("k", "v")

        assert.deepStrictEqual(yield* other.get("k"), Option.some("v"))
      }))

    it.effect("the memory level is bounded in entries and in bytes", () =>
      Effect.gen(function*() {
        const few = yield* connect({ maxEntries: 3 })
        const small = yield* connect({ maxBytes: 1_000 })
        for (const client of [few, small]) {
          const cache = yield* client.cache({ name: yield* freshName, schema: Schema.String })
          yield* cache.setMany(Array.from({ length: 20 }, (_, at) => [`k${at}`, "x".repeat(200)] as const))
          yield* cache.set("larger than all", "x".repeat(2_000))
        }

        const inFew = (yield* few.statistics).memory
        const inSmall = (yield* small.statistics).memory
        assert.deepStrictEqual([inFew.entries, inFew.evictions], [3, 18])
        assert.isAtMost(inSmall.bytes, 1_000)
        assert.isAtLeast(inSmall.entries, 1)
      }))

    it.effect("health says up, and statistics count what was asked", () =>
      Effect.gen(function*() {
        const client = yield* connect({ maxEntries: 1_234 })
        const cache = yield* client.cache({ name: yield* freshName, schema: Schema.String })
        yield* cache.get("k")
        yield* cache.getOrLoad("k", Effect.succeedSome("v"))
        yield* cache.get("k")
        yield* Effect.flip(cache.getOrLoad("other", Effect.fail("no")))

        const { loadFailures, loads, memory } = yield* client.statistics
        assert.strictEqual((yield* client.health).status, "up")
        assert.deepStrictEqual([memory.hits, memory.misses, loads, loadFailures], [1, 3, 2, 1])
      }))
  })
}

/** Waits until this process was told of another's change. */
const eventually = <A>(look: Effect.Effect<A>, isIt: (value: A) => boolean) =>
  Effect.tap(look, Effect.yieldNow).pipe(Effect.repeat({ until: isIt }), Effect.timeout("20 seconds"))

/** What passes with time; for layers in the time of the test's clock. */
export const timeTests = (it: Vitest.MethodsNonLive<CacheStore | TestCache>): void => {
  describe("CacheStore, as time passes", () => {
    const timed = (options: { readonly jitter?: number } = {}) =>
      Effect.gen(function*() {
        const name = yield* freshName
        return yield* (yield* connect()).cache({
          name,
          schema: Schema.String,
          ttl: "10 minutes",
          negativeTtl: "1 minute",
          grace: "5 minutes",
          jitter: 0,
          ...options
        })
      })

    it.effect("a value is there until its time is over", () =>
      Effect.gen(function*() {
        const cache = yield* timed()
        yield* cache.set("k", "v")
        yield* TestClock.adjust(599_999)
        assert.deepStrictEqual(yield* cache.get("k"), Option.some("v"))
        assert.deepStrictEqual(yield* cache.ttl("k"), Option.some(Duration.millis(1)))

        yield* TestClock.adjust(1)
        assert.deepStrictEqual(yield* cache.get("k"), Option.none())
        assert.deepStrictEqual(yield* cache.getMany(["k"]), [Option.none()])
        assert.deepStrictEqual(yield* cache.ttl("k"), Option.none())
        assert.isFalse(yield* cache.expire("k", "1 hour"))
        assert.isFalse(yield* cache.delete("k"))
      }))

    it.effect("expire moves the end", () =>
      Effect.gen(function*() {
        const cache = yield* timed()
        yield* cache.set("k", "v")
        yield* cache.expire("k", "20 minutes")
        yield* TestClock.adjust("19 minutes")
        assert.deepStrictEqual(yield* cache.get("k"), Option.some("v"))

        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(yield* cache.get("k"), Option.none())
      }))

    it.effect("that there is none is remembered for its own time", () =>
      Effect.gen(function*() {
        const cache = yield* timed()
        const { load, runs } = yield* counting((run) => run === 1 ? Option.none() : Option.some("v"))
        yield* cache.getOrLoad("k", load)
        yield* TestClock.adjust(59_999)
        assert.deepStrictEqual(yield* cache.getOrLoad("k", load), Option.none())

        yield* TestClock.adjust(1)
        assert.deepStrictEqual(yield* cache.getOrLoad("k", load), Option.some("v"))
        assert.strictEqual(yield* runs, 2)
      }))

    it.effect("R41 when the loader fails, an older value stands in within its grace and no longer", () =>
      Effect.gen(function*() {
        const cache = yield* timed()
        yield* cache.set("k", "old")
        yield* TestClock.adjust(899_999)
        assert.deepStrictEqual(yield* cache.get("k"), Option.none())
        assert.deepStrictEqual(yield* cache.getOrLoad("k", Effect.fail("no")), Option.some("old"))

        yield* TestClock.adjust(1)
        assert.strictEqual(yield* Effect.flip(cache.getOrLoad("k", Effect.fail("no"))), "no")
      }))

    it.effect("a deleted value does not stand in", () =>
      Effect.gen(function*() {
        const cache = yield* timed()
        yield* cache.set("k", "old")
        yield* cache.delete("k")

        assert.strictEqual(yield* Effect.flip(cache.getOrLoad("k", Effect.fail("no"))), "no")
      }))

    it.effect("jitter makes times to live differ, and never longer", () =>
      Effect.gen(function*() {
        const cache = yield* timed({ jitter: 0.5 })
        const keys = Array.from({ length: 200 }, (_, at) => `k${at}`)
        yield* cache.setMany(keys.map((key) => [key, "v"] as const))

        const ends = yield* Effect.forEach(keys, (key) => Effect.map(cache.ttl(key), Option.getOrThrow))
        const minutes = ends.map(Duration.toMinutes)
        assert.isTrue(minutes.every((end) => end >= 5 && end <= 10))
        assert.isAtLeast(new Set(minutes).size, 100)
        assert.isTrue(Math.min(...minutes) < 6 && Math.max(...minutes) > 9)
      }))
  })
}

/** What two processes do on one server. */
export const serverTests = (it: Vitest.MethodsNonLive<CacheStore | TestCache>): void => {
  describe("CacheStore, two processes on one server", () => {
    const pair = Effect.fnUntraced(function*<A, I>(schema: Schema.Codec<A, I>) {
      const name = yield* freshName
      const { another } = yield* TestCache
      const mine = yield* connect()
      const theirs = yield* another!
      return {
        mine: yield* mine.cache({ name, schema, jitter: 0, grace: "1 minute" }),
        theirs: yield* theirs.cache({ name, schema, jitter: 0, grace: "1 minute" }),
        client: mine
      }
    })
    it.effect("values come out of the second level as what they were", () =>
      Effect.gen(function*() {
        const { mine, theirs } = yield* pair(Order)
        yield* theirs.set("k", order)

        const found = Option.getOrThrow(yield* mine.get("k"))

        assert.instanceOf(found, Order)
        assert.deepStrictEqual(found, order)
        assert.deepStrictEqual(yield* mine.getMany(["k", "none"]), [Option.some(order), Option.none()])
      }))

    it.effect("what one has loaded, and that there is none, the other need not load", () =>
      Effect.gen(function*() {
        const { mine, theirs } = yield* pair(Schema.String)
        yield* theirs.getOrLoad("k", Effect.succeedSome("v"))
        yield* theirs.getOrLoad("nothing", Effect.succeedNone)

        const loader = Effect.die("not needed")
        assert.deepStrictEqual(yield* mine.getOrLoad("k", loader), Option.some("v"))
        assert.deepStrictEqual(yield* mine.getOrLoad("nothing", loader), Option.none())
      }))

    for (
      const [what, change, after] of [
        ["delete", (cache) => cache.delete("k"), Option.none()],
        ["deleteMany", (cache) => cache.deleteMany(["other", "k"]), Option.none()],
        ["set", (cache) => cache.set("k", "new"), Option.some("new")],
        ["setMany", (cache) => cache.setMany([["other", "x"], ["k", "new"]]), Option.some("new")]
      ] as ReadonlyArray<
        readonly [
          string,
          (cache: Effect.Success<ReturnType<typeof cacheOf<string, string>>>) => Effect.Effect<unknown, CacheError>,
          Option.Option<string>
        ]
      >
    ) {
      for (const how of ["read", "set", "loaded"] as const) {
        it.effect(`R41 another's ${what} reaches the memory that had ${how} the value`, () =>
          Effect.gen(function*() {
            const { mine, theirs } = yield* pair(Schema.String)
            if (how === "set") yield* mine.set("k", "old")
            else if (how === "loaded") yield* mine.getOrLoad("k", Effect.succeedSome("old"))
            else yield* theirs.set("k", "old")
            assert.deepStrictEqual(yield* mine.get("k"), Option.some("old"))

            yield* change(theirs)

            yield* eventually(mine.get("k"), (found) => Option.getOrUndefined(found) === Option.getOrUndefined(after))
          }))
      }
    }

    it.effect("another's expire is seen", () =>
      Effect.gen(function*() {
        const { mine, theirs } = yield* pair(Schema.String)
        yield* theirs.set("k", "v", { ttl: "1 hour" })
        yield* mine.get("k")
        assert.isTrue(yield* theirs.expire("k", "10 minutes"))

        yield* eventually(minutesLeft(mine.ttl("k")), (minutes) => minutes <= 10)
      }))

    it.effect("R41 what was loading when another deleted its key is kept nowhere", () =>
      Effect.gen(function*() {
        const { mine, theirs } = yield* pair(Schema.String)
        const started = yield* Deferred.make<void>()
        const gate = yield* Deferred.make<void>()
        const load = Deferred.succeed(started, undefined).pipe(
          Effect.andThen(Deferred.await(gate)),
          Effect.as(Option.some("old"))
        )
        const fiber = yield* Effect.forkChild(mine.getOrLoad("k", load))
        yield* Deferred.await(started)

        yield* theirs.delete("k")
        // An answer on the connection comes after what the server had to tell.
        yield* mine.get("something else")
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.join(fiber)

        assert.deepStrictEqual([yield* mine.get("k"), yield* theirs.get("k")], [Option.none(), Option.none()])
      }))
  })
}
