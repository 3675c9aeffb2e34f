/** `skein wait` on workflows of a profile, against the fake of Pantheon, in one process and in virtual time. */
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { HttpClientRequest } from "effect/http"
import { FakePantheon, type Options } from "../../src/layers/fake/FakePantheon.ts"
import * as Testing from "../../src/testing.ts"
import { cli, run } from "./waiting.ts"

const origin = "http://pantheon.test"

/** A fake at an origin, and ways to start workflows on it and to wait for them. */
const pantheon = Effect.fnUntraced(function*(switches: Options["switches"] = {}) {
  const fake = yield* FakePantheon.make({ sites: 3, switches: { workflow_spread: 0, ...switches } })
  const http = yield* Testing.FakeHttpClient
  yield* http.serve(origin, fake.client)
  const cache = yield* Testing.write({})
  const [site, other] = [...fake.world.sites.values()]
  const ask = Effect.fnUntraced(function*(path: string, json: unknown, session = "") {
    const request = HttpClientRequest.post(`${origin}/api/${path}`).pipe(HttpClientRequest.bearerToken(session))
    const body = yield* (yield* fake.client.execute(HttpClientRequest.bodyJsonUnsafe(request, json))).json
    return body as Readonly<Record<string, string>>
  })
  const { session } = yield* ask("authorize/machine-token", { machine_token: fake.token, client: "test" })
  return {
    fake,
    site: site!,
    other: other!,
    start: (type: string, where = site!, environment = "live") =>
      Effect.map(
        ask(`sites/${where.id}/environments/${environment}/workflows`, { type, params: {} }, session),
        ({ id }) => id!
      ),
    wait: (args: ReadonlyArray<string>, options: Parameters<typeof run>[2] = {}) =>
      run({}, args, {
        ...options,
        // What comes before has to do with files, which are real.
        looks: Effect.map(fake.counts, ({ byRoute }) => byRoute["GET sites/:site/logs/workflows"] ?? 0),
        environment: {
          TERMINUS_PROTOCOL: "http",
          TERMINUS_HOST: "pantheon.test",
          TERMINUS_PORT: "80",
          TERMINUS_MACHINE_TOKEN: fake.token,
          TERMINUS_CACHE_DIR: cache
        }
      })
  }
})

interface Line {
  readonly handle: string
  readonly about: string
  readonly state: string
  readonly is_new: boolean
}

describe("skein wait, with a profile", () => {
  cli("waits for workflows of two sites by their names, with one request a site", () =>
    Effect.gen(function*() {
      const { fake, other, site, start, wait } = yield* pantheon()
      const ids = [yield* start("deploy"), yield* start("clear_cache"), yield* start("deploy", other)]
      const handles = [`${site.name}/${ids[0]}`, `${site.name}/${ids[1]}`, `${other.name}/${ids[2]}`]
      const { code, stderr, stdout } = yield* wait(["pantheon:workflow", ...handles])

      assert.strictEqual(code, 0, stderr)
      assert.match(stdout, /done +Success +\S+ +Deployed code/)
      assert.match(stdout, /\n3 done$/)
      const { byRoute } = yield* fake.counts
      assert.isUndefined(byRoute["GET sites/:site/workflows/:workflow"])
      assert.strictEqual(byRoute["GET site-names/:name"], 2)
    }))

  cli(
    "R39 a session that ends on the way is had again, a state that nobody knows is no success, and time is up",
    () =>
      Effect.gen(function*() {
        const { fake, site, start, wait } = yield* pantheon({
          "workflow_result clear_cache": "stalled"
        })
        const ids = [yield* start("deploy"), yield* start("clear_cache")]
        yield* Effect.forkChild(Effect.delay(fake.endSessions, "10 seconds"))
        const { code, stderr, stdout } = yield* wait([
          "pantheon:workflow",
          "--timeout=50m",
          "--format=json",
          ...ids.map((id) => `${site.name}/${id}`)
        ])
        const { items } = JSON.parse(stdout) as { readonly items: ReadonlyArray<Readonly<Record<string, string>>> }

        assert.strictEqual(code, 4, stderr)
        assert.deepStrictEqual(items.map(({ outcome, state, text }) => [outcome, state, text]), [
          ["done", "done", "Success"],
          ["timed out", "unknown", "stalled"]
        ])
        assert.strictEqual((yield* fake.counts).logins, 3)
      })
  )

  cli(
    "--watch tells of what runs, begins and ends, until its time is over; what had ended before is not told",
    () =>
      Effect.gen(function*() {
        const { site, start, wait } = yield* pantheon({ "workflow_duration wipe": "0ms" })
        yield* start("wipe")
        const id = yield* start("deploy")
        const { code, stderr, stdout } = yield* wait([
          "pantheon:workflow",
          site.name,
          "--watch",
          "--timeout=2m",
          "--format=json"
        ])
        const lines = stdout.split("\n").map((line) => JSON.parse(line) as Line)

        assert.strictEqual(code, 0, stderr)
        assert.deepStrictEqual([...new Set(lines.map(({ about, handle }) => `${handle} ${about}`))], [
          `${site.name}/${id} deploy live`
        ])
        assert.deepStrictEqual([lines[0]?.state, lines[0]?.is_new, lines.at(-1)?.state], ["running", true, "done"])
        const text = yield* wait(["pantheon:workflow", site.name, "--watch", "--timeout", "10s"])
        assert.deepStrictEqual([text.code, text.stdout.slice(stdout.length)], [0, ""])
      })
  )

  cli("--watch ends with Ctrl-C, and with --fail-fast at the first failure", () =>
    Effect.gen(function*() {
      const { other, site, start, wait } = yield* pantheon({ workflow_result: "failed" })
      const watch = ["pantheon:workflow", site.name, other.name, "--watch"]
      const stopped = yield* wait(watch, { stopAfter: 60 })
      yield* start("deploy", other)
      const failed = yield* wait([...watch, "--fail-fast"])

      assert.deepStrictEqual([stopped.code, failed.code], [130, 1])
      assert.match(
        failed.stdout,
        /^\d\d:\d\d:\d\d {2}running {2}site-\d+\/\S+ {2}deploy live {2}0% {2}Deploying code$/m
      )
      assert.match(
        failed.stdout,
        /^\d\d:\d\d:\d\d {2}failed {3}site-\d+\/\S+ {2}deploy live {2}Deploying code ended: failed\.$/m
      )
    }))

  cli("--watch says what it cannot watch", () =>
    Effect.gen(function*() {
      const { site, wait } = yield* pantheon()
      const said = (...args: ReadonlyArray<string>) =>
        Effect.map(wait(args), ({ code, stderr }) => `${code} ${stderr.split("\n").slice(-2).join(" ")}`)

      assert.include(yield* said("pantheon:workflow", "--watch"), "2 error: --watch takes a workflow of a profile")
      assert.include(yield* said("pantheon:workflow", site.name, "--watch", "--any"), "--any is for a wait that ends")
      assert.include(yield* said("pantheon:user-workflow", "x", "--watch"), "pantheon only tells of single workflows")
      assert.include(
        yield* said("pantheon:workflow", "no-such-site", "--watch"),
        "pantheon has no site \"no-such-site\""
      )
    }))
})
