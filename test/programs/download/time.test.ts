/** Downloads in virtual time, on the fake. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as FakeFileTransfer from "../../../src/layers/fake/FakeFileTransfer.ts"
import * as Download from "../../../src/programs/Download.ts"
import * as PoliteClient from "../../../src/services/polite/Client.ts"
import { defaults, PoliteHttp } from "../../../src/services/PoliteHttp.ts"
import { bytes } from "../../services/FileTransferSuite.ts"

const base = "https://files.test"
const item = (name: string, rest: Partial<Download.Item> = {}): Download.Item => ({
  label: name,
  request: Effect.succeed({ url: `${base}/${name}` }),
  name,
  ...rest
})
const options = { folder: "/files" }
const fake = FakeFileTransfer.FakeFileTransfer
const serve = (name: string, file: Parameters<typeof fake.Service.serve>[1]) =>
  Effect.flatMap(fake, ({ serve }) => serve(`${base}/${name}`, file))

/** Begins a download; `events` has what was told so far, without progress. */
const begin = Effect.fnUntraced(function*(items: ReadonlyArray<Download.Item>, rest: Partial<Download.Options> = {}) {
  const events: Array<Download.Event> = []
  const onEvent = (event: Download.Event) => Effect.sync(() => void (event._tag === "Progress" || events.push(event)))
  // Seldom, since every time that the clock must stop costs.
  const often = { progressEvery: Duration.minutes(1), rememberEvery: Duration.seconds(20) }
  const fiber = yield* Effect.forkChild(Download.all(items, { ...options, ...often, onEvent, ...rest }))
  return { fiber, events }
})

/** Downloads while as much time passes as is needed. */
const download = Effect.fnUntraced(
  function*(items: ReadonlyArray<Download.Item>, rest: Partial<Download.Options> = {}) {
    const { events, fiber } = yield* begin(items, rest)
    const started = yield* Clock.currentTimeMillis
    while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("1 minute")
    const ended = yield* Clock.currentTimeMillis
    return { results: yield* Fiber.join(fiber), events, minutes: (ended - started) / 60_000 }
  }
)

const reasons = (results: Download.Report) =>
  results.map((result) => result._tag === "Failed" ? result.error.reason : result.name)
const because = (events: ReadonlyArray<Download.Event>) =>
  events.flatMap((event) => event._tag === "Retrying" ? [event.because] : [])

/** The file is there, whole. */
const isWhole = Effect.fnUntraced(function*(name: string, content: Uint8Array) {
  const { read } = yield* fake
  assert.isTrue(Buffer.from((yield* read(`/files/${name}`)) ?? []).equals(content), `${name} is another file`)
})

/** The file as the version is. */
const versionOf = (version: number): Uint8Array => new Uint8Array(20_000).fill(version)

/** A file that is served until `expires` of its URL, in milliseconds. */
const signed = (file: FakeFileTransfer.ServedFile) => ({ url }: { readonly url: URL }) =>
  Effect.map(
    Clock.currentTimeMillis,
    (now): FakeFileTransfer.ServedFile => now < Number(url.searchParams.get("expires")) ? file : { status: 403 }
  )

describe("Download in time", () => {
  it.effect("has three files under way at once", () =>
    Effect.gen(function*() {
      const names = ["a", "b", "c", "d", "e", "f", "g"]
      for (const name of names) yield* serve(name, { content: bytes(6_000_000), bytesPerSecond: 100_000 })
      const { minutes, results } = yield* download(names.map((name) => item(name)))

      assert.deepStrictEqual(reasons(results), names)
      assert.strictEqual(yield* Effect.flatMap(fake, ({ mostOpen }) => mostOpen), 3)
      assert.strictEqual(minutes, 3)
    }).pipe(Effect.provide(FakeFileTransfer.layer)))

  it.effect("R25 goes on for as long as every try brings something, and gives up when five bring nothing", () =>
    Effect.gen(function*() {
      const content = bytes(1_000_000)
      yield* serve("cut", { content, cutAfter: 100_000 })
      yield* serve("silent", { content, silentAfter: 0 })
      const { events, results } = yield* download([item("cut"), item("silent")], { ranges: 1 })

      assert.deepStrictEqual(reasons(results), ["cut", "Network"])
      const urls = (yield* Effect.flatMap(fake, ({ requests }) => requests)).map(({ url }) => url.pathname)
      assert.deepStrictEqual([...new Set(urls)].map((path) => urls.filter((one) => one === path).length), [10, 7])
      yield* isWhole("cut", content)
      assert.match(because(events).at(-1)!, /files.test was silent for too long within its answer/)
    }).pipe(Effect.provide(FakeFileTransfer.layer)))

  it.effect("a server may be silent for 30 seconds, and slow for as long as it sends 100 bytes a second", () =>
    Effect.gen(function*() {
      yield* serve("late", { content: bytes(10), delay: Duration.millis(29_999) })
      yield* serve("silent", { content: bytes(10), delay: Duration.seconds(30) })
      yield* serve("slow", { content: bytes(6_000), bytesPerSecond: 110 })
      yield* serve("drip", { content: bytes(100_000), bytesPerSecond: 99 })
      const { events, fiber } = yield* begin(["late", "silent", "slow", "drip"].map((name) => item(name)), {
        concurrency: 4,
        limits: { retries: 1 }
      })

      yield* TestClock.adjust("29999 millis")
      assert.deepStrictEqual(because(events), [])
      yield* TestClock.adjust("1 second")
      assert.sameMembers(because(events), [
        "files.test was silent for too long before its answer",
        "files.test sends fewer than 100 bytes a second"
      ])
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(reasons(yield* Fiber.join(fiber)), ["late", "Network", "slow", "Network"])
    }).pipe(Effect.provide(FakeFileTransfer.layer)))

  it.effect("a URL that ends is made when its file begins, and anew when it has ended, for an hour", () =>
    Effect.gen(function*() {
      const content = bytes(3_600_000)
      const minted: Array<number> = []
      const request = Effect.map(Clock.currentTimeMillis, (now) => {
        minted.push(now / 60_000)
        return { url: `${base}/a?expires=${now + 10 * 60_000}` }
      })
      // Each connection is held for some minutes only.
      yield* serve("a", signed({ content, bytesPerSecond: 1_000, cutAfter: 240_000 }))
      yield* serve("b", { content: bytes(600_000), bytesPerSecond: 1_000 })
      const { events, results } = yield* download([item("b"), item("a", { request })], { concurrency: 1 })
      const known = yield* download([item("c", { request, lasts: Duration.minutes(10) })], { ranges: 1 })

      assert.deepStrictEqual(reasons([...results, ...known.results]), ["b", "a", "c"])
      yield* isWhole("a", content)
      // The first one when the other file was there, the others when a connection ended after ten minutes or nine.
      const times = minted.map(Math.floor)
      assert.deepStrictEqual([times.slice(0, 5), times.slice(5)], [[10, 22, 34, 46, 58], [71, 83, 95, 107, 119]])
      const refused = (events: ReadonlyArray<Download.Event>) => because(events).filter((text) => text.includes("403"))
      assert.deepStrictEqual([refused(events).length, refused(known.events).length], [4, 0])
    }).pipe(Effect.provide(FakeFileTransfer.layer)))

  it.effect("a Retry-After makes all files of its host wait, and a host has one gate for all who ask it", () =>
    Effect.gen(function*() {
      let refused = 0
      yield* serve(
        "busy",
        () =>
          Effect.sync((): FakeFileTransfer.ServedFile =>
            ++refused === 1 ? { status: 429, headers: { "retry-after": "60" } } : { content: bytes(1) }
          )
      )
      yield* serve("a", { content: bytes(1) })
      const polite = yield* PoliteClient.make(defaults)
      const first = yield* Effect.provideService(
        begin([item("busy"), item("a")], { concurrency: 1 }),
        PoliteHttp,
        polite
      )
      yield* TestClock.adjust("59 seconds")
      assert.deepStrictEqual(first.events.map(({ _tag }) => _tag), ["Retrying"])
      const other = yield* Effect.provideService(begin([item("a", { name: "b" })]), PoliteHttp, polite)
      yield* TestClock.adjust("999 millis")
      assert.lengthOf(other.events, 0)
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(reasons(yield* Fiber.join(first.fiber)), ["busy", "a"])
      assert.deepStrictEqual(reasons(yield* Fiber.join(other.fiber)), ["b"])
    }).pipe(Effect.scoped, Effect.provide(FakeFileTransfer.layer)))

  it.effect("an hour of silence is a few tries", () =>
    Effect.gen(function*() {
      yield* serve("a", { delay: Duration.hours(1) })
      const { events, minutes, results } = yield* download([item("a"), item("a", { name: "b" })], {
        silence: Duration.minutes(10),
        rememberEvery: Duration.minutes(1)
      })

      assert.deepStrictEqual(reasons(results), ["Network", "Network"])
      assert.strictEqual(because(events).length, 10)
      assert.strictEqual(Math.floor(minutes), 61)
    }).pipe(Effect.provide(FakeFileTransfer.layer)))

  it.effect("what is not there when the time is over says so; what is there stays", () =>
    Effect.gen(function*() {
      const content = bytes(600_000)
      yield* serve("small", { content: bytes(10) })
      for (const name of ["large", "waiting"]) yield* serve(name, { content, bytesPerSecond: 1_000 })
      const items = ["small", "large", "waiting"].map((name) => item(name))
      const one = yield* download(items, { concurrency: 1, timeout: Duration.millis(300_500) })
      const other = yield* download(items, { concurrency: 1, exists: "skip" })

      assert.deepStrictEqual(reasons(one.results), ["small", "Timeout", "Timeout"])
      assert.deepStrictEqual(
        other.results.map((result) => result._tag === "Done" ? result.resumed : undefined),
        [0, 300_000, 0]
      )
      yield* isWhole("large", content)
    }).pipe(Effect.provide(FakeFileTransfer.layer)))

  it.effect("R25 a full disk is told as such; what fitted is gone on with when there is room", () =>
    Effect.gen(function*() {
      const { limit, names } = yield* fake
      const content = bytes(3_000_000)
      yield* serve("a", { content, bytesPerSecond: 100_000 })
      yield* limit(1_000_000)
      const full = yield* download([item("a")], { ranges: 1 })

      assert.deepStrictEqual(reasons(full.results), ["DiskFull"])
      assert(full.results[0]?._tag === "Failed")
      assert.match(full.results[0].error.message, /no space left for \/files\/a.part/)
      assert.deepStrictEqual(yield* names("/files"), ["a.part"])

      yield* limit(Infinity)
      const { results } = yield* download([item("a")])
      assert.strictEqual(results[0]?._tag === "Done" && results[0].resumed, 1_000_000)
      yield* isWhole("a", content)
    }).pipe(Effect.provide(FakeFileTransfer.layer)))

  it.effect("a folder that may not be written, and a file that another process downloads, are told as such", () =>
    Effect.gen(function*() {
      const { forbid, heldBy, requests } = yield* fake
      yield* serve("a", { content: bytes(10) })
      yield* forbid("/root")
      yield* heldBy("/files/a.part", "process 4711 on host")
      const forbidden = yield* Effect.flip(Download.all([item("a")], { folder: "/root" }))
      const { results } = yield* download([item("a")])

      assert.strictEqual(forbidden.reason, "Permission")
      assert(results[0]?._tag === "Failed")
      assert.deepStrictEqual(
        [results[0].error.reason, results[0].error.message],
        ["Busy", "a is being downloaded by process 4711 on host"]
      )
      assert.deepStrictEqual(yield* requests, [])
    }).pipe(Effect.provide(FakeFileTransfer.layer)))

  it.effect("R13 a redirect from a public host to a private address is refused, one between private ones is not", () =>
    Effect.gen(function*() {
      const { requests, serve: serveAt } = yield* fake
      for (const [index, host] of ["10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]"].entries()) {
        yield* serve(`${index}`, { status: 302, headers: { location: `http://${host}/secret` } })
      }
      yield* serveAt("http://10.0.0.2/a", { status: 302, headers: { location: "http://10.0.0.1/a" } })
      yield* serveAt("http://10.0.0.1/a", { content: bytes(1) })
      const outside = yield* download(["0", "1", "2", "3"].map((name) => item(name)))
      const asked = (yield* requests).filter(({ publicOnly }) => !publicOnly)
      const inside = yield* download([item("a", { request: Effect.succeed({ url: "http://10.0.0.2/a" }) })])

      assert.deepStrictEqual(reasons(outside.results), ["Private", "Private", "Private", "Private"])
      assert.deepStrictEqual([...new Set(asked.map(({ url }) => url.host))], ["files.test"])
      assert.deepStrictEqual(reasons(inside.results), ["a"])
    }).pipe(Effect.provide(FakeFileTransfer.layer)))

  const Fault = Schema.Struct({
    kind: Schema.Literals(["cut", "silent", "changed", "refused", "expired", "whole", "whole"]),
    after: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20_000 })),
    rangeless: Schema.Boolean
  })

  it.effect.prop(
    "R25 whatever happens on the way, a file is whole and of one version, or it is an error",
    { faults: Schema.Array(Fault).check(Schema.isMaxLength(12)) },
    ({ faults }) =>
      Effect.gen(function*() {
        let version = 1
        let asked = 0
        yield* serve("a", () =>
          Effect.sync((): FakeFileTransfer.ServedFile => {
            const fault = faults[asked++]
            if (fault?.kind === "changed") version++
            const file = { content: versionOf(version), ranges: fault?.rangeless !== true, bytesPerSecond: 5_000 }
            switch (fault?.kind) {
              case "cut":
                return { ...file, cutAfter: fault.after }
              case "silent":
                return { ...file, silentAfter: fault.after }
              case "refused":
                return { status: 503 }
              case "expired":
                return { status: 403 }
              default:
                return file
            }
          }))
        const { results: [result] } = yield* download([item("a")], { ranges: 4, smallestRange: 4_000 })

        const { names, read } = yield* fake
        const there = yield* read("/files/a")
        if (result!._tag === "Failed") assert.isUndefined(there)
        else {
          const bytes = Buffer.from(there!)
          assert.isTrue(Array.from({ length: version }, (_, at) => versionOf(at + 1)).some((one) => bytes.equals(one)))
          assert.deepStrictEqual(yield* names("/files"), ["a"])
        }
      }).pipe(Effect.provide(FakeFileTransfer.layer)),
    { arbitrary: { runs: 60 } }
  )
})
