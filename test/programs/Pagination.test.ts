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
      style: events.flatMap((event) => event._tag === "StyleFound" ? [event.found.style] : [])[0],
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
      }, /page 3 has 1 rows that were there before, such as id 19/],
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

  describe("by the id of the last row", () => {
    /** Rows after the one of id `start`; where the API is strict, only the last id of a page that it gave is known. */
    const after = (
      count: number,
      options: { readonly strict?: boolean; readonly inclusive?: boolean; readonly cap?: number } = {}
    ) => {
      const known = new Set<number>()
      return (url: URL): Reply => {
        const limit = Math.min(number(url, "limit", 10), options.cap ?? Infinity)
        const start = url.searchParams.get("start")
        const at = start === null || (options.strict === true && !known.has(Number(start)))
          ? 0
          : Number(start) + (options.inclusive === true ? 0 : 1)
        const page = rows(at, Math.min(count, at + limit))
        if (page.length > 0) known.add(page.at(-1)!.id)
        return { body: page }
      }
    }
    const style = { _tag: "Cursor", parameter: "start", path: undefined } as const

    for (const inclusive of [false, true]) {
      it.effect(`${inclusive ? "inclusive" : "exclusive"} cursors end with a page that is not full`, () =>
        Effect.gen(function*() {
          const { asked, rows: all } = yield* read("/x?limit=10", after(25, { inclusive }), { style })

          assert.deepStrictEqual(ids(all), upTo(25))
          assert.lengthOf(asked, 3)
        }))

      it.effect(`${inclusive ? "inclusive" : "exclusive"} cursors with full pages only end with an empty one`, () =>
        Effect.gen(function*() {
          const { rows: all } = yield* read("/x?limit=10", after(inclusive ? 28 : 30, { inclusive }), { style })

          assert.lengthOf(all, inclusive ? 28 : 30)
        }))
    }

    it.effect("an API that gives fewer rows than were asked for is not taken to be at its end", () =>
      Effect.gen(function*() {
        const { rows: all } = yield* read("/x?limit=500", after(25, { cap: 10 }), { style })

        assert.deepStrictEqual(ids(all), upTo(25))
      }))

    it.effect("one request is enough for a list that is shorter than the size that was told", () =>
      Effect.gen(function*() {
        const { asked } = yield* read("/x?limit=100", after(25), { style, size: 100 })

        assert.lengthOf(asked, 1)
      }))

    it.effect("R38 a strict API that forgot a position begins with page 1 again: that fails aloud", () =>
      Effect.gen(function*() {
        const api = after(100, { strict: true })
        const whole = yield* read("/x?limit=10", api, { style })
        assert.deepStrictEqual(ids(whole.rows), upTo(100))

        const error = yield* Effect.flip(
          read("/x?limit=10", after(100, { strict: true }), { style }, { resume: resumeAfter(whole.events, 2) })
        )
        assert.strictEqual(error.reason, "Truncated")
        assert.match(error.message, /page 3 is page 1 again/)
      }))

    it.effect("rows without that id cannot be asked for further", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(read("/x", () => ({ body: [{ a: 1 }, { a: 2 }] }), { style }))

        assert.match(error.message, /the last row of page 1 has no id/)
      }))
  })

  describe("R38", () => {
    it.effect("an empty page that leads to another one is not the end", () =>
      Effect.gen(function*() {
        const { rows: all } = yield* read("/x", (url) => {
          const at = number(url, "cursor", 0)
          return { body: { items: at % 2 === 1 ? [] : rows(at * 5, at * 5 + 10), next_cursor: at < 6 ? at + 1 : null } }
        })

        assert.lengthOf(all, 40)
      }))

    it.effect("empty pages that lead on for ever are an error", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(read("/x", (url) => {
          const at = number(url, "cursor", 0)
          return { body: { items: at === 0 ? rows(0, 10) : [], next_cursor: at + 1 } }
        }))

        assert.match(error.message, /1000 empty pages/)
      }))

    it.effect("a short page in the middle of a list without a total is an error", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(read("/x?page=1", (url) => {
          const page = number(url, "page", 1)
          return { body: page > 5 ? [] : rows((page - 1) * 10, page * 10 - (page === 2 ? 3 : 0)) }
        }))

        assert.match(error.message, /page 2 has only 7 of 10 rows, and yet page 3 has more/)
      }))

    it.effect("a last page that says that there are more is an error", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(read("/x", () => ({ body: { data: rows(0, 10), has_more: true } })))

        assert.match(error.message, /says that there are more/)
      }))

    it.effect("rows without ids that come again are an error", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(read("/x?page=1", (url) => ({
          body: [{ at: number(url, "page", 1) % 3 }, { b: 1 }]
        })))

        assert.match(error.message, /page 4 has the same rows as an earlier page/)
      }))
  })

  describe("is not misled:", () => {
    it.effect("a list of exactly as many rows as were asked for, whose answer has no next page", () =>
      Effect.gen(function*() {
        const { rows: all } = yield* read("/x?limit=10", () => ({ body: { data: rows(0, 10), next_cursor: null } }))

        assert.lengthOf(all, 10)
      }))

    it.effect("an API that answers with its last page when it is asked for one after it", () =>
      Effect.gen(function*() {
        const { rows: all } = yield* read("/x?page=1", (url) => {
          const page = Math.min(3, number(url, "page", 1))
          return { body: rows((page - 1) * 10, Math.min(25, page * 10)) }
        })

        assert.deepStrictEqual(ids(all), upTo(25))
      }))

    it.effect("cursors with pages of any length", () =>
      Effect.gen(function*() {
        const { rows: all } = yield* read("/x", (url) => {
          const at = number(url, "cursor", 0)
          const size = [10, 3, 7, 10][at]!
          const from = [0, 10, 13, 20][at]!
          return { body: { items: rows(from, from + size), next_cursor: at < 3 ? at + 1 : null } }
        })

        assert.deepStrictEqual(ids(all), upTo(30))
      }))

    it.effect("a last page that is known is not asked beyond", () =>
      Effect.gen(function*() {
        const { asked } = yield* read("/x?page=1", (url) => {
          const page = number(url, "page", 1)
          return { body: { items: rows((page - 1) * 10, page * 10), total_pages: 4 } }
        })

        assert.lengthOf(asked, 4)
      }))

    it.effect("a total that is something else may be left out", () =>
      Effect.gen(function*() {
        const answer = () => ({ body: { items: rows(0, 3), total: 9_950 } })
        assert.strictEqual((yield* Effect.flip(read("/x", answer))).reason, "Truncated")

        const { rows: all } = yield* read("/x", answer, { total: false })
        assert.lengthOf(all, 3)
      }))
  })

  describe("goes on after any page that was read before, and checks the list as one:", () => {
    const apis: ReadonlyArray<readonly [what: string, url: string, answer: (url: URL) => Reply]> = [
      ["pages with a total", "/sites?page=1", (url) => {
        const page = number(url, "page", 1)
        return { body: { items: rows((page - 1) * 10, Math.min(95, page * 10)), total: 95 } }
      }],
      ["pages without one", "/sites?page=1", (url) => {
        const page = number(url, "page", 1)
        return { body: rows((page - 1) * 10, Math.min(95, page * 10)) }
      }],
      ["offsets", "/sites?offset=0&limit=10", (url) => {
        const offset = number(url, "offset", 0)
        return { body: rows(offset, Math.min(95, offset + 10)) }
      }],
      ["cursors", "/sites", (url) => {
        const from = number(url, "cursor", 0)
        return { body: { items: rows(from, Math.min(95, from + 10)), next_cursor: from < 85 ? from + 10 : null } }
      }],
      ["links", "/sites", (url) => {
        const from = number(url, "after", 0)
        const headers = from < 85 ? { link: `</sites?after=${from + 10}>; rel="next"` } : {}
        return { body: rows(from, Math.min(95, from + 10)), headers: headers as Record<string, string> }
      }]
    ]
    for (const [what, url, answer] of apis) {
      it.effect(what, () =>
        Effect.gen(function*() {
          const whole = yield* read(url, answer)
          const pages = whole.events.filter((event) => event._tag === "Page").length
          for (let after = 1; after <= pages; after++) {
            const rest = yield* read(url, answer, {}, { resume: resumeAfter(whole.events, after) })

            assert.deepStrictEqual(ids(rest.rows), upTo(95).slice(after * 10), `after ${after}`)
            assert.strictEqual(rest.ended?.rows, 95)
            assert.notInclude(rest.asked, url)
          }
        }))
    }

    it.effect("rows of earlier pages are found", () =>
      Effect.gen(function*() {
        const answer = apis[3]![2]
        const whole = yield* read("/sites", answer)
        const moved = (url: URL): Reply => ({ body: { items: rows(number(url, "cursor", 0) - 1, 40) } })

        const error = yield* Effect.flip(read("/sites", moved, {}, { resume: resumeAfter(whole.events, 3) }))

        assert.match(error.message, /page 4 has 1 rows that were there before, such as id 29/)
      }))
  })
})

/** What a reader would have kept of the first pages. */
const resumeAfter = (events: ReadonlyArray<Pagination.Event>, pages: number): Pagination.Resume => {
  const read = events.flatMap((event) => event._tag === "Page" ? [event] : []).slice(0, pages)
  const found = events.flatMap((event) => event._tag === "StyleFound" ? [event.found] : [])[0]!
  return { found, after: read.at(-1)!.checkpoint, ids: read.map(({ ids }) => ids) }
}
