/** Limits, faults, latency and counters of the fake Pantheon API. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Effect, Exit, Fiber, Result } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as FakeHttpClient from "../../../src/layers/fake/FakeHttpClient.ts"
import { FakePantheon } from "../../../src/layers/fake/FakePantheon.ts"
import { Switches } from "../../../src/layers/fake/pantheon/PantheonSwitches.ts"
import { firstSite, loggedIn, on } from "../../support/pantheonCalls.ts"

describe("limits", () => {
  /** How many of so many requests at once are let in, and the first that is not. */
  const burst = Effect.fnUntraced(function*(count: number) {
    const { ask } = yield* loggedIn
    const replies = yield* Effect.all(Array.from({ length: count }, () => ask("GET users/{user}")), {
      concurrency: "unbounded"
    })
    const refused = replies.filter(({ status }) => status !== 200)
    return { let: count - refused.length, first: refused[0], last: replies[0]! }
  })

  it.effect("rate and burst: a bucket that fills by the clock", () =>
    on(Effect.gen(function*() {
      const fake = yield* FakePantheon
      yield* fake.set({ rate: 10, burst: 20 })
      // The login takes one.
      assert.strictEqual((yield* burst(30)).let, 19)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* burst(30)).let, 9)
      assert.strictEqual((yield* fake.counts).refused, 11 + 21)
    })))

  it.effect.each(
    [
      ["429-seconds", 429, "1"],
      ["429-date", 429, "Thu, 01 Jan 1970 00:00:01 GMT"],
      ["429", 429, undefined],
      ["403", 403, undefined],
      ["503", 503, "1"]
    ] as const
  )("refusal %s", ([refusal, status, after]) =>
    on(Effect.gen(function*() {
      const fake = yield* FakePantheon
      yield* fake.set({ rate: 1, burst: 2, refusal })
      const { first } = yield* burst(3)

      assert.deepStrictEqual([first?.status, first?.headers["retry-after"]], [status, after])
      if (refusal === "403") assert.match(first?.body, /Slow your roll/)
      if (refusal === "503") assert.match(first?.body, /<html>/)
    })))

  it.effect("rate_headers: in the words of the draft, or of others", () =>
    on(Effect.gen(function*() {
      const fake = yield* FakePantheon
      yield* fake.set({ rate: 10, burst: 20, rate_headers: "draft" })
      const draft = (yield* burst(1)).last.headers
      assert.strictEqual(draft["ratelimit-policy"], "\"default\";q=20;w=2")
      assert.match(draft["ratelimit"]!, /^"default";r=18;t=1$/)

      yield* fake.set({ rate_headers: "x-ratelimit" })
      const other = (yield* burst(1)).last.headers
      assert.deepInclude(other, { "x-ratelimit-limit": "20", "x-ratelimit-remaining": "16" })
    })))
})

describe("faults", () => {
  const route = "GET users/:user"
  const asked = Effect.flatMap(loggedIn, ({ ask }) => ask("GET users/{user}"))

  it.effect.each(
    [["500", 500], ["502", 502], ["503", 503], ["504", 504], ["html", 200], ["truncated", 200]] as const
  )("fault %s, for one route and so many times", ([fault, status]) =>
    on(Effect.gen(function*() {
      const fake = yield* FakePantheon
      yield* fake.set({ [`fault ${route}`]: `${fault}*2` })
      const replies = yield* Effect.all([asked, asked, asked])

      assert.deepStrictEqual(replies.map((one) => one.status), [status, status, 200])
      assert.isString(replies[0].body)
      assert.strictEqual(replies[2].body.email, "dev@example.com")
    })))

  it.effect("reset breaks the connection before anything is done, lost after it was", () =>
    on(Effect.gen(function*() {
      const fake = yield* FakePantheon
      const { id } = yield* firstSite
      const add = Effect.flatMap(loggedIn, ({ ask }) =>
        Effect.result(ask(`PUT sites/${id}/environments/dev/domains/a.example`)))
      const domains = Effect.map(
        Effect.flatMap(loggedIn, ({ ask }) =>
          ask(`GET sites/${id}/environments/dev/domains`)),
        ({ body }) => body.length as number
      )
      const put = "PUT sites/:site/environments/:environment/domains/:domain"
      const before = yield* domains

      yield* fake.set({ [`fault ${put}`]: "reset*1" })
      assert.isTrue(Result.isFailure(yield* add))
      assert.strictEqual(yield* domains, before)
      yield* fake.set({ [`fault ${put}`]: "lost*1" })
      assert.isTrue(Result.isFailure(yield* add))
      assert.strictEqual(yield* domains, before + 1)
    })))

  it.effect("latency for all and for one route, and for the first page of a list", () =>
    on(Effect.gen(function*() {
      const fake = yield* FakePantheon
      const { ask } = yield* loggedIn
      yield* fake.set({ latency: "600ms", [`latency ${route}`]: "2s", first_page_latency: "4s" })
      const took = (line: string) =>
        Effect.gen(function*() {
          const from = yield* Clock.currentTimeMillis
          const fiber = yield* Effect.forkChild(ask(line))
          while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("100 millis")
          return (yield* Clock.currentTimeMillis) - from
        })
      const { id } = yield* firstSite

      assert.strictEqual(yield* took(`GET sites/${id}`), 600)
      assert.strictEqual(yield* took("GET users/{user}"), 2_000)
      assert.strictEqual(yield* took("GET users/{user}/memberships/sites"), 4_000)
      assert.strictEqual(yield* took(`GET users/{user}/memberships/sites?start=${id}`), 600)
    })))

  it.effect("counters: requests by route and status, how many at once; those that were given up are gone", () =>
    on(Effect.gen(function*() {
      const fake = yield* FakePantheon
      const { ask } = yield* loggedIn
      yield* fake.resetCounters
      yield* fake.set({ latency: "1s" })
      const fibers = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(ask("GET users/{user}")))
      yield* TestClock.adjust("500 millis")
      assert.deepInclude(yield* fake.counts, { inFlight: 3, mostInFlight: 3 })
      yield* Fiber.interrupt(fibers[0]!)
      yield* TestClock.adjust("500 millis")

      assert.deepInclude(yield* fake.counts, { requests: 3, inFlight: 0, mostInFlight: 3 })
      const { byRoute, byStatus } = yield* fake.counts
      assert.deepStrictEqual([byRoute, byStatus], [{ [route]: 3 }, { 200: 3 }])
    })))

  it.effect("a switch that is none, a value that is none, and a switch that is for everything die in a test", () =>
    on(Effect.gen(function*() {
      const fake = yield* FakePantheon
      const problem = (switches: Record<string, string>) =>
        Effect.map(Effect.exit(fake.set(switches)), (exit) => Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "")

      assert.match(yield* problem({ cursr: "x" }), /there is no switch "cursr"; did you mean "cursor"\?/)
      assert.match(yield* problem({ cursor: "x" }), /the switch "cursor" is exclusive-any, .* not "x"/)
      assert.match(yield* problem({ "rate GET x": "1" }), /"rate" is for everything, not for "GET x"/)
    })))

  it("docs/testing.md says of every switch what it does", () => {
    const docs = readFileSync(join(import.meta.dirname, "../../../docs/testing.md"), "utf8")
    const rows = docs.split("\n").filter((line) => line.startsWith("| `")).map((line) => line.split("|")[1])
    const listed = rows.flatMap((names) => [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => name!))
    for (const name of Object.keys(new Switches().all())) assert.include(listed, name)
  })

  it.effect("through a FakeHttpClient it answers for one origin, beside routes", () =>
    Effect.gen(function*() {
      const http = yield* FakeHttpClient.FakeHttpClient
      const fake = yield* FakePantheon.make()
      yield* http.serve("https://terminus.test:443", fake.client)
      assert.strictEqual((yield* HttpClient.get("https://other.test/x")).status, 204)
      assert.strictEqual((yield* HttpClient.get("https://terminus.test/api/users/x")).status, 401)
    }).pipe(Effect.scoped, Effect.provide(FakeHttpClient.layer({ "/x": { status: 204 } }))))
})
