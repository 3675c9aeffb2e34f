/** Lists of any API, in any order of arrival and with any faults: read exactly, or an error. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import * as Pagination from "../../../src/programs/Pagination.ts"
import * as Client from "../../../src/services/polite/Client.ts"
import { sampled } from "../../support/seeds.ts"

/** What an API does, apart from the list that it has. */
const api = fc.record({
  style: fc.constantFrom("page", "offset", "cursor", "id", "next", "link"),
  rows: fc.integer({ min: 0, max: 60 }),
  size: fc.integer({ min: 1, max: 12 }),
  first: fc.constantFrom(0, 1),
  total: fc.constantFrom("body", "header", "none"),
  inclusive: fc.boolean(),
  bare: fc.boolean()
})
type Api = typeof api extends fc.Arbitrary<infer A> ? A : never

interface Reply {
  readonly body: unknown
  readonly headers: Record<string, string>
}

const urls: Record<Api["style"], (api: Api) => string> = {
  page: ({ first }) => `/x?page=${first}`,
  offset: () => "/x?offset=0",
  cursor: () => "/x",
  id: ({ size }) => `/x?limit=${size + 1}`,
  next: () => "/x",
  link: () => "/x"
}

/** How the API answers a request: a function of the request alone. */
const answer = (api: Api, url: URL): Reply => {
  const get = (name: string, otherwise: number) => Number(url.searchParams.get(name) ?? otherwise)
  // With inclusive cursors a page of one row would never lead on.
  const size = api.style === "id" ? api.size + 1 : api.size
  const from = {
    page: () => (get("page", api.first) - api.first) * size,
    offset: () => get("offset", 0),
    cursor: () => get("cursor", 0),
    id: () => url.searchParams.has("after") ? get("after", 0) + (api.inclusive ? 0 : 1) : 0,
    next: () => get("from", 0),
    link: () => get("from", 0)
  }[api.style]()
  const rows = Array.from({ length: Math.max(0, Math.min(size, api.rows - from)) }, (_, n) => ({ id: from + n }))
  const next = from + size < api.rows ? from + size : undefined
  const headers: Record<string, string> = api.total === "header" ? { "x-total-count": String(api.rows) } : {}
  if (api.style === "link" && next !== undefined) headers["link"] = `<?from=${next}>; rel="next"`
  const told = {
    ...api.total === "body" ? { total: api.rows } : {},
    ...api.style === "cursor" ? { next_cursor: next ?? null } : {},
    ...api.style === "next" ? { next: next === undefined ? null : `/x?from=${next}` } : {}
  }
  const isBare = api.bare && Object.keys(told).length === 0
  return { body: isBare ? rows : { items: rows, ...told }, headers }
}

const listOf = (api: Api): Pagination.List => ({
  request: { url: `http://api.test${urls[api.style](api)}` },
  ...api.style === "id" ? { style: { _tag: "Cursor", parameter: "after", path: undefined } } : {}
})

/** Reads a list through a client that `around` may slow down or break. */
const read = (
  api: Api,
  around: <E>(answered: Effect.Effect<HttpClientResponse.HttpClientResponse, E>, nth: number) => Effect.Effect<
    HttpClientResponse.HttpClientResponse,
    E | HttpClientError.HttpClientError
  >,
  options: { readonly concurrency?: number; readonly retries?: number } = {}
) => {
  let count = 0
  const client = HttpClient.make((request, url) =>
    around(
      Effect.sync(() => {
        const { body, headers } = answer(api, url)
        return HttpClientResponse.fromWeb(request, new Response(JSON.stringify(body), { headers }))
      }),
      count++
    )
  )
  return Stream.runCollect(Pagination.stream(listOf(api), { concurrency: options.concurrency })).pipe(
    Effect.map((rows) => rows.map((row) => (row as { readonly id: number }).id)),
    Effect.provide(Client.layer({ requestsPerSecond: Infinity, concurrency: 20, retries: options.retries ?? 0 })),
    Effect.provideService(HttpClient.HttpClient, client)
  )
}

const whole = ({ rows }: Api) => Array.from({ length: rows }, (_, id) => id)

/** Lets virtual time pass until the work is done. */
const pass = <A, E>(work: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Effect.result(work))
    while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("1 minute")
    return yield* Fiber.join(fiber)
  })

const checkAll = <A>(
  arbitrary: fc.Arbitrary<A>,
  runs: number,
  check: (value: A) => Effect.Effect<void>
): Effect.Effect<void> =>
  Effect.forEach(
    fc.sample(arbitrary, runs),
    (value) =>
      Effect.catchDefect(check(value), (defect) =>
        Effect.die(new Error(`${JSON.stringify(value)}: ${String(defect)}`, { cause: defect }))),
    { discard: true }
  )

describe("reading lists", () => {
  it.effect("is exact for every API: any page size, total told or not, any style", () =>
    checkAll(api, sampled(500), (api) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* Effect.orDie(read(api, (answered) => answered)), whole(api))
      })))

  it.effect("keeps the order in 1,000 random schedules", () =>
    checkAll(
      fc.record({
        api,
        latencies: fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 20 }),
        concurrency: fc.integer({ min: 1, max: 12 })
      }),
      sampled(1_000),
      ({ api, concurrency, latencies }) =>
        Effect.gen(function*() {
          const slow = read(
            api,
            (answered, nth) => Effect.delay(answered, latencies[nth % latencies.length]!),
            { concurrency }
          )
          const result = yield* pass(slow)
          assert.deepStrictEqual(yield* Effect.orDie(Effect.fromResult(result)), whole(api))
        })
    ), 60_000)

  it.effect("R38 ends in the exact list or in an error, whatever request fails and how", () => {
    const fault = fc.record({ at: fc.nat({ max: 12 }), times: fc.integer({ min: 1, max: 9 }), kind: kinds })
    let failures = 0
    return checkAll(
      fc.record({ api, faults: fc.array(fault, { minLength: 1, maxLength: 4 }) }),
      sampled(500),
      ({ api, faults }) =>
        Effect.gen(function*() {
          const faulty = read(api, (answered, nth) => {
            const hit = faults.find(({ at, times }) => nth >= at && nth < at + times)
            return hit === undefined ? answered : broken(hit.kind)
          }, { retries: 3 })
          const result = yield* pass(faulty)

          if (result._tag === "Success") assert.deepStrictEqual(result.success, whole(api))
          else {
            failures++
            assert.include(["Request", "Shape"], result.failure.reason)
          }
        })
    ).pipe(Effect.andThen(Effect.sync(() => assert.isAbove(failures, 10))))
  }, 60_000)
})

const kinds = fc.constantFrom("500", "429", "429 date", "429 absurd", "reset", "html")

const broken = (kind: string): Effect.Effect<
  HttpClientResponse.HttpClientResponse,
  HttpClientError.HttpClientError
> =>
  Effect.suspend(() => {
    const request = { url: "http://api.test/x", method: "GET" } as never
    const reply = (body: string, status: number, headers: Record<string, string> = {}) =>
      Effect.succeed(HttpClientResponse.fromWeb(request, new Response(body, { status, headers })))
    switch (kind) {
      case "500":
        return reply("oops", 500)
      case "429":
        return reply("", 429, { "retry-after": "2" })
      case "429 date":
        return reply("", 429, { "retry-after": "Thu, 01 Jan 1970 00:00:10 GMT" })
      case "429 absurd":
        return reply("", 429, { "retry-after": "99999999" })
      case "html":
        return reply("<html>down</html>", 200)
      default:
        return Effect.fail(
          new HttpClientError.HttpClientError({
            reason: new HttpClientError.TransportError({
              request,
              cause: Object.assign(new Error("reset"), { code: "ECONNRESET" })
            })
          })
        )
    }
  })
