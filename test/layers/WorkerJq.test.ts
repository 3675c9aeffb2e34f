import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import type { Worker } from "node:worker_threads"
import * as WorkerJq from "../../src/layers/live/WorkerJq.ts"
import { Jq } from "../../src/services/Jq.ts"
import { suite } from "../services/JqSuite.ts"

const entry = new URL("../../src/worker.ts", import.meta.url)

suite("worker", WorkerJq.layer({ entry }))

describe("WorkerJq", () => {
  it.live("a program that never ends is killed by the timeout, and the next one works", () =>
    Effect.gen(function*() {
      const jq = yield* Jq

      const error = yield* Effect.flip(jq.run("[range(1e9)] | length", null))
      assert.strictEqual(error.reason, "Timeout")
      assert.deepEqual(yield* jq.run(".", 1), [1])
    }).pipe(Effect.provide(WorkerJq.layer({ entry, timeout: "2 seconds" }))))

  it.live("an interrupted program ends at once, and the next one works", () =>
    Effect.gen(function*() {
      const jq = yield* Jq
      yield* jq.run(".", 0)

      const fiber = yield* Effect.forkChild(jq.run("[range(1e9)] | length", null))
      yield* Effect.sleep("20 millis")
      yield* Fiber.interrupt(fiber)
      assert.deepEqual(yield* jq.run(".", 1), [1])
    }).pipe(Effect.provide(WorkerJq.layer({ entry }))))

  it.live("results larger than the bound are refused", () =>
    Effect.gen(function*() {
      const jq = yield* Jq
      assert.deepEqual(yield* jq.run("\"x\" * 18", null), ["x".repeat(18)])
      assert.strictEqual((yield* Effect.flip(jq.run("\"x\" * 19", null))).reason, "TooLarge")
    }).pipe(Effect.provide(WorkerJq.layer({ entry, maxOutputLength: 20 }))))

  it.live("a thread that cannot start is Unavailable, not a hang", () =>
    Effect.gen(function*() {
      const jq = yield* Jq
      const error = yield* Effect.flip(jq.run(".", null))
      assert.strictEqual(error.reason, "Unavailable")
    }).pipe(Effect.provide(WorkerJq.layer({ entry: new URL("./missing.ts", import.meta.url) }))))

  it.live("the first program starts the only thread, and the layer ends it when it closes", () =>
    Effect.gen(function*() {
      const started: Array<Worker> = []
      const onStart = (message: unknown) => void started.push((message as { readonly worker: Worker }).worker)
      yield* Effect.acquireRelease(
        Effect.sync(() => subscribe("worker_threads", onStart)),
        () => Effect.sync(() => unsubscribe("worker_threads", onStart))
      )

      yield* Effect.gen(function*() {
        const jq = yield* Jq
        assert.strictEqual(started.length, 0)
        yield* jq.run(".", 1)
        yield* jq.run(".", 2)
      }).pipe(Effect.provide(WorkerJq.layer({ entry })))

      assert.deepEqual(started.map((worker) => worker.threadId), [-1])
    }))
})
