/** What every `FileTransfer` must do. Each layer's test file calls it once. */
import { assert, describe, type Vitest } from "@effect/vitest"
import { Context, Duration, Effect, Fiber, Latch, Result, type Scope } from "effect"
import { createHash } from "node:crypto"
import { gzipSync } from "node:zlib"
import type { ServedFile } from "../../src/layers/fake/transfer/ServedFile.ts"
import { FileTransfer, type Part, type Request, type SaveOptions } from "../../src/services/FileTransfer.ts"

/** A server on this machine, and folders that nobody used before. */
export class TestFiles extends Context.Service<TestFiles, {
  readonly serve: (file: ServedFile) => Effect.Effect<URL>
  readonly folder: Effect.Effect<string>
  readonly write: (path: string, text: string) => Effect.Effect<void>
  readonly read: (path: string) => Effect.Effect<Uint8Array | undefined>
  readonly link: (path: string) => Effect.Effect<void>
  /** Sorted. */
  readonly names: (folder: string) => Effect.Effect<ReadonlyArray<string>>
}>()("test/TestFiles") {}

export const bytes = (length: number): Uint8Array => {
  const made = new Uint8Array(length)
  for (let at = 0; at < length; at++) made[at] = (at * 31) ^ (at >> 8)
  return made
}

const get = (url: URL, request: Partial<Request> = {}) =>
  Effect.flatMap(
    FileTransfer,
    (transfer) => transfer.get({ url, headers: {}, silence: Duration.seconds(10), publicOnly: false, ...request })
  )

/** Opens the part `a` of a new folder, and finishes it as `a` when asked to. */
const newPart = Effect.gen(function*() {
  const { folder, read } = yield* TestFiles
  const path = yield* folder
  const opened = yield* Effect.flatMap(FileTransfer, (transfer) => transfer.folder(path))
  const part = yield* opened.part("a")
  const finished = Effect.andThen(part.finish({ replace: false }), read(`${path}/a`))
  return { path, folder: opened, part, finished }
})

const everything = { at: 0, limit: Infinity, surplus: "fail", onBytes: () => {} } satisfies SaveOptions

/** Saves what is served, and answers with what became of it, what was told, and what is there. */
const saved = Effect.fnUntraced(
  function*(file: ServedFile, options: Partial<SaveOptions> = {}, request: Partial<Request> = {}) {
    const { serve } = yield* TestFiles
    const { finished, part } = yield* newPart
    const told: Array<number> = []
    const answer = yield* get(yield* serve(file), request)
    const result = yield* Effect.result(
      answer.save(part, { ...everything, ...options, onBytes: (bytes) => void told.push(bytes) })
    )
    return { result, told: told.reduce((sum, bytes) => sum + bytes, 0), content: yield* finished }
  }
)

type It = Vitest.MethodsNonLive<FileTransfer | TestFiles>
type Needs = FileTransfer | TestFiles | Scope.Scope

export const tests = (it: It): void => {
  const test = (title: string, body: () => Effect.gen.Return<void, unknown, Needs>) =>
    it.effect(title, () => Effect.gen(body))

  describe("FileTransfer answers", () => {
    test("have status and headers, whatever the status; a redirect is not followed", function*() {
      const { serve } = yield* TestFiles
      const content = bytes(10)
      const whole = yield* get(yield* serve({ content, etag: "\"1\"" }))
      const moved = yield* get(yield* serve({ status: 302, headers: { location: "/b" } }))
      const missing = yield* get(new URL("/missing", yield* serve({})))

      assert.deepStrictEqual([whole.status, moved.status, missing.status], [200, 302, 404])
      assert.deepInclude(whole.headers, { etag: "\"1\"", "content-length": "10", "accept-ranges": "bytes" })
      assert.strictEqual(moved.headers["location"], "/b")
      assert.isTrue(whole.isPrivate)
    })

    test("send the headers that are asked for", function*() {
      const { serve } = yield* TestFiles
      const url = yield* serve({ content: bytes(10), etag: "\"1\"" })
      const piece = yield* get(url, { headers: { range: "bytes=2-4", "if-range": "\"1\"" } })
      const other = yield* get(url, { headers: { range: "bytes=2-4", "if-range": "\"2\"" } })

      assert.deepStrictEqual([piece.status, piece.headers["content-range"]], [206, "bytes 2-4/10"])
      assert.strictEqual(other.status, 200)
    })

    test("do not come from private addresses where only public ones are wanted", function*() {
      const { serve } = yield* TestFiles
      const error = yield* Effect.flip(get(yield* serve({ content: bytes(1) }), { publicOnly: true }))

      assert.strictEqual(error.reason, "Private")
    })

    test("are waited for no longer than the silence that is allowed", function*() {
      const { serve } = yield* TestFiles
      const url = yield* serve({ delay: Duration.hours(1) })
      const error = yield* Effect.flip(get(url, { silence: Duration.millis(60) }))

      assert.strictEqual(error.reason, "Network")
      assert.match(error.message, /was silent for too long before its answer/)
    })
  })

  describe("FileTransfer bodies", () => {
    for (const length of [0, 1, 65_536, 1_048_576, 3_000_001]) {
      test(`of ${length} bytes are written as they are, and told of`, function*() {
        const content = bytes(length)
        const { content: found, result, told } = yield* saved({ content })

        assert.deepStrictEqual(result, Result.succeed(length))
        assert.strictEqual(told, length)
        assert.isTrue(Buffer.from(found!).equals(content))
      })
    }

    test("without a length are whole when they are ended, and are not when the connection breaks", function*() {
      const unknown = { content: bytes(200_000), headers: { "content-length": undefined } }
      const whole = yield* saved(unknown)
      const cut = yield* saved({ ...unknown, cutAfter: 100_000 })

      assert.deepStrictEqual(whole.result, Result.succeed(200_000))
      assert.isTrue(Buffer.from(whole.content!).equals(unknown.content))
      assert.strictEqual(cut.result._tag === "Failure" && cut.result.failure.reason, "Network")
    })

    test("are not decompressed", function*() {
      const content = gzipSync("hello")
      const { content: found } = yield* saved({ content, headers: { "content-encoding": "gzip" } })

      assert.isTrue(Buffer.from(found!).equals(content))
    })

    test("go where they are wanted, side by side", function*() {
      const { serve } = yield* TestFiles
      const { finished, part } = yield* newPart
      const content = bytes(300_000)
      const url = yield* serve({ content })
      const piece = (from: number, to: number) =>
        Effect.flatMap(
          get(url, { headers: { range: `bytes=${from}-${to - 1}` } }),
          ({ save }) => save(part, { ...everything, at: from })
        )
      const lengths = yield* Effect.all([piece(200_000, 300_000), piece(0, 100_000), piece(100_000, 200_000)], {
        concurrency: "unbounded"
      })

      assert.deepStrictEqual(lengths, [100_000, 100_000, 100_000])
      assert.isTrue(Buffer.from((yield* finished)!).equals(content))
    })

    test("that are longer than wanted are left there, or an error", function*() {
      const file = { content: bytes(500_000) }
      const left = yield* saved(file, { limit: 200_000, surplus: "leave" })
      const none = yield* saved(file, { limit: 0, surplus: "leave" })
      const failed = yield* saved(file, { limit: 200_000 })
      const exact = yield* saved(file, { limit: 500_000 })

      assert.deepStrictEqual(left.result, Result.succeed(200_000))
      assert.deepStrictEqual(none.result, Result.succeed(0))
      assert.strictEqual(failed.result._tag === "Failure" && failed.result.failure.reason, "TooLong")
      assert.deepStrictEqual(exact.result, Result.succeed(500_000))
      assert.isTrue(Buffer.from(left.content!).equals(file.content.subarray(0, 200_000)))
    })

    test("that break off or fall silent are an error; what was told of is written", function*() {
      const file = { content: bytes(500_000) }
      const cut = yield* saved({ ...file, cutAfter: 300_000 })
      const silent = yield* saved({ ...file, silentAfter: 300_000 }, {}, { silence: Duration.millis(400) })

      for (
        const [{ content, result, told }, said] of [[cut, /closed/], [silent, /silent for too long within/]] as const
      ) {
        assert(result._tag === "Failure")
        assert.strictEqual(result.failure.reason, "Network")
        assert.match(result.failure.message, said)
        assert.strictEqual(told, 300_000)
        assert.isTrue(Buffer.from(content!).equals(file.content.subarray(0, 300_000)))
      }
    })

    test("end with an interruption; what was told of is written", function*() {
      const { serve } = yield* TestFiles
      const { finished, part } = yield* newPart
      const content = bytes(500_000)
      const some = yield* Latch.make()
      let told = 0
      const { save } = yield* get(yield* serve({ content, silentAfter: 300_000 }))
      const fiber = yield* Effect.forkChild(save(part, {
        ...everything,
        onBytes: (bytes) => {
          told += bytes
          some.openUnsafe()
        }
      }))
      yield* some.await
      yield* Fiber.interrupt(fiber)

      assert.isAbove(told, 0)
      assert.isTrue(Buffer.from((yield* finished)!).subarray(0, told).equals(content.subarray(0, told)))
    })
  })

  describe("FileTransfer folders", () => {
    test("know the size of a file, and follow no link", function*() {
      const { link, write } = yield* TestFiles
      const { folder, path } = yield* newPart
      yield* write(`${path}/b`, "hello")
      yield* link(`${path}/c`)

      assert.deepStrictEqual([yield* folder.size("b"), yield* folder.size("d")], [5, undefined])
      assert.strictEqual((yield* Effect.flip(folder.size("c"))).reason, "Link")
    })

    test("give a part to one at a time; without a note it is gone when it is closed", function*() {
      const { names } = yield* TestFiles
      const { folder, path } = yield* newPart
      const open = Effect.scoped(folder.part("b"))
      yield* open
      assert.deepStrictEqual(yield* names(path), ["a.part"])

      const busy = yield* Effect.flip(Effect.scoped(Effect.andThen(folder.part("b"), open)))
      assert.strictEqual(busy.reason, "Busy")
      assert.match(busy.message, /b is being downloaded by /)
      yield* open
    })

    test("keep a part that has a note, until it is reset", function*() {
      const { names, serve } = yield* TestFiles
      const { folder, path } = yield* newPart
      const using = <A, E>(use: (part: Part) => Effect.Effect<A, E, Needs>) =>
        Effect.scoped(Effect.flatMap(folder.part("b"), use))
      const url = yield* serve({ content: bytes(1_000) })
      yield* using((part) =>
        Effect.andThen(
          Effect.flatMap(get(url), ({ save }) => save(part, everything)),
          Effect.andThen(part.remember("one"), part.remember("two"))
        )
      )
      assert.deepStrictEqual(yield* names(path), ["a.part", "b.part"])

      const found = yield* using((part) => Effect.all([part.note, part.size]))
      assert.deepStrictEqual(found, ["two", 1_000])

      const none = yield* using((part) => Effect.andThen(part.reset, Effect.all([part.note, part.size])))
      assert.deepStrictEqual(none, [undefined, 0])
      assert.deepStrictEqual(yield* names(path), ["a.part"])
    })

    test("remember the last of several notes that are written at the same time", function*() {
      const { part } = yield* newPart
      const notes = Array.from({ length: 20 }, (_, at) => `note ${at}`)
      yield* Effect.forEach(notes, part.remember, { concurrency: "unbounded" })

      assert.strictEqual(yield* part.note, "note 19")
    })

    test("give a file its name once, unless it is to replace another; the part is gone then", function*() {
      const { names, read, serve, write } = yield* TestFiles
      const path = yield* Effect.scoped(Effect.gen(function*() {
        const { folder, part, path } = yield* newPart
        yield* write(`${path}/a`, "old")
        yield* Effect.flatMap(get(yield* serve({ content: bytes(3) })), ({ save }) => save(part, everything))

        assert.strictEqual((yield* Effect.flip(part.finish({ replace: false }))).reason, "Exists")
        assert.strictEqual(Buffer.from((yield* read(`${path}/a`))!).toString(), "old")
        yield* part.finish({ replace: true })
        assert.strictEqual(yield* folder.size("a"), 3)
        return path
      }))
      assert.deepStrictEqual(yield* names(path), ["a"])
    })

    test("find out checksums, and whether gzip is whole", function*() {
      const { serve } = yield* TestFiles
      const content = gzipSync(bytes(100_000))
      const digest = (kind: string) => createHash(kind).update(content).digest("hex")
      const examined = (content: Uint8Array) =>
        Effect.gen(function*() {
          const { part } = yield* newPart
          yield* Effect.flatMap(get(yield* serve({ content })), ({ save }) => save(part, everything))
          return yield* part.examine({ md5: true, sha256: true, gzip: true })
        })

      assert.deepStrictEqual(yield* examined(content), { md5: digest("md5"), sha256: digest("sha256") })
      assert.isString((yield* examined(content.subarray(0, 500))).gzipDamage)
    })
  })
}
