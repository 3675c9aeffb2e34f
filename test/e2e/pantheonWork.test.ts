/** Operations, workflows and downloads of Pantheon's profile, against the fake API in virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Stream } from "effect"
import { HttpClient } from "effect/http"
import { createHash } from "node:crypto"
import type { ValueRecord } from "../../src/core/Value.ts"
import { FakePantheon } from "../../src/layers/fake/FakePantheon.ts"
import type { RemoteApi } from "../../src/profile/RemoteApi.ts"
import * as Batch from "../../src/programs/Batch.ts"
import * as WorkflowWait from "../../src/programs/WorkflowWait.ts"
import { layer, open } from "../support/pantheonApi.ts"
import { inTime } from "../support/virtualTime.ts"

/** Does an operation on targets, ten at once, and answers with what became of each, and the handles. */
const batch = Effect.fnUntraced(function*(api: RemoteApi, name: string, targets: ReadonlyArray<string>) {
  const operation = yield* api.operation(name)
  const handles: Array<WorkflowWait.Item> = []
  let adopted = 0
  const events = yield* Stream.runCollect(Batch.events(Stream.fromIterable(targets), {
    operation: name,
    idempotent: operation.idempotent,
    run: ({ value }) =>
      Effect.gen(function*() {
        const done = yield* (yield* operation.prepare(String(value))).run
        handles.push(...done.handles)
        if (done.adopted) adopted++
        return null
      }).pipe(Effect.mapError(({ message, reason }) =>
        new Batch.ItemError({ message, kind: reason === "Lost" ? "lost" : "rejected", retryable: false })
      ))
  }))
  const last = events.at(-1)
  assert(last?._tag === "Finished")
  return { counts: last.summary.counts, handles, adopted }
})

const wait = Effect.fnUntraced(function*(api: RemoteApi, items: ReadonlyArray<WorkflowWait.Item>) {
  const workflow = yield* api.workflow("workflow")
  return yield* WorkflowWait.all(items, { poll: workflow.poll, intervals: workflow.intervals })
})

describe("work on Pantheon", () => {
  it.effect("caches of a hundred environments are cleared, and their workflows waited for with few requests", () =>
    Effect.gen(function*() {
      const fake = yield* FakePantheon
      const targets = [...fake.world.names.keys()].flatMap((name) => [`${name}.dev`, `${name}.live`])
      const { counts, result } = yield* inTime(Effect.gen(function*() {
        const api = yield* open()
        const { counts, handles } = yield* batch(api, "env:clear-cache", targets)
        return { counts, result: yield* wait(api, handles) }
      }))

      assert.deepInclude(counts, { succeeded: 100, failed: 0, unknown: 0 })
      assert.strictEqual(result.verdict, "met")
      const { byRoute, duplicateStarts, starts } = yield* fake.counts
      assert.deepStrictEqual({ starts, duplicateStarts }, { starts: 100, duplicateStarts: 0 })
      assert.isUndefined(byRoute["GET sites/:site/workflows/:workflow"])
      assert.strictEqual(byRoute["GET sites/:site/logs/workflows"], result.polls)
    }).pipe(Effect.scoped, Effect.provide(layer({ sites: 50 }))))

  it.effect("500 workflows of 20 sites take at most a twentieth of the requests of one poll each", () =>
    Effect.gen(function*() {
      const fake = yield* FakePantheon
      const sites = [...fake.world.names.keys()]
      const { api, handles } = yield* inTime(Effect.gen(function*() {
        const api = yield* open({ requestsPerSecond: Infinity, concurrency: 100 })
        // Starts take long enough that all are under way at once.
        yield* fake.set({ workflow_duration: "5m" })
        const targets = sites.flatMap((site) => Array.from({ length: 25 }, () => `${site}.live`))
        const operation = yield* api.operation("env:clear-cache")
        const done = yield* Effect.forEach(
          targets,
          (target) => Effect.flatMap(operation.prepare(target), ({ run }) => run),
          { concurrency: 50 }
        )
        return { api, handles: done.flatMap(({ handles }) => handles) }
      }))
      assert.lengthOf(handles, 500)

      const looked = Effect.map(fake.counts, ({ requests }) => requests)
      const before = yield* looked
      const shared = yield* inTime(wait(api, handles), "1 second")
      const requests = (yield* looked) - before
      // What one poll for each id takes at the same intervals: its own look, each time its site was looked at.
      const alone = shared.polls * 25

      assert.strictEqual(shared.verdict, "met")
      assert.strictEqual(requests, shared.polls)
      assert.isAtMost(requests, alone / 20)
    }).pipe(Effect.scoped, Effect.provide(layer({ sites: 20 }))))

  it.effect("the answer to a deployment that gets lost is made up for: its workflow is adopted, and nothing is started twice", () =>
    Effect.gen(function*() {
      const fake = yield* FakePantheon
      const targets = [...fake.world.names.keys()].map((name) => `${name}.live`)
      const { adopted, counts, result } = yield* inTime(Effect.gen(function*() {
        const api = yield* open()
        yield* fake.set({ lost_starts: 3 })
        const { handles, ...done } = yield* batch(api, "env:deploy", targets)
        return { ...done, result: yield* wait(api, handles) }
      }))

      assert.deepInclude(counts, { succeeded: 10, unknown: 0 })
      assert.strictEqual(adopted, 3)
      assert.deepStrictEqual(result.items.map(({ outcome }) => outcome), targets.map(() => "done"))
      assert.deepInclude(yield* fake.counts, { starts: 10, duplicateStarts: 0, lostStarts: 3 })
    }).pipe(Effect.scoped, Effect.provide(layer())))

  it.effect("an equal workflow that was started before is not adopted: what was lost on its way is not known", () =>
    Effect.gen(function*() {
      const fake = yield* FakePantheon
      const [name] = fake.world.names.keys()
      const { error, handles } = yield* inTime(Effect.gen(function*() {
        const api = yield* open()
        const operation = yield* api.operation("env:deploy")
        const deploy = Effect.flatMap(operation.prepare(`${name}.live`), ({ run }) => run)
        const { handles } = yield* deploy
        yield* Effect.sleep("5 seconds")
        // It never comes to the API, and nobody says so.
        yield* fake.set({ "fault POST sites/:site/environments/:environment/workflows": "reset*1" })
        const error = yield* Effect.flip(deploy)
        return { error, handles }
      }))

      assert.lengthOf(handles, 1)
      assert.strictEqual(error.reason, "Lost")
      assert.strictEqual((yield* fake.counts).starts, 1)
    }).pipe(Effect.scoped, Effect.provide(layer())))

  it.effect("an operation that may be done twice adopts what a lost answer started, and is sent again when there is nothing", () =>
    Effect.gen(function*() {
      const fake = yield* FakePantheon
      const [name] = fake.world.names.keys()
      const route = "fault POST sites/:site/environments/:environment/workflows"
      const done = yield* inTime(Effect.gen(function*() {
        const api = yield* open()
        const operation = yield* api.operation("env:connection")
        const { run } = yield* operation.prepare(`${name}.dev`, { mode: "git" })
        yield* fake.set({ lost_starts: 1 })
        const adopted = yield* run
        yield* Effect.sleep("2 seconds")
        yield* fake.set({ [route]: "reset*1" })
        const again = yield* run
        return [adopted.adopted, again.adopted]
      }))

      assert.deepStrictEqual(done, [true, false])
      assert.deepInclude(yield* fake.counts, { starts: 2, lostStarts: 1 })
    }).pipe(Effect.scoped, Effect.provide(layer())))

  it.effect("after a kill a copy of two workflows is known only when both were started", () =>
    Effect.gen(function*() {
      const fake = yield* FakePantheon
      const [name] = fake.world.names.keys()
      const [half, whole] = yield* inTime(Effect.gen(function*() {
        const api = yield* open()
        const operation = yield* api.operation("env:clone")
        const since = yield* Clock.currentTimeMillis
        const both = yield* operation.prepare(`${name}.test`, { from: "live" })
        const one = yield* operation.prepare(`${name}.test`, { from: "live", elements: "database" })
        const other = yield* operation.prepare(`${name}.test`, { from: "live", elements: "files" })
        yield* one.run
        const half = yield* both.started(since)
        yield* other.run
        return [half, yield* both.started(since)]
      }))

      assert.lengthOf(half!, 0)
      assert.lengthOf(whole!, 2)
    }).pipe(Effect.scoped, Effect.provide(layer())))

  it.effect("workflows that fail say why, and states that nobody knows are no success", () =>
    Effect.gen(function*() {
      const fake = yield* FakePantheon
      const [one, two] = [...fake.world.names.keys()]
      yield* fake.set({ "workflow_result deploy": "failed", "workflow_result clear_cache": "stalled" })
      const result = yield* inTime(Effect.gen(function*() {
        const api = yield* open()
        const failing = yield* batch(api, "env:deploy", [`${one}.live`])
        const stalling = yield* batch(api, "env:clear-cache", [`${two}.live`])
        const workflow = yield* api.workflow("workflow")
        return yield* WorkflowWait.all([...failing.handles, ...stalling.handles], {
          poll: workflow.poll,
          timeout: "10 minutes"
        })
      }))

      assert.deepStrictEqual(result.items.map(({ outcome, seen }) => [outcome, seen?.state, seen?.text]), [
        ["failed", "failed", "Failed"],
        ["timed out", "unknown", "stalled"]
      ])
      assert.strictEqual(result.items[0]?.seen?.message, "Deploying code ended: failed.")
    }).pipe(Effect.scoped, Effect.provide(layer())))

  it.effect("every operation of the profile does what it says", () =>
    Effect.gen(function*() {
      const { world } = yield* FakePantheon
      const [site] = world.sites.values()
      const organization = [...world.organizations.values()].find(({ id }) => site!.organizations.has(id))!
      const { name } = site!
      yield* inTime(
        Effect.gen(function*() {
          const api = yield* open()
          const once = Effect.fnUntraced(function*(operation: string, target: string, given: ValueRecord = {}) {
            const { handles } = yield* (yield* (yield* api.operation(operation)).prepare(target, given)).run
            assert.strictEqual((yield* wait(api, handles)).verdict, "met", operation)
          })
          yield* once("multidev:create", `${name}.spring`)
          assert.isTrue(site!.environments.has("spring"))
          yield* once("multidev:merge-from-dev", `${name}.spring`)
          yield* once("multidev:merge-to-dev", `${name}.spring`)
          yield* once("env:clone", `${name}.spring`, { from: "live" })
          yield* once("multidev:delete", `${name}.spring`)
          assert.isFalse(site!.environments.has("spring"))
          yield* once("env:connection", `${name}.dev`, { mode: "git" })
          assert.strictEqual(site!.environments.get("dev")?.mode, "git")
          site!.behind = 2
          yield* once("upstream:updates:apply", `${name}.dev`)
          assert.strictEqual(site!.behind, 0)
          yield* once("domain:add", `${name}.live/a.example`)
          assert.isTrue(site!.environments.get("live")?.domains.has("a.example"))
          yield* once("domain:remove", `${name}.live/a.example`)
          assert.isFalse(site!.environments.get("live")?.domains.has("a.example"))
          yield* once("backup:schedule", `${name}.live`, { day: "Monday" })
          assert.strictEqual(site!.environments.get("live")?.schedule.size, 7)
          yield* once("backup:unschedule", `${name}.live`)
          assert.strictEqual(site!.environments.get("live")?.schedule.size, 0)
          yield* once("tag:add", `${organization.name}/${name}`, { tag: "autumn" })
          assert.isTrue(site!.organizations.get(organization.id)?.has("autumn"))
          yield* once("tag:remove", `${organization.name}/${name}`, { tag: "autumn" })
          assert.isFalse(site!.organizations.get(organization.id)?.has("autumn"))
        }),
        "1 second"
      )
    }).pipe(Effect.scoped, Effect.provide(layer())))

  it.effect("a backup is made and all its elements fetched, by URLs that are minted late", () =>
    Effect.gen(function*() {
      const fake = yield* FakePantheon
      yield* fake.set({ url_seconds: 60 })
      const [name] = fake.world.names.keys()
      yield* inTime(
        Effect.gen(function*() {
          const api = yield* open()
          const { handles } = yield* batch(api, "backup:create", [`${name}.dev`])
          yield* wait(api, handles)
          const files = yield* (yield* api.download("backups")).files(`${name}.dev`)
          assert.deepStrictEqual(files.map(({ element }) => element).toSorted(), ["code", "database", "files"])

          for (const file of files) {
            // Longer than a URL lasts.
            yield* Effect.sleep("2 minutes")
            const { url } = yield* file.request
            const response = yield* HttpClient.get(url)
            const bytes = Buffer.from(yield* response.arrayBuffer)
            assert.strictEqual(bytes.length, file.size)
            assert.strictEqual(response.headers["etag"], `"${createHash("md5").update(bytes).digest("hex")}"`)
          }
        }),
        "1 second"
      )
    }).pipe(Effect.scoped, Effect.provide(layer())))
})
