/** Pantheon's API in memory: its shapes as they were recorded, and every switch. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { FakePantheon } from "../../src/layers/fake/FakePantheon.ts"

/** What is asserted of bodies is their shape, so they are read as what they should be. */
// oxlint-disable-next-line typescript/no-explicit-any
type Body = any

const origin = "http://pantheon.test"

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Body
}

interface Options {
  readonly session?: string
  readonly json?: unknown
  readonly headers?: Record<string, string>
  readonly base?: string
}

/** Sends a request; the body is read as JSON where it is some. */
const send = Effect.fnUntraced(function*(line: string, { base = "/api", headers = {}, json, session }: Options = {}) {
  const [method = "GET", path = ""] = line.split(" ")
  const client = yield* HttpClient.HttpClient
  let request = HttpClientRequest.make(method as "GET")(path.startsWith("http") ? path : `${origin}${base}/${path}`)
  if (session !== undefined) request = HttpClientRequest.bearerToken(request, session)
  if (json !== undefined) request = HttpClientRequest.bodyJsonUnsafe(request, json)
  const response = yield* client.execute(HttpClientRequest.setHeaders(request, headers))
  const text = yield* response.text
  const body: Body = Result.getOrElse(Result.try(() => JSON.parse(text) as unknown), () => text)
  return { status: response.status, headers: response.headers, body } satisfies Reply
})

const login = Effect.gen(function*() {
  const { token } = yield* FakePantheon
  const { body } = yield* send("POST authorize/machine-token", { json: { machine_token: token, client: "skein" } })
  return { session: body.session as string, user: body.user_id as string }
})

/** Logs in, and gives a way to ask. */
const loggedIn = Effect.map(login, ({ session, user }) => ({
  user,
  session,
  ask: (line: string, options: Options = {}) => send(line.replace("{user}", user), { session, ...options })
}))

const firstSite = Effect.map(FakePantheon, ({ world }) => world.sites.values().next().value!)
const layer = FakePantheon.layer()
const on = <A, E>(effect: Effect.Effect<A, E, FakePantheon | HttpClient.HttpClient>, options = layer) =>
  Effect.provide(effect, options)

describe("login", () => {
  it.effect("a machine token gives a session of 28 days, its user, and whose it is", () =>
    on(Effect.gen(function*() {
      const { token } = yield* FakePantheon
      const { body, status } = yield* send("POST authorize/machine-token", {
        json: { machine_token: token, client: "terminus" }
      })

      assert.strictEqual(status, 200)
      assert.match(body.session, /^[0-9a-f-]{36}:[0-9a-f-]{36}:[0-9a-f]+$/)
      assert.strictEqual(body.expires_at, 28 * 86_400)
      const { body: user } = yield* send(`GET users/${body.user_id}`, { session: body.session })
      assert.deepInclude(user, { id: body.user_id, email: "dev@example.com", feature_flags: [] })
    })))

  it.effect("a bad token is a 500 with a bare JSON string; 401 under /v0", () =>
    on(Effect.gen(function*() {
      const bad = { json: { machine_token: "no", client: "terminus" } }
      const old = yield* send("POST authorize/machine-token", bad)
      const other = yield* send("POST authorize/machine-token", { ...bad, base: "/v0" })

      assert.strictEqual(old.body, "Authorization failed. Please check that your machine token is valid.")
      assert.deepStrictEqual([old.status, other.status], [500, 401])
    })))

  it.effect("a session comes as a bearer, in its own header or in a cookie; none, or one that ended, is a 401", () =>
    on(Effect.gen(function*() {
      const { session, user } = yield* login
      const path = `GET users/${user}`
      const ask = (headers: Record<string, string>) => Effect.map(send(path, { headers }), ({ status }) => status)
      const all = [
        { authorization: `Bearer ${session}` },
        { "x-pantheon-session": session },
        { cookie: `a=b; X-Pantheon-Session=${session}` },
        {}
      ]
      assert.deepStrictEqual(yield* Effect.forEach(all, ask), [200, 200, 200, 401])

      yield* TestClock.adjust("28 days")
      assert.strictEqual(yield* ask(all[0]!), 401)
    })))

  it.effect("session_seconds, and sessions that are ended all at once", () =>
    on(Effect.gen(function*() {
      const fake = yield* FakePantheon
      yield* fake.set({ session_seconds: 60 })
      const { session, user } = yield* login
      const status = Effect.map(send(`GET users/${user}`, { session }), ({ status }) => status)

      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* status, 200)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* status, 401)

      const again = yield* login
      yield* fake.endSessions
      assert.strictEqual((yield* send(`GET users/${user}`, again)).status, 401)
    })))
})

const many = FakePantheon.layer({ sites: 250, organizations: 1 })
const orgSites = Effect.map(
  FakePantheon,
  ({ world }) => `organizations/${world.organizations.keys().next().value}/memberships/sites`
)

/** Walks a list as PHP does, from the last id of each page, until a page is short. */
const walk = Effect.fnUntraced(function*(limit = 100) {
  const { ask } = yield* loggedIn
  const path = yield* orgSites
  const pages: Array<ReadonlyArray<string>> = []
  let start = ""
  while (pages.length < 20) {
    const { body } = yield* ask(`GET ${path}?limit=${limit}${start}`)
    const ids: ReadonlyArray<string> = body.map((row: Body) => row.id)
    pages.push(ids)
    if (ids.length < limit) return pages
    start = `&start=${ids.at(-1)}`
  }
  return pages
})

describe("lists", () => {
  it.effect("are bare arrays of at most 100, in order of ids, with the id of the other thing", () =>
    on(
      Effect.gen(function*() {
        const { ask } = yield* loggedIn
        const { body, headers } = yield* ask(`GET ${yield* orgSites}?limit=5000`)

        assert.lengthOf(body, 100)
        const ids = body.map((row: Body) => row.id)
        assert.deepStrictEqual(ids, ids.toSorted())
        for (const row of body) assert.strictEqual(row.id, row.site.id)
        assert.hasAllKeys(body[0], ["id", "key", "archived", "role", "organization_id", "site_id", "tags", "site"])
        assert.notProperty(headers, "link")
        assert.notProperty(headers, "x-total-count")
      }),
      many
    ))

  it.effect("a walk finds every site once, under every cursor but the inclusive one, which gives each boundary twice", () =>
    on(
      Effect.gen(function*() {
        const fake = yield* FakePantheon
        const sizes: Array<ReadonlyArray<number>> = []
        for (const cursor of ["exclusive-any", "strict-boundary", "inclusive-any"]) {
          yield* fake.set({ cursor })
          const pages = yield* walk(50)
          assert.strictEqual(new Set(pages.flat()).size, 125)
          sizes.push(pages.map(({ length }) => length))
        }
        assert.deepStrictEqual(sizes, [[50, 50, 25], [50, 50, 25], [50, 50, 27]])
      }),
      many
    ))

  it.effect("strict-boundary: an id that ended no page leads to page 1 again, with 200", () =>
    on(
      Effect.gen(function*() {
        const fake = yield* FakePantheon
        yield* fake.set({ cursor: "strict-boundary" })
        const { ask } = yield* loggedIn
        const list = `GET ${yield* orgSites}`
        const ids = (page: Reply) => page.body.map((row: Body) => row.id) as ReadonlyArray<string>
        const first = ids(yield* ask(`${list}?limit=100`))

        assert.deepStrictEqual(ids(yield* ask(`${list}?limit=100&start=${first[49]}`)), first)
        yield* ask(`${list}?limit=50`)
        assert.notDeepEqual(ids(yield* ask(`${list}?limit=100&start=${first[49]}`)), first)
        // Past the end.
        const last = ids(yield* ask(`${list}?limit=100&start=${first[99]}`)).at(-1)
        assert.deepStrictEqual(ids(yield* ask(`${list}?start=${last}`)), [])
        yield* fake.set({ past_end: "first-page" })
        assert.deepStrictEqual(ids(yield* ask(`${list}?start=${last}`)), first)
      }),
      many
    ))

  it.effect("order signed: 8 to f come before 0 to 7", () =>
    on(
      Effect.gen(function*() {
        const fake = yield* FakePantheon
        yield* fake.set({ order: "signed", page_cap: "none" })
        const { ask } = yield* loggedIn
        const { body } = yield* ask(`GET ${yield* orgSites}?limit=500`)

        const digits: ReadonlyArray<string> = body.map((row: Body) => row.id[0])
        const turn = digits.findIndex((digit) => digit < "8")
        assert.isAbove(turn, 0)
        assert.isTrue(digits.slice(0, turn).every((digit) => digit >= "8"))
        assert.isTrue(digits.slice(turn).every((digit) => digit < "8"))
        assert.lengthOf(body, 125)
      }),
      many
    ))

  it.effect("page_numbers: page= with the number of rows in a header, for clients of other APIs", () =>
    on(
      Effect.gen(function*() {
        const fake = yield* FakePantheon
        yield* fake.set({ page_numbers: true })
        const { ask } = yield* loggedIn
        const { body, headers } = yield* ask(`GET ${yield* orgSites}?limit=100&page=2`)

        assert.lengthOf(body, 25)
        assert.strictEqual(headers["x-total-count"], "125")
      }),
      many
    ))

  it.effect("under /v0 rows are slim", () =>
    on(Effect.gen(function*() {
      const { ask } = yield* loggedIn
      const { body, headers } = yield* ask(`GET ${yield* orgSites}`, { base: "/v0" })

      assert.hasAllKeys(body[0], ["id", "site"])
      assert.hasAllKeys(body[0].site, ["id", "name", "label", "plan_name", "framework", "owner", "created", "frozen"])
      assert.notProperty(headers, "x-pantheon-trace-id")
    })))

  it.effect("sites of the user and of organisations overlap, and organisations may give no privileges", () =>
    on(Effect.gen(function*() {
      const fake = yield* FakePantheon
      yield* fake.set({ unprivileged: 1 })
      const { ask } = yield* loggedIn
      const own = (yield* ask("GET users/{user}/memberships/sites")).body.map((row: Body) => row.id)
      const { body: organizations } = yield* ask("GET users/{user}/memberships/organizations")
      const roles = organizations.map((row: Body) => row.role).toSorted()
      const lists = yield* Effect.forEach(
        organizations,
        (row: Body) => ask(`GET organizations/${row.id}/memberships/sites`)
      )

      assert.deepStrictEqual(roles, ["admin", "unprivileged"])
      assert.deepStrictEqual(lists.map(({ status }) => status).toSorted(), [200, 403])
      const others = lists.filter(({ status }) => status === 200).flatMap(({ body }) => body.map((row: Body) => row.id))
      assert.isNotEmpty(own.filter((id: string) => others.includes(id)))
      assert.isNotEmpty(own.filter((id: string) => !others.includes(id)))
    })))
})

/** Starts a workflow of the first site and gives a way to look at it. */
const started = Effect.fnUntraced(function*(type: string, params: unknown = {}, environment = "dev") {
  const { ask } = yield* loggedIn
  const site = yield* firstSite
  const at = environment === "" ? `sites/${site.id}` : `sites/${site.id}/environments/${environment}`
  const { body, status } = yield* ask(`POST ${at}/workflows`, { json: { type, params } })
  const look = Effect.map(ask(`GET sites/${site.id}/workflows/${body.id}`), (reply) => reply.body)
  return { ask, site, status, body, look, at }
})

describe("workflows", () => {
  it.effect("are created, run and finish by the clock, with the tense of their description", () =>
    on(Effect.gen(function*() {
      const { body, look, status } = yield* started("deploy", { annotation: "x", updatedb: 0 }, "test")

      assert.strictEqual(status, 202)
      const fresh = { phase: "created", result: null, finished_at: null, total_time: null, number_of_tasks: 4 }
      assert.deepInclude(body, { ...fresh, type: "deploy", environment: "test", active_description: "Deploying code" })
      assert.deepStrictEqual(body.params, { annotation: "x", updatedb: 0 })

      yield* TestClock.adjust("12 seconds")
      assert.deepInclude(yield* look, { phase: "started", result: null })
      yield* TestClock.adjust("20 seconds")
      const done = yield* look
      assert.deepInclude(done, { phase: "finished", result: "succeeded", active_description: "Deployed code" })
      assert.approximately(done.total_time, 24, 2.5)
      assert.approximately(done.finished_at - done.created_at, done.total_time, 0.001)
    })))

  it.effect("the log of a site is short, newest first, and finished is 100 in it and nothing else", () =>
    on(Effect.gen(function*() {
      const { ask, body, site } = yield* started("clear_cache", { framework_cache: true }, "live")
      yield* TestClock.adjust("10 seconds")
      yield* ask(`POST sites/${site.id}/environments/dev/workflows`, { json: { type: "wipe", params: {} } })
      const log = Effect.map(ask(`GET sites/${site.id}/logs/workflows`), (reply) => reply.body)

      const [newer, older] = yield* log
      assert.deepInclude(newer, { kind: "workflow" })
      assert.deepInclude(older.workflow, { id: body.id, type: "clear_cache", status: "Running", environment: "live" })
      assert.isAbove(older.workflow.progress, 0)
      assert.isBelow(older.workflow.progress, 100)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual((yield* log).map(({ workflow }: Body) => [workflow.status, workflow.progress]), [
        ["Success", 100],
        ["Success", 100]
      ])
    })))

  it.effect("workflow_result, workflow_fail_at and workflow_reason: a type that fails at a step, with text or an object", () =>
    on(Effect.gen(function*() {
      const fake = yield* FakePantheon
      yield* fake.set({ "workflow_result deploy": "failed", "workflow_fail_at deploy": 1, "workflow_spread": 0 })
      const failing = yield* started("deploy", {}, "test")
      const other = yield* started("clear_cache", {}, "test")
      yield* TestClock.adjust("6 seconds")

      const failed = yield* failing.look
      assert.deepInclude(failed, { result: "failed", reason: "Deploying code ended: failed." })
      assert.strictEqual(failed.final_task.reason, failed.reason)
      assert.lengthOf(Object.values(failed.final_task.messages), 1)
      yield* fake.set({ workflow_reason: "object" })
      assert.deepInclude((yield* failing.look).reason, { message: "Deploying code ended: failed." })
      yield* TestClock.adjust("20 seconds")
      assert.strictEqual((yield* other.look).result, "succeeded")
    })))

  it.effect("workflow_fail_every, workflow_steps, workflow_duration, and words that nobody has seen", () =>
    on(Effect.gen(function*() {
      const fake = yield* FakePantheon
      yield* fake.set({ workflow_fail_every: 2, workflow_steps: 7, workflow_duration: "2s", workflow_spread: 0 })
      const all = yield* Effect.forEach(["wipe", "clone_files", "clear_cache"], (type) => started(type))
      yield* fake.set({ "workflow_result do_export": "stalled" })
      const odd = yield* started("do_export", { code: true })
      yield* TestClock.adjust("2 seconds")

      const seen = yield* Effect.forEach([...all, odd], ({ look }) => look)
      assert.deepStrictEqual(seen.map(({ result }) => result), ["succeeded", "failed", "succeeded", "failed"])
      assert.deepStrictEqual(seen.map((one) => one.number_of_tasks), [7, 7, 7, 7])
      yield* fake.set({ workflow_fail_every: "none" })
      const stalled = yield* started("do_export", { code: true })
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* stalled.look).result, "stalled")
    })))

  it.effect("result_before_finished: the result is there five seconds before it has finished", () =>
    on(Effect.gen(function*() {
      const fake = yield* FakePantheon
      yield* fake.set({ result_before_finished: true, workflow_duration: "10s", workflow_spread: 0 })
      const { look } = yield* started("wipe")

      yield* TestClock.adjust("10 seconds")
      assert.deepInclude(yield* look, { phase: "started", result: "succeeded", finished_at: null })
      yield* TestClock.adjust("5 seconds")
      assert.deepInclude(yield* look, { phase: "finished", result: "succeeded", finished_at: 15 })
    })))

  it.effect("after delete_site the site is gone, and its workflow is seen at the user only", () =>
    on(Effect.gen(function*() {
      const { ask, body, look, site } = yield* started("delete_site", {}, "")
      yield* TestClock.adjust("1 minute")

      assert.strictEqual(yield* look, `A site named ${site.id} was not found.`)
      assert.strictEqual((yield* ask(`GET site-names/${site.name}`)).status, 404)
      assert.strictEqual((yield* ask(`GET users/{user}/workflows/${body.id}`)).body.result, "succeeded")
    })))

  it.effect("change what they are for: multidev, mode, locks, upstream updates, sites, members", () =>
    on(Effect.gen(function*() {
      const { ask, site } = yield* started("create_cloud_development_environment", { environment_id: "spring" }, "")
      const at = `sites/${site.id}`
      const start = (path: string, type: string, params: unknown = {}) =>
        Effect.map(
          ask(`POST ${path}/workflows`, { json: { type, params } }),
          ({ status }) => assert.strictEqual(status, 202)
        )
      site.behind = 3
      yield* start(`${at}/environments/dev`, "enable_git_mode")
      yield* start(`${at}/environments/live`, "lock_environment", { username: "a", password: "b" })
      yield* start(`${at}/environments/dev`, "apply_upstream_updates", { updatedb: true, xoption: true })
      yield* start("users/{user}", "create_site", { label: "New one", site_name: "new-one" })
      yield* start(at, "add_site_user_membership", { user_email: "client@example.com", role: "developer" })
      yield* TestClock.adjust("3 minutes")

      const { body: environments } = yield* ask(`GET ${at}/environments`)
      assert.containsAllKeys(environments, ["dev", "test", "live", "spring"])
      assert.isFalse(environments.dev.on_server_development)
      assert.deepInclude(environments.live.lock, { locked: true, username: "a" })
      assert.deepInclude((yield* ask(`GET ${at}/code-upstream-updates`)).body, { behind: 0, update_log: {} })
      assert.strictEqual((yield* ask("GET site-names/new-one")).body.name, "new-one")
      const team = (yield* ask(`GET ${at}/memberships/users`)).body
      assert.include(team.map((row: Body) => row.role), "developer")

      yield* start(at, "delete_cloud_development_environment", { environment_id: "spring", delete_branch: true })
      yield* TestClock.adjust("1 minute")
      assert.notProperty((yield* ask(`GET ${at}/environments`)).body, "spring")
    })))

  it.effect("lost_starts: the workflow runs, its 202 never comes, and a start again is a duplicate", () =>
    on(Effect.gen(function*() {
      const fake = yield* FakePantheon
      yield* fake.set({ lost_starts: 1 })
      const first = yield* Effect.result(started("deploy", { annotation: "x" }, "live"))
      const second = yield* started("deploy", { annotation: "x" }, "live")
      yield* started("deploy", { annotation: "y" }, "live")

      assert.isTrue(Result.isFailure(first))
      const log = (yield* second.ask(`GET sites/${second.site.id}/logs/workflows`)).body
      assert.lengthOf(log, 3)
      assert.deepInclude(yield* fake.counts, { starts: 3, duplicateStarts: 1, lostStarts: 1 })
      assert.deepStrictEqual((yield* fake.starts).map(({ isDuplicate, lost }) => [lost, isDuplicate]), [
        [true, false],
        [false, true],
        [false, false]
      ])
    })))

  it.effect("a type that is none, an environment that is there, and one that is not are refused with text", () =>
    on(Effect.gen(function*() {
      const none = yield* started("make_coffee")
      const there = yield* started("create_cloud_development_environment", { environment_id: "live" }, "")
      const absent = yield* started("delete_cloud_development_environment", { environment_id: "nope" }, "")

      assert.deepStrictEqual([none, there, absent].map(({ status }) => status), [400, 400, 400])
      assert.strictEqual(there.body, "The environment live already exists.")
    })))
})
