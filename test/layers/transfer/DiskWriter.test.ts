import { assert, describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { BufferPool } from "../../../src/layers/live/transfer/BufferPool.ts"
import { DiskWriter } from "../../../src/layers/live/transfer/DiskWriter.ts"
import { bytes } from "../../services/FileTransferSuite.ts"

/** Knows which buffers somebody has. */
class CountedPool extends BufferPool {
  readonly taken = new Set<Buffer>()
  most = 0

  override take(): Buffer {
    const buffer = super.take()
    assert.isFalse(this.taken.has(buffer))
    this.taken.add(buffer)
    this.most = Math.max(this.most, this.taken.size)
    return buffer
  }

  override give(buffer: Buffer): void {
    assert.isTrue(this.taken.delete(buffer))
    // As the next one may at once.
    buffer.fill(0xff)
    super.give(buffer)
  }
}

const inFile = <A, E>(use: (fd: number, read: () => Buffer) => Effect.Effect<A, E>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const folder = mkdtempSync(join(tmpdir(), "skein-writer-"))
      return { folder, fd: openSync(join(folder, "a"), "w+") }
    }),
    ({ fd, folder }) => use(fd, () => readFileSync(join(folder, "a"))),
    ({ fd, folder }) =>
      Effect.sync(() => {
        closeSync(fd)
        rmSync(folder, { recursive: true })
      })
  )

const content = Buffer.from(bytes(5_000_000))

/**
 * Plays the socket: reads content into the space that it was told of after its last read, waits where it must, sometimes for long. With
 * `breaks` the body breaks off there. Answers with what was told at the end.
 */
const play = Effect.fnUntraced(function*(pool: CountedPool, fd: number, limit: number, breaks: number) {
  const end = Promise.withResolvers<unknown>()
  let room = Promise.withResolvers<void>()
  let told = 0
  const target = {
    fd,
    at: 0,
    limit,
    surplus: "leave",
    onBytes: (bytes: number) => void (told += bytes),
    onEnd: end.resolve
  } as const
  const writer = new DiskWriter(pool, target, () => room.resolve())
  let space = writer.space
  for (let at = 0; at < breaks && !writer.isEnded;) {
    const bytes = Math.min(
      breaks - at,
      yield* Random.nextIntBetween(1, space.length > 300_000 ? 300_000 : space.length)
    )
    if (yield* Random.nextBoolean) {
      // Nobody else has it by now.
      assert.isTrue([...pool.taken].some(({ buffer }) => buffer === space.buffer))
      content.copy(space, 0, at, at + bytes)
      writer.take(space, 0, bytes)
    } else writer.take(content, at, at + bytes)
    at += bytes
    const goesOn = writer.next()
    space = writer.space
    if ((yield* Random.next) < 0.1) yield* Effect.sleep("60 millis")
    if (!goesOn && writer.isHeld && !writer.isEnded) yield* Effect.promise(() => room.promise)
    room = Promise.withResolvers<void>()
  }
  writer.end(breaks < content.length ? "broken" : undefined)
  const failure = yield* Effect.promise(() => end.promise)
  return { failure, told, written: writer.written }
})

describe("DiskWriter", () => {
  for (
    const { because, breaks = content.length, limit = Infinity } of [
      { because: "all of it is wanted" },
      { because: "the first part is wanted", limit: 2_345_678 },
      { because: "it broke off", breaks: 3_456_789 }
    ]
  ) {
    it.live(`pieces of any size are written as they came, from few buffers that are given back: ${because}`, () =>
      inFile(Effect.fnUntraced(function*(fd, read) {
        const pool = new CountedPool()
        const { failure, told, written } = yield* play(pool, fd, limit, breaks).pipe(Random.withSeed(because))

        const wanted = Math.min(limit, breaks, content.length)
        assert.deepStrictEqual([told, written, failure], [
          wanted,
          wanted,
          breaks < content.length ? "broken" : undefined
        ])
        assert.isTrue(read().equals(content.subarray(0, wanted)))
        assert.strictEqual(pool.taken.size, 0)
        assert.isAtMost(pool.most, 4)
      })))
  }

  it.live("a disk that does not take it ends it with what the disk said", () =>
    Effect.gen(function*() {
      const fd = openSync("/dev/null", "r")
      const end = Promise.withResolvers<unknown>()
      const target = {
        fd,
        at: 0,
        limit: Infinity,
        surplus: "fail",
        onBytes: () => assert.fail("written"),
        onEnd: end.resolve
      } as const
      const writer = new DiskWriter(new BufferPool(), target, () => {})
      writer.take(content, 0, 2_000_000)
      const error = yield* Effect.promise(() => end.promise)
      closeSync(fd)

      assert.include(String(error), "EBADF")
      assert.isTrue(writer.isEnded)
    }))
})
