/** Politeness against servers by script, in virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Logger, Metric, Ref, Result } from "effect"
import { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"
import { PrometheusMetrics } from "effect/observability"
import { TestClock } from "effect/testing"
import * as Client from "../../src/services/polite/Client.ts"
import { defaults, PoliteHttp, type Settings } from "../../src/services/PoliteHttp.ts"
import * as Polite from "../../src/services/PoliteHttp.ts"

interface Asked {
  /** Virtual milliseconds. */
  readonly at: number
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | undefined>>
}

interface Reply {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: string
  /** Breaks the connection instead. */
  readonly drop?: boolean
}

/** A server whose answers a function decides, each after a latency. */
const server = (answer: (asked: Asked, before: ReadonlyArray<Asked>) => Reply, latency: Duration.Input = 0) => {
  const asked: Array<Asked> = []
  const busy = { now: 0, most: 0 }
  const client = HttpClient.make(Effect.fnUntraced(function*(request, url) {
    const at = yield* Clock.currentTimeMillis
    const one = { at, method: request.method, path: url.pathname, headers: { ...request.headers } }
    const reply = answer(one, asked)
    asked.push(one)
    busy.most = Math.max(busy.most, ++busy.now)
    yield* Effect.ensuring(Effect.sleep(latency), Effect.sync(() => busy.now--))
    if (reply.drop) {
      const cause = Object.assign(new Error("reset"), { code: "ECONNRESET" })
      return yield* new HttpClientError.HttpClientError({
        reason: new HttpClientError.TransportError({ request, cause })
      })
    }
    const { body = "ok", headers = {}, status = 200 } = reply
    return HttpClientResponse.fromWeb(request, new Response(status === 304 ? null : body, { status, headers }))
  }))
  return { client, asked, busy }
}

const polite = (settings: Partial<Settings>, client: HttpClient.HttpClient) =>
<A, E>(
  effect: Effect.Effect<A, E, PoliteHttp | HttpClient.HttpClient>
) =>
  effect.pipe(
    Effect.provide(Client.layer(settings)),
    Effect.provideService(HttpClient.HttpClient, client)
  )

const get = (path: string, options?: Polite.RequestOptions) =>
  Effect.flatMap(PoliteHttp, (http) => http.execute({ url: `http://api.test${path}` }, options))

/** Runs while virtual time passes, as much as is needed. */
const inTime = <A, E, R>(effect: Effect.Effect<A, E, R>, step: Duration.Input = "100 millis") =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust(step)
    return yield* Fiber.join(fiber)
  })

const paths = (count: number) => Array.from({ length: count }, (_, n) => `/${n}`)
const fast = { requestsPerSecond: Infinity, concurrency: 1_000 }

describe("PoliteHttp", () => {
  it.effect("a thousand callers get through in order, so many a second, so many at once", () => {
    const { asked, busy, client } = server(() => ({}), "200 millis")
    return Effect.gen(function*() {
      yield* inTime(Effect.forEach(paths(1_000), (path) => get(path), { concurrency: "unbounded" }), "10 millis")

      assert.deepStrictEqual(asked.map(({ path }) => path), paths(1_000))
      assert.isAtMost(busy.most, 5)
      // 20 at once, then 10 a second.
      assert.closeTo(asked.at(-1)!.at, (1_000 - 20) * 100, 1_000)
    }).pipe(polite({}, client))
  })

  it.effect("what asks for a try again is asked again, with a wait that grows at random", () => {
    const { asked, client } = server((_, before) => before.length < 3 ? { status: 503 } : {})
    return Effect.gen(function*() {
      const exchange = yield* inTime(get("/"))

      assert.strictEqual(exchange.status, 200)
      assert.strictEqual(asked.length, 4)
      for (const [n, { at }] of asked.entries()) {
        assert.isAtMost(at - (asked[n - 1]?.at ?? 0), 500 * 2 ** n + 100)
      }
    }).pipe(polite(fast, client))
  })

  it.effect("the last answer is the answer when no try helps", () => {
    const { asked, client } = server(() => ({ status: 502 }))
    return Effect.gen(function*() {
      const exchange = yield* inTime(get("/"))

      assert.strictEqual(exchange.status, 502)
      assert.strictEqual(asked.length, 1 + defaults.retries)
    }).pipe(polite(fast, client))
  })

  describe("is sent once", () => {
    const once: ReadonlyArray<
      readonly [what: string, Partial<Polite.RequestOptions & { method: string; key: string }>, times: number]
    > = [
      ["a POST", { method: "POST" }, 1],
      ["a PATCH", { method: "PATCH" }, 1],
      ["a GET whose caller tries again itself", { retries: 0 }, 1],
      ["a PUT that is not repeatable here", { method: "PUT", repeatable: false }, 1],
      ["but not a POST with an idempotency key", { method: "POST", key: "k1" }, 6],
      ["nor a POST that is repeatable here", { method: "POST", repeatable: true }, 6],
      ["nor a DELETE", { method: "DELETE" }, 6]
    ]
    for (const [what, { key, method = "GET", ...options }, times] of once) {
      it.effect(what, () => {
        const { asked, client } = server(() => ({ drop: true }))
        return Effect.gen(function*() {
          const request = {
            url: "http://api.test/",
            method,
            reconnect: false,
            headers: key === undefined ? {} : { "Idempotency-Key": key }
          }
          const error = yield* inTime(
            Effect.flip(Effect.flatMap(PoliteHttp, (http) => http.execute(request, options)))
          )

          assert.strictEqual(error.reason, "Reset")
          assert.strictEqual(asked.length, times)
        }).pipe(polite(fast, client))
      })
    }
  })

  it.effect("one 429 pauses every caller of that host, and they come back spread", () => {
    const { asked, client } = server(({ at }) =>
      at < 10_000 && at >= 1_000 ? { status: 429, headers: { "retry-after": "9" } } : {}
    )
    return Effect.gen(function*() {
      yield* inTime(Effect.forEach(paths(100), (path) => get(path), { concurrency: "unbounded" }), "50 millis")

      const refused = asked.filter(({ at }) => at >= 1_000 && at < 10_000)
      assert.isAtMost(refused.length, 5, "those under way at most")
      const after = asked.filter(({ at }) => at >= 10_000)
      for (const { at } of after) {
        assert.isAtMost(after.filter((other) => other.at >= at && other.at < at + 1_000).length, 12)
      }
      assert.strictEqual(new Set(asked.map(({ path }) => path)).size, 100)
    }).pipe(polite({}, client))
  })

  it.effect("other hosts go on while one is paused", () => {
    const { asked, client } = server(() => ({}))
    return Effect.gen(function*() {
      const http = yield* PoliteHttp
      const { client: refusing } = server((_, before) =>
        before.length === 0 ? { status: 429, headers: { "retry-after": "60" } } : {}
      )
      const slow = yield* Effect.forkChild(
        http.execute({ url: "http://slow.test/" }).pipe(Effect.provideService(HttpClient.HttpClient, refusing))
      )
      yield* TestClock.adjust("1 second")

      yield* get("/")

      assert.strictEqual(asked.length, 1)
      assert.strictEqual(slow.pollUnsafe(), undefined)
      assert.isAbove(Duration.toSeconds((yield* http.state("slow.test")).pausedFor), 50)
      yield* Fiber.interrupt(slow)
    }).pipe(polite({}, client))
  })

  it.effect("a wait that is absurd is cut, and told", () => {
    const { asked, client } = server((_, before) =>
      before.length === 0 ? { status: 429, headers: { "retry-after": "999999999" } } : {}
    )
    return Effect.gen(function*() {
      yield* inTime(get("/"), "1 second")

      assert.isAtMost(asked[1]!.at, 306_000)
      const decisions = yield* (yield* PoliteHttp).decisions
      assert.deepStrictEqual(decisions.map(({ because, what }) => [what, because]), [["pause", "status 429"]])
    }).pipe(polite({ ...fast, adaptive: false }, client))
  })

  it.effect("a window that is used up is waited for", () => {
    const { asked, client } = server((_, before) =>
      before.length === 4 ? { headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "30" } } : {}
    )
    return Effect.gen(function*() {
      yield* inTime(Effect.forEach(paths(8), (path) => get(path)), "1 second")

      assert.isAtMost(asked[4]!.at, 5_000)
      assert.isAtLeast(asked[5]!.at - asked[4]!.at, 30_000)
    }).pipe(polite(fast, client))
  })

  it.effect("what a profile takes for slow down is one", () => {
    const { asked, client } = server((_, before) => before.length === 0 ? { status: 403, body: "Slow your roll." } : {})
    return Effect.gen(function*() {
      const exchange = yield* inTime(get("/"))

      assert.strictEqual(exchange.status, 200)
      assert.strictEqual(asked.length, 2)
    }).pipe(polite({ ...fast, isSlowDown: ({ status, text }) => status === 403 && text.includes("Slow") }, client))
  })

  it.effect("a host that is down is left alone for a while, then tried by one", () => {
    const { asked, client } = server(({ at }) => at < 30_000 ? { drop: true } : {})
    return Effect.gen(function*() {
      const results = yield* inTime(
        Effect.forEach(paths(30), (path) => Effect.result(get(path, { retries: 0 })), { concurrency: 1 })
      )

      const reasons = results.map((result) => Result.isFailure(result) ? result.failure.reason : "answered")
      assert.strictEqual(reasons.filter((reason) => reason === "Reset").length, 10)
      assert.strictEqual(reasons.filter((reason) => reason === "CircuitOpen").length, 20)
      const last = results.at(-1)!
      assert.match(
        Result.isFailure(last) ? last.failure.detail : "",
        /10 requests in a row .* had no answer, the last one: \w/
      )
      const sent = asked.length
      yield* TestClock.adjust("40 seconds")
      assert.strictEqual((yield* get("/")).status, 200)
      assert.strictEqual(asked.length, sent + 1)
    }).pipe(polite(fast, client))
  })

  it.effect("equal questions at the same time are one, others are not", () => {
    const { asked, client } = server(() => ({}), "1 second")
    return Effect.gen(function*() {
      const http = yield* PoliteHttp
      const ask = (language: string) =>
        http.execute({ url: "http://api.test/", headers: { "accept-language": language } })

      const answers = yield* inTime(
        Effect.all([ask("de"), ask("de"), ask("en"), ask("de")], { concurrency: "unbounded" })
      )

      assert.deepStrictEqual(answers.map(({ status }) => status), [200, 200, 200, 200])
      assert.strictEqual(asked.length, 2)
    }).pipe(polite(fast, client))
  })

  it.effect("an answer with an ETag is asked for again with it, and given out when it still holds", () => {
    const { asked, client } = server(({ headers }) =>
      headers["if-none-match"] === "W/\"v1\""
        ? { status: 304, headers: { "x-left": "8" } }
        : { body: "large", headers: { etag: "W/\"v1\"", "x-left": "9" } }
    )
    return Effect.gen(function*() {
      const first = yield* get("/")
      const second = yield* get("/")

      assert.deepStrictEqual([first.text, second.text, second.status], ["large", "large", 200])
      assert.strictEqual(asked[1]?.headers["if-none-match"], "W/\"v1\"")
      // What the 304 says is newer.
      assert.deepStrictEqual([first.headers["x-left"], second.headers["x-left"]], ["9", "8"])
    }).pipe(polite(fast, client))
  })

  it.effect("who gives up takes no turn, and what was under way gives its place back", () => {
    const { asked, client } = server(() => ({}), "1 second")
    return Effect.gen(function*() {
      const fibers = yield* Effect.forEach(paths(10), (path) => Effect.forkChild(get(path)))
      yield* TestClock.adjust("100 millis")
      yield* Effect.forEach(fibers.slice(0, 8), Fiber.interrupt)
      yield* TestClock.adjust("1 second")
      yield* TestClock.adjust("1 second")
      yield* Effect.forEach(fibers.slice(8), Fiber.join)

      assert.deepStrictEqual(asked.map(({ path }) => path), ["/0", "/1", "/8", "/9"])
      const state = yield* (yield* PoliteHttp).state("api.test")
      assert.deepStrictEqual([state.inFlight, state.waiting], [0, 0])
    }).pipe(polite({ concurrency: 2 }, client))
  })

  it.effect("says once per host that one of rate and concurrency never binds", () => {
    const { client } = server(() => ({}), "200 millis")
    const said: Array<string> = []
    const logger = Logger.make(({ message }) => void said.push(String(message)))
    return Effect.gen(function*() {
      const paths = Array.from({ length: 100 }, (_, n) => `/${n}`)
      const fiber = yield* Effect.forkChild(Effect.forEach(paths, (path) => get(path), { concurrency: "unbounded" }))
      yield* TestClock.adjust("2 minutes")
      yield* Fiber.join(fiber)

      assert.strictEqual(said.length, 1)
      assert.match(said[0]!, /^api\.test: at 10 requests a second of 200ms each, 2 are under way at once/)
    }).pipe(polite({ concurrency: 50, burst: 1 }, client), Effect.provide(Logger.layer([logger])))
  })

  it.effect("counts what was asked for, sent and refused, what waits and what is under way", () => {
    const { client } = server((_, before) => ({ status: before.length === 0 ? 429 : 200 }), "100 millis")
    return Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(
        Effect.forEach(["/a", "/b"], (path) => get(path), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("50 millis")
      assert.match(yield* PrometheusMetrics.format(), /skein_http_in_flight\{host="api\.test"\} 2\n/)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)

      const text = yield* PrometheusMetrics.format()
      for (
        const line of [
          "skein_http_requests_total{host=\"api.test\"} 2",
          "skein_http_attempts_total{host=\"api.test\"} 3",
          "skein_http_refusals_total{host=\"api.test\"} 1",
          "skein_http_in_flight{host=\"api.test\"} 0",
          "skein_http_wait_seconds_count{host=\"api.test\"} 3"
        ]
      ) assert.include(text, line)
    }).pipe(polite({}, client), Effect.provideService(Metric.MetricRegistry, new Map()))
  })

  it.effect("settles at what a host allows within ten seconds, and is seldom refused after that", () => {
    const tokens = { left: 50, at: 0 }
    const counts = { answered: 0, refused: 0 }
    const { client } = server(({ at }) => {
      tokens.left = Math.min(50, tokens.left + (at - tokens.at) / 20)
      tokens.at = at
      const refuse = tokens.left < 1
      if (!refuse) tokens.left--
      if (at > 10_000) counts[refuse ? "refused" : "answered"]++
      return refuse ? { status: 429, headers: { "retry-after": "1" } } : {}
    }, "50 millis")
    return Effect.gen(function*() {
      const stop = yield* Ref.make(false)
      const worker = (w: number) =>
        Effect.gen(function*() {
          for (let n = 0; !(yield* Ref.get(stop)); n++) yield* get(`/${w}-${n}`)
        })
      const fiber = yield* Effect.forkChild(Effect.forEach(paths(40), (_, w) => worker(w), { concurrency: 40 }))
      for (let n = 0; n < 7_000; n++) yield* TestClock.adjust("10 millis")
      yield* Ref.set(stop, true)
      yield* inTime(Fiber.join(fiber))

      assert.isAtLeast(counts.answered / 60, 45)
      assert.isAtMost(counts.refused / (counts.answered + counts.refused), 0.02)
    }).pipe(polite({ concurrency: 40, requestsPerSecond: 1_000, retries: 20 }, client))
  })
})

describe("finding the pace of a host that allows 50 a second", () => {
  const ways: ReadonlyArray<readonly [what: string, headers: Record<string, string>]> = [
    ["that says nothing more", {}],
    ["that asks for a second", { "retry-after": "1" }]
  ]
  for (const [what, headers] of ways) {
    it.effect(`${what}: a thousand requests of a client that may send 200 take hardly longer than they must`, () => {
      const tokens = { left: 50, at: 0 }
      const { asked, client } = server(({ at }) => {
        tokens.left = Math.min(50, tokens.left + (at - tokens.at) / 20)
        tokens.at = at
        if (tokens.left < 1) return { status: 429, headers }
        tokens.left--
        return {}
      }, "100 millis")
      return Effect.gen(function*() {
        const all = Effect.forEach(paths(1_000), (path) => get(path), { concurrency: "unbounded" })
        yield* inTime(all, "20 millis")

        // 50 at once and the rest at 50 a second is 19 s.
        assert.isAtMost(asked.at(-1)!.at, 32_000)
        assert.isAtMost(asked.length, 1_150)
      }).pipe(polite({ concurrency: 50, requestsPerSecond: 200, burst: 50, retries: 20 }, client))
    })
  }
})

describe("requests of steps", () => {
  it.effect("go through it where there is one, and as they come where not", () => {
    const { asked, client } = server((_, before) => before.length < 2 ? { status: 503 } : {})
    const ask = Polite.executeIn({ url: "http://api.test/" })
    return Effect.gen(function*() {
      const alone = yield* ask.pipe(Effect.provideService(HttpClient.HttpClient, client))
      const polite_ = yield* inTime(ask).pipe(polite(fast, client))

      assert.deepStrictEqual([alone.status, polite_.status, asked.length], [503, 200, 3])
    })
  })
})
