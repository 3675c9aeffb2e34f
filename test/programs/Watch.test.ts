import { assert, describe, it } from "@effect/vitest"
import {
  Deferred,
  type Duration,
  Effect,
  Fiber,
  FileSystem,
  Layer,
  Option,
  Path,
  PlatformError,
  Queue,
  Ref,
  Stream
} from "effect"
import { TestClock } from "effect/testing"
import * as Watch from "../../src/programs/Watch.ts"

/** A folder `src` whose changes come from a queue. */
const folder = (changes: Queue.Queue<string, PlatformError.PlatformError>) =>
  Layer.merge(
    Path.layer,
    FileSystem.layerNoop({
      stat: () => Effect.succeed({ type: "Directory" } as FileSystem.File.Info),
      watch: () => Stream.fromQueue(changes).pipe(Stream.map((path) => ({ _tag: "Update" as const, path })))
    })
  )

/** Lets changes reach their reader, then moves the clock. */
const pass = (duration: Duration.Input) =>
  Effect.yieldNow.pipe(
    Effect.repeat({ times: 50 }),
    Effect.andThen(TestClock.adjust(duration)),
    Effect.andThen(Effect.yieldNow)
  )

const setup = Effect.gen(function*() {
  const changes = yield* Queue.unbounded<string, PlatformError.PlatformError>()
  const runs = yield* Ref.make<ReadonlyArray<ReadonlyArray<string>>>([])
  const once = (changed: ReadonlyArray<string>) => Ref.update(runs, (all) => [...all, changed])
  return { changes, runs, once, services: folder(changes) }
})

describe("Watch.rerun", () => {
  it.effect("runs at once, and again once per burst of changes", () =>
    Effect.gen(function*() {
      const { changes, once, runs, services } = yield* setup
      const fiber = yield* Effect.forkChild(Watch.rerun({ paths: ["src"] }, once).pipe(Effect.provide(services)))
      yield* pass("1 second")
      assert.deepStrictEqual(yield* Ref.get(runs), [[]])

      yield* Queue.offerAll(changes, ["a.yaml", "b.yaml", "a.yaml"])
      yield* pass("199 millis")
      assert.lengthOf(yield* Ref.get(runs), 1)
      yield* pass("1 millis")

      assert.deepStrictEqual(yield* Ref.get(runs), [[], ["src/a.yaml", "src/b.yaml"]])
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("leaves out what no person edits", () =>
    Effect.gen(function*() {
      const { changes, once, runs, services } = yield* setup
      const options: Watch.WatchOptions = { paths: ["src"], ignore: (path) => path.endsWith(".html") }
      const fiber = yield* Effect.forkChild(Watch.rerun(options, once).pipe(Effect.provide(services)))
      yield* pass("1 second")

      yield* Queue.offerAll(changes, [".skein/history.jsonl", "node_modules/x/y.yaml", "a.yaml~", "report.html"])
      yield* pass("1 second")

      assert.lengthOf(yield* Ref.get(runs), 1)
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("starts one more run for changes that came during a run", () =>
    Effect.gen(function*() {
      const { changes, runs, services } = yield* setup
      const gate = yield* Deferred.make<void>()
      const once = (changed: ReadonlyArray<string>) =>
        Ref.update(runs, (all) => [...all, changed]).pipe(Effect.andThen(Deferred.await(gate)))
      const fiber = yield* Effect.forkChild(Watch.rerun({ paths: ["src"] }, once).pipe(Effect.provide(services)))
      yield* pass("1 second")
      yield* Queue.offerAll(changes, ["a.yaml", "b.yaml"])
      yield* pass("1 second")
      assert.lengthOf(yield* Ref.get(runs), 1)

      yield* Deferred.succeed(gate, undefined)
      yield* pass("1 second")

      assert.deepStrictEqual(yield* Ref.get(runs), [[], ["src/a.yaml", "src/b.yaml"]])
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("fails when a path cannot be watched", () =>
    Effect.gen(function*() {
      const { changes, once, services } = yield* setup
      const fiber = yield* Effect.forkChild(
        Watch.rerun({ paths: ["src"] }, once).pipe(Effect.provide(services), Effect.option)
      )
      yield* pass("1 second")

      yield* Queue.fail(changes, PlatformError.badArgument({ module: "FileSystem", method: "watch" }))

      assert.isTrue(Option.isNone(yield* Fiber.join(fiber)))
    }))

  it.effect("ends when it is told to, while nothing runs and after a run", () =>
    Effect.gen(function*() {
      const { changes, once, runs, services } = yield* setup
      const stop = yield* Deferred.make<void>()
      const options = { paths: ["src"], until: Deferred.await(stop) }
      const idle = yield* Effect.forkChild(Watch.rerun(options, once).pipe(Effect.provide(services)))
      yield* pass("1 second")
      const gate = yield* Deferred.make<void>()
      const busy = yield* Effect.forkChild(
        Watch.rerun(options, () => Deferred.await(gate)).pipe(Effect.provide(folder(changes)))
      )
      yield* pass("1 second")

      yield* Deferred.succeed(stop, undefined)
      yield* Fiber.join(idle)
      yield* pass("1 second")
      assert.isUndefined(busy.pollUnsafe())
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(busy)

      assert.lengthOf(yield* Ref.get(runs), 1)
    }))

  it.effect("does not answer to what a run writes itself", () =>
    Effect.gen(function*() {
      const { changes, runs, services } = yield* setup
      const once = (changed: ReadonlyArray<string>) =>
        Ref.update(runs, (all) => [...all, changed]).pipe(
          Effect.andThen(Queue.offerAll(changes, ["out.txt", "b.yaml"]))
        )
      const options = { paths: ["src"], whileRunning: (path: string) => path.endsWith(".yaml") }
      const fiber = yield* Effect.forkChild(
        Watch.rerun(
          options,
          (changed) => changed.length === 0 ? once(changed) : Ref.update(runs, (all) => [...all, changed])
        )
          .pipe(Effect.provide(services))
      )
      for (let i = 0; i < 10; i++) yield* pass("200 millis")

      assert.deepStrictEqual(yield* Ref.get(runs), [[], ["src/b.yaml"]])
      yield* Fiber.interrupt(fiber)
    }))
})
