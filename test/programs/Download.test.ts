import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import { createHash } from "node:crypto"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import type { ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import * as SocketFileTransfer from "../../src/layers/live/SocketFileTransfer.ts"
import * as Download from "../../src/programs/Download.ts"
import * as FileServer from "../support/fileServer.ts"

const quick = { retryDelay: Duration.millis(5), requestsPerSecond: Infinity, concurrency: 50 }
const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "skein-download-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)
const item = (url: string, rest: Partial<Download.Item> = {}): Download.Item => ({
  label: url,
  request: Effect.succeed({ url }),
  ...rest
})
const all = (items: ReadonlyArray<Download.Item>, options: Download.Options) =>
  Effect.provide(
    Download.all(items, { ...options, limits: { ...quick, ...options.limits } }),
    SocketFileTransfer.layer()
  )
const one = (given: Download.Item, options: Download.Options) =>
  Effect.map(all([given], options), ([result]) => result!)
const failure = (result: Download.FileResult) => {
  assert.strictEqual(result._tag, "Failed")
  return (result as Download.Failed).error
}
const done = (result: Download.FileResult) => {
  assert.strictEqual(result._tag, "Done", result._tag === "Failed" ? result.error.message : "")
  return result as Download.Done
}
/** Answers with a status alone. */
const answer = (response: ServerResponse, status: number, headers = {}): true => {
  response.writeHead(status, headers).end()
  return true
}
const digest = (kind: string, bytes: Buffer) => createHash(kind).update(bytes).digest("hex")

describe("Download", () => {
  it.live("many files come under their names, in pieces where they are large, and are compared with what is known", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const large = FileServer.random(5_000_000)
      const small = Buffer.from("hello")
      const server = yield* FileServer.start({
        "/large.bin": { bytes: large },
        "/small.txt": { bytes: small, etag: `"${digest("md5", small)}"`, headers: { "x-amz-request-id": "1" } },
        "/empty": { bytes: Buffer.alloc(0) },
        "/log.gz": { bytes: gzipSync(large), ranges: false }
      })
      const results = yield* all([
        item(`${server.url}/large.bin`, {
          sha256: digest("sha256", large),
          md5: digest("md5", large),
          size: large.length
        }),
        item(`${server.url}/small.txt`),
        item(`${server.url}/empty`),
        item(`${server.url}/log.gz?signature=abc`)
      ], { folder: path, smallestRange: 1_000_000 })

      assert.deepStrictEqual(results.map((result) => done(result).checks.map(({ what }) => what)), [
        ["size", "sha256", "md5"],
        ["size", "server-md5"],
        ["size"],
        ["size", "gzip"]
      ])
      assert.deepStrictEqual(readdirSync(path).toSorted(), ["empty", "large.bin", "log.gz", "small.txt"])
      assert.isTrue(readFileSync(join(path, "large.bin")).equals(large))
      assert.strictEqual(done(results[0]!).pieces, 4)
      const ranges = server.requests.filter((request) => request.path === "/large.bin").map(({ headers }) =>
        headers.range
      )
      assert.sameMembers(ranges, [undefined, "bytes=1250000-2499999", "bytes=2500000-3749999", "bytes=3750000-4999999"])
    }))

  it.live("R25 a connection that ends within the body is taken up where it ended, with If-Range", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const bytes = FileServer.random(1_000_000)
      const server = yield* FileServer.start({ "/a": { bytes, cutAfter: 300_000 } })
      const result = done(yield* one(item(`${server.url}/a`), { folder: path, ranges: 1 }))

      assert.isTrue(readFileSync(join(path, "a")).equals(bytes))
      assert.isAtLeast(result.retries, 2)
      const [, second] = server.requests
      assert.match(String(second!.headers.range), /^bytes=\d+-999999$/)
      assert.match(String(second!.headers["if-range"]), /^"[0-9a-f]{40}"$/)
    }))

  it.live("R25 what an interruption left is gone on with; of a file that is another by now, all is fetched anew", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const bytes = FileServer.random(1_000_000)
      let stalled = true
      const server = yield* FileServer.start({
        "/a": {
          bytes,
          before: (_request, response) => {
            if (!stalled) return false
            response.writeHead(200, { "content-length": "1000000", etag: "\"1\"", "accept-ranges": "bytes" })
            response.write(bytes.subarray(0, 400_000))
            return true
          },
          etag: "\"1\""
        }
      })
      const stop = Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(
          one(item(`${server.url}/a`), { folder: path, ranges: 1, rememberEvery: Duration.millis(20) })
        )
        const note = join(path, "a.part/note")
        while (!existsSync(note) || !readFileSync(note, "utf8").includes("400000")) yield* Effect.sleep("5 millis")
        yield* Fiber.interrupt(fiber)
      })
      yield* stop
      assert.deepStrictEqual(readdirSync(path), ["a.part"])

      stalled = false
      const resumed = done(yield* one(item(`${server.url}/a`), { folder: path, ranges: 1 }))
      assert.strictEqual(resumed.resumed, 400_000)
      assert.strictEqual(server.requests.at(-1)!.headers.range, "bytes=400000-999999")
      assert.isTrue(readFileSync(join(path, "a")).equals(bytes))
      assert.deepStrictEqual(readdirSync(path), ["a"])

      rmSync(join(path, "a"))
      stalled = true
      yield* stop
      stalled = false
      const other = FileServer.random(900_000, 2)
      server.files["/a"] = { bytes: other, etag: "\"2\"" }
      done(yield* one(item(`${server.url}/a`), { folder: path }))
      assert.isTrue(readFileSync(join(path, "a")).equals(other))
    }))

  it.live("a server without ranges, one that only says that it has some, and 416 end in the whole file", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const bytes = FileServer.random(400_000)
      let cut = true
      const server = yield* FileServer.start({
        "/none": { bytes, ranges: false, before: () => false },
        "/liar": { bytes, ranges: false, headers: { "accept-ranges": "bytes" } },
        "/416": {
          bytes,
          before: (request, response) => {
            if (request.headers.range === undefined || !cut) return false
            cut = false
            response.writeHead(416).end()
            return true
          }
        }
      })
      const results = yield* all(
        ["none", "liar", "416"].map((name) => item(`${server.url}/${name}`)),
        { folder: path, smallestRange: 100_000 }
      )
      for (const result of results) assert.isTrue(readFileSync(done(result).path).equals(bytes))
    }))

  it.live("R24 wrong length, a damaged byte and damaged gzip delete the file and fail", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const bytes = FileServer.random(10_000)
      const damaged = Buffer.from(bytes)
      damaged[5_000]! ^= 1
      const zip = gzipSync(bytes)
      zip[zip.length - 6]! ^= 1
      const server = yield* FileServer.start({ "/a": { bytes: damaged }, "/b": { bytes }, "/c.gz": { bytes: zip } })
      const results = yield* all([
        item(`${server.url}/a`, { sha256: digest("sha256", bytes) }),
        item(`${server.url}/b`, { size: 9_999 }),
        item(`${server.url}/c.gz`)
      ], { folder: path })

      assert.deepStrictEqual(results.map((result) => failure(result).reason), ["Mismatch", "Mismatch", "Mismatch"])
      assert.match(
        failure(results[0]!).message,
        /what came for a was deleted: its sha256 is [0-9a-f]{64}, not [0-9a-f]{64}/
      )
      assert.deepStrictEqual(readdirSync(path), [])
    }))

  it.live("R24 names stay in the folder: what a server suggests is made to fit, what is given is refused", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const suggestions = [
        "../../up",
        "/etc/passwd",
        "..\\..\\win",
        "a\u0000b",
        "CON",
        `${"x".repeat(300)}.tar.xz`,
        "..."
      ]
      const files = Object.fromEntries(suggestions.map((name, index) => [`/${index}`, {
        bytes: Buffer.from(name),
        headers: { "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}` }
      }]))
      const server = yield* FileServer.start(files)
      const results = yield* all(suggestions.map((_, index) => item(`${server.url}/${index}`)), { folder: path })
      const names = results.map((result) => done(result).name)

      assert.deepStrictEqual(names.slice(0, 5), ["up", "passwd", "win", "ab", "_CON"])
      assert.isAtMost(names[5]!.length, 240)
      assert.isTrue(names[5]!.endsWith(".tar.xz"))
      assert.strictEqual(names[6], "6")
      assert.sameMembers(readdirSync(path), names)

      const given = ["../up2", "/tmp/up", "a\u0000", "NUL.txt", "x".repeat(300), "", "..", "a/b", "Up3", "uP3"]
      const refused = yield* all(given.map((name) => item(`${server.url}/0`, { name })), { folder: path })
      assert.deepStrictEqual(
        refused.map((result) => result._tag === "Failed" ? result.error.reason : result.name),
        [...given.slice(0, 8).map(() => "Name"), "Up3", "Name"]
      )
      assert.isFalse(existsSync(join(path, "../up2")))
    }))

  it.live("R24 links are not followed: neither one of the file's name nor one of its part", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const outside = yield* folder
      const server = yield* FileServer.start({ "/a": { bytes: Buffer.from("new") } })
      symlinkSync(join(outside, "target"), join(path, "a"))
      symlinkSync(outside, join(path, "b.part"))
      mkdirSync(join(path, "c.part"))
      writeFileSync(join(outside, "c"), "old")
      symlinkSync(join(outside, "c"), join(path, "c.part/content"))
      const results = yield* all(["a", "b", "c"].map((name) => item(`${server.url}/a`, { name })), {
        folder: path,
        exists: "overwrite"
      })

      assert.deepStrictEqual(readdirSync(outside), ["c"])
      assert.strictEqual(readFileSync(join(outside, "c"), "utf8"), "old")
      assert.deepStrictEqual(results.slice(1).map((result) => failure(result).reason), ["Link", "Link"])
    }))

  it.live("R13 credentials do not follow a redirect to another host; loops end; private addresses are refused when only public ones are wanted", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const other = yield* FileServer.start({ "/file": { bytes: Buffer.from("content") } })
      const server = yield* FileServer.start({
        "/to": {
          bytes: Buffer.alloc(0),
          before: (_request, response) => answer(response, 302, { location: `${other.url}/file` })
        },
        "/loop": {
          bytes: Buffer.alloc(0),
          before: (_request, response) => answer(response, 302, { location: "/loop" })
        }
      })
      const headers = { authorization: "Bearer secret", "x-api-key": "k", cookie: "a=b", "x-plain": "1" }
      const request = Effect.succeed({ url: `${server.url}/to`, headers })
      const result = done(yield* one({ label: "to", request }, { folder: path }))
      const loop = failure(yield* one(item(`${server.url}/loop`), { folder: path }))
      const refused = yield* all(
        ["http://127.0.0.1", "http://0x7f.1", "http://2130706433", "http://[::ffff:127.0.0.1]", "http://localhost"].map(
          (
            host,
            index
          ) => item(`${host}:${other.port}/file`, { name: String(index) })
        ),
        { folder: path, publicOnly: true }
      )

      assert.strictEqual(result.name, "file")
      const sent = other.requests[0]!.headers
      assert.deepStrictEqual([sent.authorization, sent["x-api-key"], sent.cookie, sent["x-plain"]], [
        undefined,
        undefined,
        undefined,
        "1"
      ])
      assert.match(loop.message, /redirects more than 10 times/)
      assert.deepStrictEqual(refused.map((one) => failure(one).reason), Array.from({ length: 5 }, () => "Private"))
      assert.lengthOf(other.requests, 1)
    }))

  it.live("a URL is made when it is needed, and anew when it has expired half-way", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const bytes = FileServer.random(600_000)
      const uses = new Map<string, number>()
      const server = yield* FileServer.start({
        "/a": {
          bytes,
          cutAfter: 200_000,
          before: (request, response) => {
            const used = (uses.get(request.url!) ?? 0) + 1
            uses.set(request.url!, used)
            return used > 1 ? answer(response, 403) : false
          }
        }
      })
      let made = 0
      const request = Effect.sync(() => ({ url: `${server.url}/a?signature=${++made}` }))
      done(yield* one({ label: "a", request }, { folder: path, ranges: 1 }))

      assert.isTrue(readFileSync(join(path, "a")).equals(bytes))
      assert.isAtLeast(made, 3)
      const never = failure(yield* one(item(`${server.url}/nothing`), { folder: path }))
      assert.deepStrictEqual([never.reason, never.status], ["Status", 404])
    }))

  it.live("429 and 503 are waited for; a slow drip and silence are given up and asked again, and told in the end", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const bytes = FileServer.random(1_000)
      let refused = 0
      const server = yield* FileServer.start({
        "/busy": {
          bytes,
          before: (_request, response) =>
            ++refused <= 2
              ? answer(response, refused === 1 ? 429 : 503, { "retry-after": "0" })
              : false
        },
        "/drip": {
          bytes,
          before: (_request, response) => {
            response.writeHead(200, { "content-length": "1000", "accept-ranges": "bytes", etag: "\"1\"" })
            const timer = setInterval(() => response.write("x"), 20)
            response.on("close", () => clearInterval(timer))
            return true
          }
        },
        "/silent": { bytes, before: () => true }
      })
      const busy = done(yield* one(item(`${server.url}/busy`), { folder: path }))
      const results = yield* all([item(`${server.url}/drip`), item(`${server.url}/silent`)], {
        folder: path,
        limits: { retries: 1 },
        silence: Duration.millis(600),
        slowest: 1_000
      })

      assert.strictEqual(busy.retries, 2)
      assert.deepStrictEqual(results.map((result) => failure(result).reason), ["Network", "Network"])
      assert.match(failure(results[0]!).message, /sends fewer than 1000 bytes a second/)
      assert.isFalse(existsSync(join(path, "drip")))
    }))

  it.live("a file that is there is kept when it is known to be the same, skipped, or replaced; else it is an error", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const bytes = Buffer.from("content")
      const server = yield* FileServer.start({ "/a": { bytes } })
      writeFileSync(join(path, "a"), "content")
      const get = (options: Partial<Download.Options>, known: Partial<Download.Item> = {}) =>
        one(item(`${server.url}/a`, { name: "a", ...known }), { folder: path, ...options })

      assert.strictEqual(failure(yield* get({})).reason, "Exists")
      assert.isTrue(done(yield* get({}, { sha256: digest("sha256", bytes) })).kept)
      assert.strictEqual(failure(yield* get({}, { md5: "0".repeat(32) })).reason, "Exists")
      assert.isTrue(done(yield* get({ exists: "skip" })).kept)
      assert.lengthOf(server.requests, 0)
      writeFileSync(join(path, "a"), "old")
      assert.isFalse(done(yield* get({ exists: "overwrite" })).kept)
      assert.strictEqual(readFileSync(join(path, "a"), "utf8"), "content")
    }))

  it.live("R24 all files together are no larger than allowed, announced or not", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const bytes = FileServer.random(600_000)
      const server = yield* FileServer.start({
        "/a": { bytes },
        "/b": { bytes },
        "/endless": {
          bytes,
          before: (_request, response) => {
            response.writeHead(200)
            const timer = setInterval(() => response.write(bytes), 1)
            response.on("close", () => clearInterval(timer))
            return true
          }
        }
      })
      const results = yield* all([item(`${server.url}/a`), item(`${server.url}/b`)], {
        folder: path,
        maxBytes: 1_000_000,
        concurrency: 1
      })
      const endless = yield* one(item(`${server.url}/endless`), { folder: path, maxBytes: 5_000_000 })

      done(results[0]!)
      assert.deepStrictEqual([failure(results[1]!).reason, failure(endless).reason], ["TooLarge", "TooLarge"])
      assert.deepStrictEqual(readdirSync(path), ["a"])
    }))

  it.live("R25 two downloads of one name exclude each other, and a folder that cannot be used is told as such", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const server = yield* FileServer.start({
        "/a": { bytes: FileServer.random(100_000) },
        "/silent": { bytes: Buffer.alloc(0), before: () => true }
      })
      const first = yield* Effect.forkChild(one(item(`${server.url}/silent`, { name: "a" }), { folder: path }))
      while (server.requests.length === 0) yield* Effect.sleep("5 millis")
      const second = failure(yield* one(item(`${server.url}/a`), { folder: path }))
      yield* Fiber.interrupt(first)

      assert.strictEqual(second.reason, "Busy")
      assert.deepStrictEqual(readdirSync(path), [])
      const forbidden = yield* Effect.flip(all([item(`${server.url}/a`)], { folder: "/dev/null/x" }))
      assert.strictEqual(forbidden.reason, "Disk")
    }))
})
