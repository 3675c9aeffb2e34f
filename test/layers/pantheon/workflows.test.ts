/** Workflows of the fake Pantheon API, by the clock, and the switches that change them. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { TestClock } from "effect/testing"
import { FakePantheon } from "../../../src/layers/fake/FakePantheon.ts"
import { type Body, firstSite, loggedIn, on } from "../../support/pantheonCalls.ts"

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
