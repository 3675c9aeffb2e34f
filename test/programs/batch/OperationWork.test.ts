/** Operations of a remote API as batches, and the waits they share, in virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as FakeHttpClient from "../../../src/layers/fake/FakeHttpClient.ts"
import * as MemoryJournal from "../../../src/layers/fake/MemoryJournal.ts"
import {
  type Call,
  type Handle,
  type Operation,
  RemoteApiError,
  type Workflow
} from "../../../src/profile/RemoteApi.ts"
import * as Batch from "../../../src/programs/Batch.ts"
import * as OperationWork from "../../../src/programs/batch/OperationWork.ts"
import * as SharedWait from "../../../src/programs/batch/SharedWait.ts"

const handle = (target: string): Handle => {
  const [parent = "", id = ""] = target.split(".")
  return { workflow: "task", parent, id, text: `${parent}/${id}` }
}

/** An API whose workflows take ten minutes; `fate` says how the request that starts one ends. */
const remote = (fate: (target: string) => "fine" | RemoteApiError = () => "fine") => {
  const begun = new Map<string, number>()
  const polls: Array<ReadonlyArray<string>> = []
  const starts: Array<string> = []
  const call = (target: string): Call => ({
    target,
    plan: `restart ${target}`,
    requests: [`POST http://api.test/${target}`],
    idempotent: false,
    destructive: false,
    run: Effect.gen(function*() {
      yield* Effect.sleep("1 second")
      const end = fate(target)
      if (end !== "fine") return yield* end
      starts.push(target)
      begun.set(handle(target).text, yield* Clock.currentTimeMillis)
      return { result: null, handles: [handle(target)], adopted: false }
    }),
    started: (since) =>
      Effect.sync(() =>
        [...begun].filter(([text, at]) => text === handle(target).text && at >= since).map(() => handle(target))
      )
  })
  const operation: Operation = {
    name: "restart",
    summary: "",
    target: "{site}.{env}",
    parameters: [],
    destructive: false,
    idempotent: false,
    starts: "task",
    prepare: (target) => Effect.succeed(call(target))
  }
  const workflow: Workflow = {
    name: "task",
    summary: "",
    handle: "{site}/{id}",
    parse: (text) => Effect.succeed(handle(text.replace("/", "."))),
    intervals: [Duration.seconds(10), Duration.minutes(1)],
    owner: () => Effect.die("nobody watches"),
    poll: (parent, ids) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        polls.push(ids)
        return new Map(ids.flatMap((id) => {
          const since = begun.get(`${parent}/${id}`)
          if (since === undefined) return []
          const isOver = now - since >= 600_000
          const state = !isOver ? "running" as const : id === "bad" ? "failed" as const : "done" as const
          return [[id, { state, text: state, message: "by hand" }] as const]
        }))
      })
  }
  return { operation, workflow, polls, starts }
}

const ended = <R>(targets: ReadonlyArray<string>, options: Batch.Options<R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(
      Effect.scoped(Stream.runCollect(Batch.events(Stream.fromIterable(targets), { order: "input", ...options })))
    )
    yield* TestClock.adjust("1 hour")
    const events = yield* Fiber.join(fiber)
    return events.flatMap((event) => event._tag === "Ended" ? [event.item] : [])
  }).pipe(Effect.provide([FakeHttpClient.layer(), MemoryJournal.layer]))

const failure = (reason: RemoteApiError["reason"], status?: number) =>
  new RemoteApiError({ reason, message: `it was ${reason}`, ...(status === undefined ? {} : { status }) })

describe("Operations in batches", () => {
  it.effect("each target once; what was started is in the result", () =>
    Effect.gen(function*() {
      const { operation, starts } = remote()
      const items = yield* ended(["a.1", "a.2"], OperationWork.make(operation, { operation: "restart" }))

      assert.deepStrictEqual(starts, ["a.1", "a.2"])
      assert.deepStrictEqual(items.map(({ output }) => output), [
        { result: null, handles: ["a/1"] },
        { result: null, handles: ["a/2"] }
      ])
    }))

  it.effect("a lost answer is unknown and not tried again; a refusal that passes is", () =>
    Effect.gen(function*() {
      let refusals = 0
      const { operation } = remote((target) =>
        target === "a.lost" ? failure("Lost") : refusals++ < 2 ? failure("Refused", 429) : "fine"
      )
      const retry = { attempts: 5, delay: Duration.seconds(1), backoff: "fixed", jitter: false } as const
      const items = yield* ended(["a.lost", "a.2"], {
        ...OperationWork.make(operation, { operation: "restart" }),
        retry
      })

      assert.deepStrictEqual(items.map(({ attempts, outcome }) => [outcome, attempts]), [["unknown", 1], [
        "succeeded",
        3
      ]])
    }))

  it.effect("waits for what was started; those of one parent are asked for together", () =>
    Effect.scoped(
      Effect.gen(function*() {
        const { operation, polls, workflow } = remote()
        const wait = yield* SharedWait.make(workflow)
        const targets = [...Array.from({ length: 20 }, (_, n) => `a.${n}`), "b.bad", "b.good"]
        const items = yield* ended(targets, {
          ...OperationWork.make(operation, { operation: "restart", wait }),
          concurrency: 50
        })

        const problems = items.filter(({ outcome }) => outcome !== "succeeded").map((
          { outcome, problem, value }
        ) => [value, outcome, problem])
        assert.deepStrictEqual(problems, [["b.bad", "failed", "the task b/bad ended as failed: by hand"]])
        // Ten minutes of two parents: a look after ten seconds, then one each minute.
        assert.isAtMost(polls.length, 24)
        assert.strictEqual(Math.max(...polls.map(({ length }) => length)), 20)
      }).pipe(Effect.provide(FakeHttpClient.layer()))
    ))

  it.effect("one that is not there is unknown after three looks", () =>
    Effect.scoped(
      Effect.gen(function*() {
        const { polls, workflow } = remote()
        const wait = yield* SharedWait.make(workflow)
        const waiting = yield* Effect.forkChild(Effect.flip(wait(handle("a.ghost"))))
        yield* TestClock.adjust("1 hour")
        const error = yield* Fiber.join(waiting)

        assert.deepInclude(error, { kind: "lost", message: "the task a/ghost is not there" })
        assert.strictEqual(polls.length, 3)
      }).pipe(Effect.provide(FakeHttpClient.layer()))
    ))

  it.effect("one that nobody waits for any more is not looked at, and one that comes later is", () =>
    Effect.scoped(
      Effect.gen(function*() {
        const { operation, polls, workflow } = remote()
        const wait = yield* SharedWait.make(workflow)
        const begin = (target: string) => Effect.flatMap(operation.prepare(target), ({ run }) => run)
        yield* Effect.forkChild(Effect.andThen(begin("a.1"), begin("a.2")))
        yield* TestClock.adjust("2 seconds")
        const given = yield* Effect.forkChild(wait(handle("a.1")))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.interrupt(given)
        const before = polls.length
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(polls.length, before)

        const later = yield* Effect.forkChild(
          Effect.all([wait(handle("a.2")), wait(handle("a.2"))], { concurrency: 2 })
        )
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(yield* Fiber.join(later), ["done", "done"])
        assert.deepStrictEqual(polls.slice(before), [["2"]])
      }).pipe(Effect.provide(FakeHttpClient.layer()))
    ))

  it.effect("a look that dies ends every wait with it", () =>
    Effect.scoped(
      Effect.gen(function*() {
        const { workflow } = remote()
        const wait = yield* SharedWait.make({ ...workflow, poll: () => Effect.die("a bug") })
        const waiting = yield* Effect.forkChild(Effect.exit(wait(handle("a.1"))))
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(yield* Fiber.join(waiting), Exit.die("a bug"))
        const late = yield* Effect.forkChild(Effect.exit(wait(handle("a.2"))))
        yield* TestClock.adjust("1 minute")
        assert.isTrue(Exit.isFailure(yield* Fiber.join(late)))
      }).pipe(Effect.provide(FakeHttpClient.layer()))
    ))

  it.effect("after a kill the one workflow that was started is adopted, and no second one is started", () =>
    Effect.gen(function*() {
      const { operation, starts, workflow } = remote()
      const work = (wait?: SharedWait.Wait) => OperationWork.make(operation, { operation: "restart", wait })
      const run = (wait?: SharedWait.Wait) =>
        Effect.scoped(Stream.runCollect(
          Batch.events(Stream.make("a.1", "a.2"), { ...work(wait), concurrency: 1, journal: "/batch" })
        ))
      const killed = yield* Effect.scoped(Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(run(yield* SharedWait.make(workflow)))
        yield* TestClock.adjust("1 minute")
        return fiber
      }))
      const { crash } = yield* MemoryJournal.MemoryJournal
      yield* crash("kept")
      yield* Fiber.interrupt(killed)

      const again = yield* Effect.forkChild(run())
      yield* TestClock.adjust("1 hour")
      const events = yield* Fiber.join(again)

      assert.deepStrictEqual(starts, ["a.1", "a.2"])
      assert.deepStrictEqual(
        events.flatMap((event) => event._tag === "Ended" ? [event.item.output] : []),
        [{ result: null, handles: ["a/1"], adopted: true }, { result: null, handles: ["a/2"] }]
      )
    }).pipe(Effect.provide([FakeHttpClient.layer(), MemoryJournal.layer])))
})
