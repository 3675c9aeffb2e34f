/** Lists of Pantheon's profile, read whole from the fake API in virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Stream } from "effect"
import type { ValueRecord } from "../../src/core/Value.ts"
import { FakePantheon } from "../../src/layers/fake/FakePantheon.ts"
import type { RemoteApi } from "../../src/profile/RemoteApi.ts"
import * as Pagination from "../../src/programs/Pagination.ts"
import * as RemoteList from "../../src/programs/RemoteList.ts"
import { PoliteHttp } from "../../src/services/PoliteHttp.ts"
import { layer, open } from "../support/pantheonApi.ts"
import { inTime } from "../support/virtualTime.ts"

const rowsOf = Effect.fnUntraced(function*(api: RemoteApi, name: string, ...args: ReadonlyArray<string>) {
  const plan = yield* api.list(name, args)
  const rows = yield* Stream.runCollect(RemoteList.stream(plan)).pipe(Effect.provideService(PoliteHttp, api.http))
  return rows as ReadonlyArray<ValueRecord>
})

const namesOf = (rows: ReadonlyArray<ValueRecord>) => rows.map(({ name }) => String(name)).toSorted()

describe("lists of Pantheon", () => {
  it.effect.each(["exclusive-any", "strict-boundary"])(
    "sites of the user and its organizations, each once and none missing, with cursor %s",
    (cursor) =>
      Effect.gen(function*() {
        const { set, world } = yield* FakePantheon
        yield* set({ cursor, latency: "200ms", first_page_latency: "1s" })
        const rows = yield* inTime(Effect.flatMap(open(), (api) => rowsOf(api, "sites")))

        assert.deepStrictEqual(namesOf(rows), [...world.names.keys()].toSorted())
        const [both] = rows.filter(({ memberships }) => (memberships as ReadonlyArray<string>).length === 2)
        assert.strictEqual((both!["memberships"] as ReadonlyArray<string>)[0], "team")
      }).pipe(Effect.scoped, Effect.provide(layer({ sites: 408 })))
  )

  it.effect("a cursor that gives its own row again never loses a site: the list is whole, or it fails aloud", () =>
    Effect.gen(function*() {
      const { set, world } = yield* FakePantheon
      yield* set({ cursor: "inclusive-any" })
      const read = yield* inTime(Effect.result(Effect.flatMap(open(), (api) => rowsOf(api, "sites"))))

      if (Result.isSuccess(read)) assert.deepStrictEqual(namesOf(read.success), [...world.names.keys()].toSorted())
      else assert.propertyVal(read.failure, "reason", "Truncated")
    }).pipe(Effect.scoped, Effect.provide(layer({ sites: 408 }))))

  it.effect("an API that begins again at a cursor that it does not know, or after the last page, is found out", () =>
    Effect.gen(function*() {
      const fake = yield* FakePantheon
      yield* fake.set({ cursor: "strict-boundary" })
      const api = yield* inTime(open())
      const plan = yield* api.list("organization-sites", [fake.world.organizations.keys().next().value!])
      if (plan._tag !== "Paged") return assert.fail("one list")
      const read = (options: Pagination.Options = {}) =>
        inTime(Effect.result(Stream.runCollect(Pagination.events(plan, options)))).pipe(
          Effect.provideService(PoliteHttp, api.http)
        )
      const whole = yield* read()
      if (Result.isFailure(whole)) return assert.fail(whole.failure.message)
      const [start, page] = whole.success
      assert(start?._tag === "StyleFound" && page?._tag === "Page")
      assert.lengthOf(page.rows, 100)

      // An id in the middle of a page ended none: page 1 comes again, with 200.
      const next = String((page.rows[50] as ValueRecord)["id"])
      const resumed = yield* read({
        resume: { found: start.found, after: { ...page.checkpoint, next }, ids: [page.ids] }
      })
      // 200 sites are two full pages: what follows them ought to be empty.
      yield* fake.set({ past_end: "first-page" })
      const around = yield* read()

      for (const ended of [resumed, around]) {
        assert.strictEqual(Result.isFailure(ended) ? ended.failure.reason : "whole", "Truncated")
      }
    }).pipe(Effect.scoped, Effect.provide(layer({ sites: 400, organizations: 1 }))))

  it.effect("every list that the profile has can be read", () =>
    Effect.gen(function*() {
      const { world } = yield* FakePantheon
      const site = world.sites.values().next().value!
      const lists: ReadonlyArray<readonly [string, ...ReadonlyArray<string>]> = [
        ["user-sites"],
        ["organization-sites", "agency-1"],
        ["environments", site.name],
        ["team", site.name],
        ["organizations"],
        ["members", "Agency 1"],
        ["upstreams"],
        ["updates", site.name],
        ["domains", site.name, "live"],
        ["dns", site.name, "live"],
        ["backups", site.name, "live"]
      ]
      yield* inTime(Effect.gen(function*() {
        const api = yield* open()
        for (const [name, ...args] of lists) assert.isNotEmpty(yield* rowsOf(api, name, ...args), name)
        const [domain] = yield* rowsOf(api, "dns", site.name, "live")
        assert.deepInclude(domain, { status: "okay", certificate: "okay" })
        for (const name of ["workflows", "recent-workflows"]) assert.isEmpty(yield* rowsOf(api, name, site.name))
        assert.isEmpty(yield* rowsOf(api, "backup-schedule", site.name, "live"))
      }))
    }).pipe(Effect.scoped, Effect.provide(layer())))

  it.effect("sites that were read before and did not change are not sent again", () =>
    Effect.gen(function*() {
      const fake = yield* FakePantheon
      const api = yield* inTime(open())
      const first = yield* inTime(rowsOf(api, "sites"))
      const { byRoute, byStatus } = yield* fake.counts
      const second = yield* inTime(rowsOf(api, "sites"))

      assert.deepStrictEqual(second, first)
      const pages = byStatus["200"]! - byRoute["POST authorize/machine-token"]!
      assert.deepInclude((yield* fake.counts).byStatus, { "200": byStatus["200"], "304": pages })
    }).pipe(Effect.scoped, Effect.provide(layer({ sites: 250, organizations: 2 }))))

  it.effect("a session that ends on the way is had again, by one login", () =>
    Effect.gen(function*() {
      const fake = yield* FakePantheon
      const api = yield* inTime(open())
      yield* fake.endSessions
      const rows = yield* inTime(rowsOf(api, "sites"))

      assert.lengthOf(rows, 300)
      assert.strictEqual((yield* fake.counts).logins, 2)
    }).pipe(Effect.scoped, Effect.provide(layer({ sites: 300, organizations: 5 }))))
})
