/** A thousand callers of Pantheon's profile under every limiter of the fake API. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect } from "effect"
import { FakePantheon } from "../../src/layers/fake/FakePantheon.ts"
import { layer, open } from "../support/pantheonApi.ts"
import { inTime } from "../support/virtualTime.ts"

describe("limits of Pantheon", () => {
  it.effect.each(["429-seconds", "429-date", "429", "403", "503"])(
    "1,000 callers get their answers from an API that refuses with %s, and few are refused",
    (refusal) =>
      Effect.gen(function*() {
        const fake = yield* FakePantheon
        const api = yield* inTime(open({
          requestsPerSecond: 200,
          burst: 50,
          concurrency: 50,
          retries: 20,
          retryBudget: Duration.hours(1)
        }))
        yield* fake.set({ rate: 50, burst: 50, refusal, latency: "50ms" })
        yield* fake.resetCounters
        const from = yield* Clock.currentTimeMillis
        const answers = yield* inTime(Effect.forEach(
          Array.from({ length: 1_000 }, (_, n) => n),
          (n) => api.http.execute({ url: `http://pantheon.test/api/upstreams/${n}` }),
          { concurrency: "unbounded" }
        ))

        // Each answer is that of the API, and none that of the limiter.
        assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [404])
        const { requests, refused } = yield* fake.counts
        assert.strictEqual(requests, 1_000 + refused)
        assert.isAtMost(refused, 50)
        assert.isAtLeast((yield* Clock.currentTimeMillis) - from, 19_000)
      }).pipe(Effect.scoped, Effect.provide(layer()))
  )
})
