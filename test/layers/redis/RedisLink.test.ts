/** One connection by script, in the time of the test's clock: what is sent, what waits, and what becomes of it when it is lost. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Random, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as RedisLink from "../../../src/layers/live/redis/RedisLink.ts"
import { CacheError } from "../../../src/services/CacheStore.ts"

const gone = new CacheError({ reason: "Connection", message: "gone" })

/** A server that answers when told. */
class Wire {
  readonly sent: Array<{ readonly answer: (value: string) => void; readonly fail: (error: unknown) => void }> = []
  isClosed = false
  readonly lost: (error: CacheError) => void
  constructor(lost: (error: CacheError) => void) {
    this.lost = lost
  }
  readonly ask = (): Promise<unknown> => new Promise((answer, fail) => this.sent.push({ answer, fail }))
  close(): void {
    this.isClosed = true
    for (const { fail } of this.sent) fail(gone)
  }
}

const make = Effect.fnUntraced(function*(options: Partial<RedisLink.Options<Wire>> = {}) {
  const server = { isUp: true, tries: 0, reopened: 0, wires: [] as Array<Wire> }
  const link = yield* RedisLink.make<Wire>({
    shown: "redis://test",
    open: (lost) =>
      Effect.suspend(() => {
        server.tries++
        if (!server.isUp) return Effect.fail(gone)
        const wire = new Wire(lost)
        server.wires.push(wire)
        return Effect.succeed(wire)
      }),
    close: (wire) => wire.close(),
    onReopen: () => server.reopened++,
    failure: (error) => error as CacheError,
    connectTimeout: Duration.seconds(5),
    commandTimeout: Duration.seconds(10),
    acquireTimeout: Duration.seconds(15),
    maxQueued: 2,
    retries: 3,
    ...options
  })
  return {
    link,
    server,
    read: link.send(false, (wire) => wire.ask()),
    change: link.send(true, (wire) => wire.ask()),
    wire: () => server.wires.at(-1)!
  }
})

/** Lets promises and fibers run. */
const settle = Effect.repeat(Effect.promise(() => Promise.resolve()), { times: 20 })
const fork = <A, E>(effect: Effect.Effect<A, E>) => Effect.forkChild(effect, { startImmediately: true })
const seeded = Random.withSeed("link")

describe("RedisLink", () => {
  it.effect("sends as many commands as may be on their way; others follow in their order", () =>
    Effect.gen(function*() {
      const { link, read, wire } = yield* make()
      yield* link.first
      const fibers = yield* Effect.forEach([1, 2, 3, 4], () => fork(read))
      assert.strictEqual(wire().sent.length, 2)
      assert.deepStrictEqual(link.state(), { isOpen: true, busy: 2, waiting: 2 })

      wire().sent[0]!.answer("a")
      yield* settle
      assert.strictEqual(wire().sent.length, 3)
      wire().sent[1]!.answer("b")
      wire().sent[2]!.answer("c")
      yield* settle
      wire().sent[3]!.answer("d")

      assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), ["a", "b", "c", "d"])
    }))

  it.effect("who waits for its turn for too long is told that it is busy, and is never sent", () =>
    Effect.gen(function*() {
      const { link, read, wire } = yield* make({ commandTimeout: Duration.hours(1) })
      yield* link.first
      yield* Effect.forEach([1, 2], () => fork(read))
      const third = yield* fork(Effect.flip(read))
      yield* TestClock.adjust("14 seconds")
      assert.isUndefined(third.pollUnsafe())
      yield* TestClock.adjust("2 seconds")

      assert.strictEqual((yield* Fiber.join(third)).reason, "Busy")
      wire().sent[0]!.answer("a")
      yield* settle
      assert.strictEqual(wire().sent.length, 2)
    }))

  it.effect("an interrupted command that waits is never sent; one that was sent keeps its place", () =>
    Effect.gen(function*() {
      const { link, read, wire } = yield* make()
      yield* link.first
      const [first] = yield* Effect.forEach([1, 2], () => fork(read))
      const waiting = yield* fork(read)
      yield* Fiber.interrupt(waiting)
      yield* Fiber.interrupt(first!)

      assert.deepStrictEqual(link.state(), { isOpen: true, busy: 2, waiting: 0 })
      wire().sent[0]!.answer("a")
      yield* settle
      assert.deepStrictEqual(link.state(), { isOpen: true, busy: 1, waiting: 0 })
      assert.strictEqual(wire().sent.length, 2)
    }))

  it.effect("R41 a command without an answer fails in time, and its connection is given up with all that is on it", () =>
    Effect.gen(function*() {
      const { link, read, server, wire } = yield* make()
      yield* link.first
      const fibers = yield* Effect.forEach([1, 2], () => fork(Effect.flip(read)))
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(fibers[0]!.pollUnsafe())
      const old = wire()
      yield* TestClock.adjust("2 seconds")

      assert.strictEqual((yield* Fiber.join(fibers[0]!)).reason, "Timeout")
      assert.isTrue(old.isClosed)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(server.wires.length, 2)
      assert.strictEqual(server.reopened, 1)
    }))

  it.effect("R41 what was sent when the connection was lost fails and is not sent again", () =>
    Effect.gen(function*() {
      const { change, link, server, wire } = yield* make()
      yield* link.first
      const fibers = yield* Effect.forEach([1, 2, 3], () => fork(Effect.result(change)))
      wire().lost(gone)
      yield* settle
      yield* TestClock.adjust("1 second")
      yield* settle

      assert.deepStrictEqual(server.wires.map(({ sent }) => sent.length), [2, 1], "only the one that had waited")
      wire().sent[0]!.answer("late")
      const [first, second, third] = yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual([first?._tag, second?._tag], ["Failure", "Failure"])
      assert.deepStrictEqual(third?._tag === "Success" ? third.success : third, "late")
    }))

  it.effect("R41 while the server is down, reads fail at once and changes wait for some tries", () =>
    Effect.gen(function*() {
      const { change, link, read, server, wire } = yield* make({ retries: 3 })
      yield* link.first
      server.isUp = false
      wire().lost(gone)
      yield* settle

      assert.strictEqual((yield* Effect.flip(read)).reason, "Connection")
      const waiting = yield* fork(Effect.flip(change))
      yield* settle
      assert.isUndefined(waiting.pollUnsafe())
      assert.strictEqual(link.state().waiting, 1)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* Fiber.join(waiting)).reason, "Connection")
      assert.isAtLeast(server.tries, 4)
      assert.strictEqual((yield* Effect.flip(change)).reason, "Connection")

      server.isUp = true
      yield* TestClock.adjust("5 seconds")
      yield* settle
      assert.isTrue(link.state().isOpen)
      assert.strictEqual(server.reopened, 1)
      const after = yield* fork(change)
      wire().sent[0]!.answer("done")
      assert.strictEqual(yield* Fiber.join(after), "done")
    }))

  it.effect("R41 a server that stays down is tried with growing gaps, at most some two seconds apart", () =>
    Effect.gen(function*() {
      const { server } = yield* make()
      server.isUp = false
      yield* settle
      server.wires[0]?.lost(gone)
      yield* TestClock.adjust("1 minute")
      const tries = server.tries
      assert.isTrue(tries >= 25 && tries <= 60, `${tries} tries in a minute`)
      yield* TestClock.adjust("1 minute")
      assert.isTrue(server.tries - tries >= 25 && server.tries - tries <= 45)
    }).pipe(seeded))

  it.effect("a connection that is not made in time counts as failed", () =>
    Effect.gen(function*() {
      const { link } = yield* make({ open: () => Effect.never })
      const first = yield* fork(Effect.flip(link.first))
      yield* TestClock.adjust("5 seconds")

      assert.include((yield* Fiber.join(first)).message, "no connection within 5s")
    }))

  it.effect("the first connection is no reason to forget anything, a later one is", () =>
    Effect.gen(function*() {
      const { link, server, wire } = yield* make()
      yield* link.first
      assert.strictEqual(server.reopened, 0)
      wire().lost(gone)
      yield* settle
      yield* TestClock.adjust("1 second")

      assert.strictEqual(server.reopened, 1)
    }))

  it.effect("when its scope closes, the connection is closed and nobody waits any more", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { change, link, wire } = yield* Scope.provide(make(), scope)
      yield* link.first
      const fibers = yield* Effect.forEach([1, 2, 3], () => fork(Effect.exit(change)))
      yield* Scope.close(scope, Exit.void)

      const exits = yield* Effect.forEach(fibers, Fiber.join)
      assert.isTrue(exits.every(Exit.isFailure))
      assert.isTrue(wire().isClosed)
    }))
})
