import { assert, describe, it, layer } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as FakeFileTransfer from "../../src/layers/fake/FakeFileTransfer.ts"
import { FileTransfer } from "../../src/services/FileTransfer.ts"
import { bytes, TestFiles, tests } from "../services/FileTransferSuite.ts"

const files = Layer.effect(
  TestFiles,
  Effect.gen(function*() {
    const { link, names, read, serve, write } = yield* FakeFileTransfer.FakeFileTransfer
    let number = 0
    return TestFiles.of({
      serve: (file) => {
        const url = `http://127.0.0.1/${++number}`
        return Effect.as(serve(url, file), new URL(url))
      },
      folder: Effect.sync(() => `/downloads/${++number}`),
      write: (path, text) => write(path, Buffer.from(text)),
      read,
      link,
      names
    })
  })
)

layer(Layer.provideMerge(files, FakeFileTransfer.layer), { excludeTestServices: true })(
  "a fake of downloads",
  (it) => tests(it)
)

describe("a fake of downloads", () => {
  it.effect("takes the time that a rate asks for, and records requests", () =>
    Effect.gen(function*() {
      const fake = yield* FakeFileTransfer.FakeFileTransfer
      const transfer = yield* FileTransfer
      yield* fake.serve("https://files.test/a", { content: bytes(1_000), bytesPerSecond: 300 })
      const part = yield* Effect.flatMap(transfer.folder("/f"), ({ part }) => part("a"))
      const request = {
        url: new URL("https://files.test/a?x=1"),
        headers: { a: "b" },
        silence: Duration.minutes(1),
        publicOnly: true
      }
      const told: Array<number> = []
      const fiber = yield* Effect.forkChild(Effect.flatMap(
        transfer.get(request),
        ({ save }) => save(part, { at: 0, limit: Infinity, surplus: "fail", onBytes: (bytes) => void told.push(bytes) })
      ))

      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(told, [300, 300])
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), 1_000)
      assert.deepStrictEqual(yield* fake.requests, [request])
    }).pipe(Effect.scoped, Effect.provide(FakeFileTransfer.layer)))
})
