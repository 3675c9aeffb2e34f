/** Backups of the fake Pantheon API, and the storage that lies when it is told to. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Result } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { createHash } from "node:crypto"
import { gunzipSync } from "node:zlib"
import { FakePantheon } from "../../../src/layers/fake/FakePantheon.ts"
import { type Body, firstSite, loggedIn, on, send } from "../../support/pantheonCalls.ts"

/** The backup that every live environment has, with a way to its URL. */
const backup = Effect.gen(function*() {
  const { ask, session } = yield* loggedIn
  const { id } = yield* firstSite
  const at = `sites/${id}/environments/live/backups`
  const { body: catalog } = yield* ask(`GET ${at}/catalog`)
  const [key = "", entry] = Object.entries<Body>(catalog).find(([key]) => key.endsWith("_database"))!
  const url = Effect.map(
    ask(`POST ${at}/catalog/${entry.folder}/database/s3token`, { json: { method: "get" } }),
    ({ body }) => body.url as string
  )
  return { ask, session, at, catalog, key, entry, url }
})

/** The bytes at a signed URL. */
const download = Effect.fnUntraced(function*(url: string, headers: Record<string, string> = {}) {
  const client = yield* HttpClient.HttpClient
  const response = yield* client.get(url, { headers })
  return { status: response.status, headers: response.headers, bytes: Buffer.from(yield* response.arrayBuffer) }
})

describe("backups", () => {
  it.effect("the catalog is an object by folder and element, with a manifest that has no file", () =>
    on(Effect.gen(function*() {
      const { catalog, entry, key } = yield* backup

      assert.match(key, /^\d+_automated_database$/)
      assert.match(entry.filename, /^site-001_live_\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d_UTC_database\.sql\.gz$/)
      const manifest = Object.entries<Body>(catalog).find(([key]) => key.endsWith("_manifest"))?.[1]
      assert.notProperty(manifest, "filename")
      assert.property(manifest, "total_files")
    })))

  it.effect("a signed URL gives gzip of the size and MD5 that are told, whole and in ranges", () =>
    on(Effect.gen(function*() {
      const { entry, url } = yield* backup
      const signed = yield* url
      const whole = yield* download(signed)

      assert.strictEqual(whole.bytes.length, entry.size)
      assert.strictEqual(gunzipSync(whole.bytes).length, 100_000)
      const etag = whole.headers["etag"]!
      assert.strictEqual(etag, `"${createHash("md5").update(whole.bytes).digest("hex")}"`)
      const part = yield* download(signed, { range: "bytes=100-199", "if-range": etag })
      assert.strictEqual(part.status, 206)
      assert.strictEqual(part.headers["content-range"], `bytes 100-199/${entry.size}`)
      assert.isTrue(part.bytes.equals(whole.bytes.subarray(100, 200)))
      assert.strictEqual((yield* download(signed, { range: "bytes=-5" })).bytes.length, 5)
      assert.strictEqual((yield* download(signed, { range: "bytes=0-9", "if-range": "\"other\"" })).status, 200)
      assert.strictEqual((yield* download(signed, { range: `bytes=${entry.size}-` })).status, 416)
    })))

  it.effect("url_seconds: a URL ends; a wrong signature and HEAD are refused; a session shown to the storage is counted", () =>
    on(Effect.gen(function*() {
      const fake = yield* FakePantheon
      yield* fake.set({ url_seconds: 60 })
      const { session, url } = yield* backup
      const signed = yield* url
      const status = (url: string, headers?: Record<string, string>) =>
        Effect.map(download(url, headers), ({ status }) => status)

      assert.strictEqual(yield* status(signed, { authorization: `Bearer ${session}` }), 200)
      assert.strictEqual(yield* status(`${signed}0`), 403)
      assert.strictEqual((yield* send(`HEAD ${signed}`)).status, 403)
      yield* TestClock.adjust("60 seconds")
      assert.strictEqual(yield* status(signed), 403)
      assert.strictEqual(yield* status(yield* url), 200)
      assert.strictEqual((yield* fake.counts).sessionsShown, 1)
    })))

  it.effect("ranges, wrong_size, corrupt_byte and etag: each lie is told", () =>
    on(Effect.gen(function*() {
      const fake = yield* FakePantheon
      const right = yield* download(yield* (yield* backup).url)
      yield* fake.set({ ranges: false, wrong_size: 3, corrupt_byte: 7, etag: "multipart" })
      const { entry, url } = yield* backup
      const wrong = yield* download(yield* url, { range: "bytes=0-9" })

      assert.strictEqual(wrong.status, 200)
      assert.notProperty(wrong.headers, "accept-ranges")
      assert.strictEqual(entry.size, right.bytes.length + 3)
      const different = [...wrong.bytes.keys()].filter((at) => wrong.bytes[at] !== right.bytes[at])
      assert.deepStrictEqual(different, [7])
      assert.match(wrong.headers["etag"]!, /^"[0-9a-f]{32}-3"$/)
    })))

  it.effect("body_rate: a body takes its time; disconnect_at: it breaks off there", () =>
    on(Effect.gen(function*() {
      const fake = yield* FakePantheon
      yield* fake.set({ backup_bytes: 10_000, body_rate: 1_000 })
      const { entry, url } = yield* backup
      const slow = yield* Effect.forkChild(download(yield* url))
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(slow.pollUnsafe())
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* Fiber.join(slow)).bytes.length, entry.size)

      yield* fake.set({ body_rate: "none", disconnect_at: 500 })
      assert.isTrue(Result.isFailure(yield* Effect.result(download(yield* url))))
    })))

  it.effect("a new backup has its folder from the start, and sizes once it is done", () =>
    on(Effect.gen(function*() {
      const { ask, at } = yield* backup
      yield* TestClock.adjust("1 day")
      const { body } = yield* ask(`POST ${at.replace("/backups", "/workflows")}`, {
        json: {
          type: "do_export",
          params: { code: true, database: false, files: true, entry_type: "backup", ttl: 86400 }
        }
      })
      const folder: string = body.waiting_for_task.params.folder
      const sizes = Effect.map(ask(`GET ${at}/catalog`), ({ body }) =>
        ["code", "files"].map((element) => body[`${folder}_${element}`].size as number))

      assert.deepStrictEqual(yield* sizes, [0, 0])
      yield* TestClock.adjust("1 minute")
      assert.isTrue((yield* sizes).every((size) =>
        size > 0
      ))
    })))

  it.effect("the schedule is set by a workflow and ended day by day", () =>
    on(Effect.gen(function*() {
      const { ask, at } = yield* backup
      yield* ask(`POST ${at.replace("/backups", "/workflows")}`, {
        json: {
          type: "change_backup_schedule",
          params: { backup_schedule: { 0: { hour: 5, ttl: 100 }, 1: { hour: 5, ttl: 1 } } }
        }
      })
      yield* TestClock.adjust("1 minute")
      yield* ask(`DELETE ${at}/schedule/1`)
      assert.deepStrictEqual((yield* ask(`GET ${at}/schedule`)).body, { 0: { hour: 5, ttl: 100 } })
    })))
})
