/** Pantheon's API in memory: logins, lists, sites and environments in their recorded shapes. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { FakePantheon } from "../../src/layers/fake/FakePantheon.ts"
import { type Body, firstSite, loggedIn, login, on, type Reply, send } from "../support/pantheonCalls.ts"

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

const ids = (page: Reply): ReadonlyArray<string> => page.body.map((row: Body) => row.id)

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

  it.effect("some have a weak ETag, under the older API only: 304 for who has the list, and a new one once it has changed", () =>
    on(
      Effect.gen(function*() {
        const fake = yield* FakePantheon
        const { ask } = yield* loggedIn
        const list = `GET ${yield* orgSites}`
        const { etag = "" } = (yield* ask(list)).headers
        const again = (headers = { "if-none-match": etag }) => ask(list, { headers })

        assert.match(etag, /^W\/"[0-9a-f-]+"$/)
        assert.deepInclude(yield* again(), { status: 304, body: "" })
        assert.notProperty((yield* ask(list, { base: "/v0" })).headers, "etag")
        for (const site of fake.world.sites.values()) site.owner = "somebody else"
        const changed = yield* again()
        assert.strictEqual(changed.status, 200)
        assert.notStrictEqual(changed.headers["etag"], etag)
        yield* fake.set({ list_etags: "off" })
        assert.notProperty((yield* again()).headers, "etag")
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

describe("environments and domains", () => {
  it.effect("environments are an object by their id", () =>
    on(Effect.gen(function*() {
      const { ask } = yield* loggedIn
      const { id } = yield* firstSite
      const { body } = yield* ask(`GET sites/${id}/environments`)

      assert.containsAllKeys(body, ["dev", "test", "live"])
      assert.deepInclude(body.live, { is_initialized: true, on_server_development: false })
      const { body: slim } = yield* ask(`GET sites/${id}/environments/live`, { base: "/v0" })
      assert.deepInclude(slim, { id: "live", connection_mode: "git", lock: { locked: false } })
    })))

  it.effect("domains come and go with a bare \"Ok\", DNS is told when it is asked for, and platform domains stay", () =>
    on(Effect.gen(function*() {
      const { ask } = yield* loggedIn
      const { id, name } = yield* firstSite
      const at = `sites/${id}/environments/live/domains`

      assert.strictEqual((yield* ask(`PUT ${at}/new.shop.example`, { json: {} })).body, "Ok")
      const { body } = yield* ask(`GET ${at}?hydrate[]=as_list&hydrate[]=recommendations`)
      const added = body.find((row: Body) => row.id === "new.shop.example")
      assert.deepInclude(added, { type: "custom", deletable: true, status: "action_required" })
      assert.deepInclude(added.dns_status_details.dns_records[0], { target_value: "23.185.0.1" })
      assert.notProperty((yield* ask(`GET ${at}`)).body[0], "dns_status_details")
      assert.strictEqual((yield* ask(`PUT sites/${id}/environments/dev/domains/new.shop.example`)).status, 409)
      assert.strictEqual((yield* ask(`DELETE ${at}/new.shop.example`)).body, "Ok")
      assert.strictEqual((yield* ask(`DELETE ${at}/new.shop.example`)).status, 404)
      assert.strictEqual((yield* ask(`DELETE ${at}/live-${name}.pantheonsite.io`)).status, 403)
    })))

  it.effect("code-log names the environments that have a commit", () =>
    on(Effect.gen(function*() {
      const { ask } = yield* loggedIn
      const { id } = yield* firstSite
      const { body } = yield* ask(`GET sites/${id}/environments/dev/code-log`)

      assert.notInclude(body[0].labels, "live")
      assert.include(body.at(-1).labels, "live")
    })))

  it.effect("tags are put on many sites with one request, and taken from one", () =>
    on(Effect.gen(function*() {
      const { ask } = yield* loggedIn
      const { world } = yield* FakePantheon
      const organization = world.organizations.keys().next().value!
      const sites = [...world.sites.values()].filter((site) => site.organizations.has(organization)).map(({ id }) => id)

      yield* ask(`PUT organizations/${organization}/tags`, { json: { spring: { sites } } })
      yield* ask(`DELETE organizations/${organization}/tags/spring/sites?entity=${sites[0]}`)
      const { body } = yield* ask(`GET organizations/${organization}/memberships/sites`)
      assert.deepStrictEqual(
        body.filter((row: Body) => row.tags.includes("spring")).map((row: Body) => row.id),
        sites.slice(1).toSorted()
      )
    })))

  it.effect("what is not there is a 404: a site with a JSON string, the rest with plain text", () =>
    on(Effect.gen(function*() {
      const { ask } = yield* loggedIn
      const site = yield* ask("GET site-names/invalid")
      const route = yield* ask("GET no/such/thing")

      assert.deepStrictEqual([site.status, site.body], [404, "A site named invalid was not found."])
      assert.deepStrictEqual([route.status, route.body], [404, "Not found.\n"])
    })))
})
