/** Lists in pages, from servers by script, in virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import type { Value } from "../../src/core/Value.ts"
import * as Pagination from "../../src/programs/Pagination.ts"
import * as Client from "../../src/services/polite/Client.ts"

interface Reply {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body: unknown
}

const row = (id: number) => ({ id, name: `row ${id}` })
const rows = (from: number, to: number) => Array.from({ length: Math.max(0, to - from) }, (_, n) => row(from + n))
const ids = (list: ReadonlyArray<Value>) => list.map((one) => (one as { readonly id: number }).id)
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

/** Reads a list from a server that a function plays. */
const read = (
  url: string,
  answer: (url: URL, asked: ReadonlyArray<string>) => Reply,
  list: Partial<Pagination.List> = {},
  options: Pagination.Options = {}
) => {
  const asked: Array<string> = []
  const client = HttpClient.make((request, url) =>
    Effect.sync(() => {
      asked.push(`${url.pathname}${url.search}`)
      const { body, headers = {}, status = 200 } = answer(url, asked)
      return HttpClientResponse.fromWeb(request, new Response(JSON.stringify(body), { status, headers }))
    })
  )
  return Stream.runCollect(Pagination.events({ request: { url: `http://api.test${url}` }, ...list }, options)).pipe(
    Effect.map((events) => ({
      asked,
      events,
      style: events.flatMap((event) => event._tag === "StyleFound" ? [event.style] : [])[0],
      rows: events.flatMap((event) => event._tag === "Page" ? event.rows : []),
      ended: events.flatMap((event) => event._tag === "Ended" ? [event] : [])[0]
    })),
    Effect.provide(Client.layer({ requestsPerSecond: Infinity, concurrency: 50, retries: 0 })),
    Effect.provideService(HttpClient.HttpClient, client)
  )
}

const number = (url: URL, name: string, otherwise: number) => Number(url.searchParams.get(name) ?? otherwise)

describe("Pagination", () => {
  describe("finds out how an API pages, and reads all of it in order", () => {
    const apis: ReadonlyArray<readonly [what: string, url: string, answer: (url: URL) => Reply, style: string]> = [
      ["pages with a total", "/sites?page=1", (url) => {
        const page = number(url, "page", 1)
        return { body: { data: rows((page - 1) * 10, Math.min(95, page * 10)), meta: { total: 95 } } }
      }, "Page"],
      ["pages without one", "/sites?page=1", (url) => {
        const page = number(url, "page", 1)
        return { body: rows((page - 1) * 10, Math.min(95, page * 10)) }
      }, "Page"],
      ["pages of an API that begins at 0", "/sites?page=0", (url) => {
        const page = number(url, "page", 0)
        return { body: { content: rows(page * 10, Math.min(95, (page + 1) * 10)), totalElements: 95 } }
      }, "Page"],
      ["a smaller page than was asked for", "/sites?page=1&per_page=500", (url) => {
        const page = number(url, "page", 1)
        return { body: rows((page - 1) * 10, Math.min(95, page * 10)) }
      }, "Page"],
      ["offsets", "/sites?offset=0&limit=10", (url) => {
        const offset = number(url, "offset", 0)
        return { body: { items: rows(offset, Math.min(95, offset + 10)) } }
      }, "Offset"],
      ["offsets with a total in a header", "/sites?offset=0&limit=10", (url) => {
        const offset = number(url, "offset", 0)
        return { body: rows(offset, Math.min(95, offset + 10)), headers: { "x-total-count": "95" } }
      }, "Offset"],
      ["a cursor in the body", "/sites", (url) => {
        const from = number(url, "cursor", 0)
        const next = from + 10 < 95 ? String(from + 10) : null
        return { body: { items: rows(from, Math.min(95, from + 10)), next_cursor: next } }
      }, "Cursor"],
      ["the URL of the next page", "/sites", (url) => {
        const from = number(url, "from", 0)
        const next = from + 10 < 95 ? `/sites?from=${from + 10}` : null
        return { body: { results: rows(from, Math.min(95, from + 10)), next } }
      }, "NextUrl"],
      ["Link headers", "/sites", (url) => {
        const from = number(url, "after", 0)
        const link = from + 10 < 95 ? { link: `<http://api.test/sites?after=${from + 10}>; rel="next"` } : undefined
        return { body: rows(from, Math.min(95, from + 10)), headers: link ?? {} }
      }, "Link"],
      ["Link headers that name a last page", "/sites", (url) => {
        const page = number(url, "page", 1)
        const link = page < 10 ? `</sites?page=${page + 1}>; rel="next", </sites?page=10>; rel="last"` : ""
        return { body: rows((page - 1) * 10, Math.min(95, page * 10)), headers: { link } }
      }, "Page"]
    ]
    for (const [what, url, answer, style] of apis) {
      it.effect(what, () =>
        Effect.gen(function*() {
          const read_ = yield* read(url, answer)

          assert.strictEqual(read_.style?._tag, style)
          assert.deepStrictEqual(ids(read_.rows), upTo(95))
          assert.strictEqual(read_.ended?.rows, 95)
        }))
    }

    it.effect("one answer with everything", () =>
      Effect.gen(function*() {
        const { asked, rows: all, style } = yield* read("/sites", () => ({ body: rows(0, 7) }))

        assert.deepStrictEqual([style?._tag, all.length, asked.length], ["Single", 7, 1])
      }))

    it.effect("an empty list", () =>
      Effect.gen(function*() {
        const { asked, rows: all } = yield* read("/sites?page=1", () => ({ body: { items: [], total: 0 } }))

        assert.deepStrictEqual([all.length, asked.length], [0, 1])
      }))

    it.effect("a map by id", () =>
      Effect.gen(function*() {
        const { rows: all } = yield* read("/envs", () => ({ body: { dev: { on: true }, live: { on: false } } }), {
          rows: ""
        })

        assert.deepStrictEqual(all.map((one) => ({ ...one as object })), [
          { id: "dev", on: true },
          { id: "live", on: false }
        ])
      }))
  })

  describe("fails aloud when rows are missing, although every answer is 200:", () => {
    const bad: ReadonlyArray<readonly [what: string, url: string, answer: (url: URL) => Reply, message: RegExp]> = [
      ["a total that is not reached", "/x?page=1", (url) => {
        const page = number(url, "page", 1)
        return { body: { items: rows((page - 1) * 10, page === 3 ? 28 : page * 10), total: 30 } }
      }, /28 rows came.*30/],
      ["page 1 again", "/x?page=1", () => ({ body: rows(0, 10) }), /page 2 is page 1 again/],
      ["a cursor that was there before", "/x", (url) => {
        const from = number(url, "cursor", 0)
        return { body: { items: rows(from * 10, from * 10 + 10), next_cursor: from === 2 ? "1" : String(from + 1) } }
      }, /page 3 leads to where an earlier page led/],
      ["rows of an earlier page", "/x?page=1", (url) => {
        const page = number(url, "page", 1)
        return {
          body: { items: rows((page - 1) * 10 - (page > 2 ? 1 : 0), page * 10 - (page > 2 ? 1 : 0)), total: 50 }
        }
      }, /page 3 has 1 rows of earlier pages, such as id 19/],
      ["a total that changes", "/x?page=1", (url) => {
        const page = number(url, "page", 1)
        return { body: { items: rows((page - 1) * 10, page * 10), total: page < 3 ? 50 : 49 } }
      }, /page 3 says that there are 49 rows, an earlier one said 50/],
      ["a short page in the middle", "/x?page=1", (url) => {
        const page = number(url, "page", 1)
        return { body: { items: rows((page - 1) * 10, page * 10 - (page === 2 ? 3 : 0)), total: 50 } }
      }, /page 2 has only 7 of 10 rows, and yet page 3 has more/],
      [
        "one answer that is as long as its limit",
        "/x?limit=10",
        () => ({ body: rows(0, 10) }),
        /as many as limit allows/
      ],
      ["one answer of many rows", "/x", () => ({ body: { items: rows(0, 10), total: 40 } }), /10 rows of 40/]
    ]
    for (const [what, url, answer, message] of bad) {
      it.effect(what, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(read(url, answer))

          assert.strictEqual(error.reason, "Truncated")
          assert.match(error.message, message)
        }))
    }
  })

  it.effect("credentials do not follow a next page to another host", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        read("/x", () => ({ body: { items: rows(0, 10), next: "http://evil.test/x?page=2" } }))
      )

      assert.strictEqual(error.reason, "Elsewhere")
    }))

  it.effect("goes on after a page that was read before", () =>
    Effect.gen(function*() {
      const answer = (url: URL): Reply => {
        const page = number(url, "page", 1)
        return { body: { items: rows((page - 1) * 10, Math.min(95, page * 10)), total: 95 } }
      }
      const whole = yield* read("/sites?page=1", answer)
      const third = whole.events.flatMap((event) => event._tag === "Page" ? [event.checkpoint] : [])[2]!

      const rest = yield* read("/sites?page=1", answer, {}, { resume: { style: whole.style!, after: third } })

      assert.deepStrictEqual(ids(rest.rows), upTo(95).slice(30))
      assert.strictEqual(rest.ended?.rows, 95)
      assert.notInclude(rest.asked, "/sites?page=1")
    }))
})
