/** `profiles/pantheon.yaml` against Pantheon's wire shapes, by script. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import type { ValueRecord } from "../../src/core/Value.ts"
import { FakeHttpClient } from "../../src/layers/fake/FakeHttpClient.ts"
import type { RemoteApi } from "../../src/profile/RemoteApi.ts"
import type { Definition } from "../../src/services/MockServer.ts"
import { inTime } from "../support/virtualTime.ts"
import { asked, layer, open, rowsOf, shipped } from "./opened.ts"

const profile = shipped("pantheon")
const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`
const user = uuid(1)
const org = uuid(2)
const site = uuid(10)
const environment = { TERMINUS_TOKEN: "machine-token", TERMINUS_HOST: "fake.test", TERMINUS_PROTOCOL: "http" }

const session = {
  "POST /api/authorize/machine-token": {
    json: { session: `${user}:x:random`, user_id: user, expires_at: 9_999_999_999 }
  },
  "GET /api/site-names/my-site": { json: { id: site, name: "my-site" } }
} satisfies Definition["routes"]

const pantheon = (routes: NonNullable<Definition["routes"]> = {}) => layer({ ...session, ...routes })
const begin = (more: Parameters<typeof open>[1] = {}) =>
  Effect.map(open(profile, { ...more, environment: { ...environment, ...more.environment } }), ({ api }) => api)

const membership = (n: number, more: ValueRecord = {}) => ({
  id: uuid(n),
  site_id: uuid(n),
  site: {
    id: uuid(n),
    name: `site-${n}`,
    plan_name: "Basic",
    framework: "drupal8",
    owner: user,
    created: 1_500_000_000,
    frozen: false
  },
  ...more
})

/** Does an operation and answers with what was sent for it: method, path and body. */
const does = (api: RemoteApi, name: string, target: string, given: ValueRecord = {}) =>
  Effect.gen(function*() {
    const operation = yield* api.operation(name)
    const call = yield* operation.prepare(target, given)
    const done = yield* call.run
    const fake = yield* FakeHttpClient
    const sent = (yield* fake.calls).filter(({ path }) => !/authorize|site-names/.test(String(path)))
      .map(({ body, method, path, query }) => ({
        request: `${String(method)} ${String(path).replace("/api/", "")}`,
        body: body === "" ? null : body,
        ...(Object.keys(query as object).length === 0 ? {} : { query })
      }))
    return { operation, call, done, sent }
  }).pipe(inTime)

const started = { status: 202, json: { id: "w-1", type: "x", result: null } }
const workflows = {
  [`POST /api/sites/${site}/workflows`]: started,
  [`POST /api/sites/${site}/environments/:env/workflows`]: started
}

/** One element of a backup, as the catalog has it. */
const entry = (folder: string, element: string, more: ValueRecord = {}) => ({
  filename: `my-site_live_${folder}_${element}.gz`,
  folder: `${folder}_backup`,
  size: 100,
  finish_time: Number(folder),
  ...more
})

const deployment = { updatedb: 0, clear_cache: 0, annotation: "Deploy from skein" }
/** A deployment of test, as it stands among the recent workflows of a site. */
const recent = (more: Record<string, unknown>) => {
  const row = { type: "deploy", environment: "test", user_id: user, created_at: 1_000_000, params: deployment, ...more }
  return JSON.parse(JSON.stringify(row)) as ValueRecord
}

describe("pantheon.yaml", () => {
  it.effect("logs in with the machine token, and sends the session as bearer", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      yield* rowsOf(api, "upstreams")
      const fake = yield* FakeHttpClient
      const [login, list] = yield* fake.calls
      assert.deepStrictEqual(login!["body"], { machine_token: "machine-token", client: "terminus" })
      assert.strictEqual((list!["headers"] as Record<string, string>)["authorization"], `Bearer ${user}:x:random`)
      assert.deepStrictEqual(yield* asked, ["POST /api/authorize/machine-token", `GET /api/users/${user}/upstreams`])
    }).pipe(Effect.provide(pantheon({ [`GET /api/users/${user}/upstreams`]: { json: [] } }))))

  it.effect("merges the sites of the user and of its organizations: each once, with all memberships and tags", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      const sites = yield* rowsOf(api, "sites")
      assert.deepStrictEqual(
        sites.map(({ memberships, name, tags }) => ({ memberships, name, tags })),
        [
          { name: "site-10", memberships: ["team", "Client X"], tags: ["blog"] },
          { name: "site-11", memberships: ["team"], tags: [] },
          { name: "site-12", memberships: ["Client X"], tags: [] }
        ]
      )
      assert.deepStrictEqual((yield* asked).slice(1).toSorted(), [
        `GET /api/organizations/${org}/memberships/sites?limit=100`,
        `GET /api/users/${user}/memberships/organizations?limit=100`,
        `GET /api/users/${user}/memberships/sites?limit=100`
      ])
    }).pipe(Effect.provide(pantheon({
      [`GET /api/users/${user}/memberships/sites`]: { json: [membership(10), membership(11)] },
      [`GET /api/users/${user}/memberships/organizations`]: {
        json: [
          {
            id: org,
            organization_id: org,
            role: "admin",
            organization: { profile: { machine_name: "x", name: "Client X" } }
          },
          { id: uuid(3), organization_id: uuid(3), role: "unprivileged", organization: { profile: { name: "No" } } }
        ]
      },
      [`GET /api/organizations/${org}/memberships/sites`]: {
        json: [membership(10, { tags: ["blog"] }), membership(12, { tags: [] })]
      }
    }))))

  it.effect("pages by the id of the last row, whether that row comes again or not", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      const rows = yield* rowsOf(api, "user-sites")
      assert.lengthOf(rows, 105)
      assert.include(yield* asked, `GET /api/users/${user}/memberships/sites?limit=100&start=${uuid(109)}`)
    }).pipe(Effect.provide(pantheon({
      [`GET /api/users/${user}/memberships/sites`]: [
        {
          match: { query: { start: uuid(109) } },
          json: Array.from({ length: 5 }, (_, n) => membership(110 + n))
        },
        { json: Array.from({ length: 100 }, (_, n) => membership(10 + n)) }
      ]
    }))))

  it.effect("fails aloud when the API gives page 1 again", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      const error = yield* Effect.flip(rowsOf(api, "user-sites"))
      assert.strictEqual((error as { readonly reason: string }).reason, "Truncated")
    }).pipe(Effect.provide(pantheon({
      [`GET /api/users/${user}/memberships/sites`]: {
        json: Array.from({ length: 100 }, (_, n) => membership(10 + n))
      }
    }))))

  it.effect("reads environments, which are an object keyed by their id", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      const rows = yield* rowsOf(api, "environments", ["my-site"])
      assert.deepStrictEqual(rows.map(({ connection_mode, domain, id }) => ({ connection_mode, domain, id })), [
        { id: "dev", domain: "dev-my-site.pantheonsite.io", connection_mode: "sftp" },
        { id: "live", domain: "live-my-site.pantheonsite.io", connection_mode: "git" }
      ])
    }).pipe(Effect.provide(pantheon({
      [`GET /api/sites/${site}/environments`]: {
        json: {
          dev: { is_initialized: true, environment_created: 1, on_server_development: true, lock: { locked: false } },
          live: { is_initialized: true, environment_created: 1, on_server_development: false, php_version: 82 }
        }
      }
    }))))

  it.effect.each(
    [
      ["team", ["my-site"], `GET /api/sites/${site}/memberships/users?limit=100`],
      ["organizations", [], `GET /api/users/${user}/memberships/organizations?limit=100`],
      ["members", [org], `GET /api/organizations/${org}/memberships/users?limit=100`],
      ["domains", ["my-site", "live"], `GET /api/sites/${site}/environments/live/domains`],
      [
        "dns",
        [site, "live"],
        `GET /api/sites/${site}/environments/live/domains?hydrate%5B%5D=as_list%2Crecommendations`
      ],
      ["workflows", [site], `GET /api/sites/${site}/workflows?limit=100`],
      ["backups", [site, "live"], `GET /api/sites/${site}/environments/live/backups/catalog`],
      ["backup-schedule", [site, "live"], `GET /api/sites/${site}/environments/live/backups/schedule`]
    ] as const
  )("reads %s %s by %s", ([name, args, request]) =>
    Effect.gen(function*() {
      const api = yield* begin()
      assert.deepStrictEqual(yield* rowsOf(api, name, args), [])
      assert.strictEqual((yield* asked).at(-1), request)
    }).pipe(Effect.provide(pantheon({ "GET /api/*": { json: [] } }))))

  it.effect("finds an organization by its name or label", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      yield* rowsOf(api, "members", ["Client X"])
      assert.strictEqual((yield* asked).at(-1), `GET /api/organizations/${org}/memberships/users?limit=100`)
      const error = yield* Effect.flip(rowsOf(api, "members", ["nobody"]))
      assert.strictEqual((error as Error).message, `pantheon has no organization "nobody"`)
    }).pipe(Effect.provide(pantheon({
      [`GET /api/organizations/${org}/memberships/users`]: { json: [] },
      [`GET /api/users/${user}/memberships/organizations`]: {
        json: [{ organization_id: org, organization: { profile: { machine_name: "x", name: "Client X" } } }]
      }
    }))))

  it.effect("says which site is unknown, and asks for a name once", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      const operation = yield* inTime(api.operation("env:clear-cache"))
      const error = yield* inTime(Effect.flip(operation.prepare("invalid.live")))
      assert.strictEqual(error.message, `pantheon has no site "invalid"`)
      assert.strictEqual(error.reason, "NotFound")
      yield* inTime(Effect.forEach(["dev", "test", "live"], (env) => operation.prepare(`my-site.${env}`), {
        concurrency: 3
      }))
      assert.lengthOf((yield* asked).filter((call) => call.endsWith("my-site")), 1)
      const wrong = yield* inTime(Effect.flip(operation.prepare("my-site")))
      assert.strictEqual(wrong.message, `"my-site" is not written as {site}.{env}`)
    }).pipe(Effect.provide(pantheon({
      "GET /api/site-names/invalid": { status: 404, json: "A site named invalid was not found." }
    }))))

  const operations: ReadonlyArray<
    readonly [name: string, target: string, given: ValueRecord, request: string, body: ValueRecord | null]
  > = [
    ["env:clear-cache", "my-site.live", {}, `POST sites/${site}/environments/live/workflows`, {
      type: "clear_cache",
      params: { framework_cache: true }
    }],
    [
      "env:deploy",
      "my-site.test",
      { note: "November", updatedb: "true" },
      `POST sites/${site}/environments/test/workflows`,
      {
        type: "deploy",
        params: { updatedb: 1, clear_cache: 0, annotation: "November" }
      }
    ],
    [
      "env:deploy",
      "my-site.test",
      { note: "n", sync_content: true },
      `POST sites/${site}/environments/test/workflows`,
      {
        type: "deploy",
        params: {
          updatedb: 0,
          clear_cache: 0,
          annotation: "n",
          clone_database: { from_environment: "live" },
          clone_files: { from_environment: "live" }
        }
      }
    ],
    ["env:connection", "my-site.dev", { mode: "git" }, `POST sites/${site}/environments/dev/workflows`, {
      type: "enable_git_mode"
    }],
    ["env:connection", "my-site.dev", { mode: "sftp" }, `POST sites/${site}/environments/dev/workflows`, {
      type: "enable_on_server_development"
    }],
    ["multidev:create", "my-site.pr-1", { from: "live" }, `POST sites/${site}/workflows`, {
      type: "create_cloud_development_environment",
      params: {
        environment_id: "pr-1",
        deploy: {
          clone_database: { from_environment: "live" },
          clone_files: { from_environment: "live" },
          annotation: `Create the "pr-1" environment.`
        }
      }
    }],
    ["multidev:delete", "my-site.pr-1", { delete_branch: true }, `POST sites/${site}/workflows`, {
      type: "delete_cloud_development_environment",
      params: { environment_id: "pr-1", delete_branch: true }
    }],
    ["multidev:merge-to-dev", "my-site.pr-1", {}, `POST sites/${site}/environments/dev/workflows`, {
      type: "merge_cloud_development_environment_into_dev",
      params: { updatedb: false, from_environment: "pr-1" }
    }],
    ["multidev:merge-from-dev", "my-site.pr-1", {}, `POST sites/${site}/environments/pr-1/workflows`, {
      type: "merge_dev_into_cloud_development_environment",
      params: { updatedb: false }
    }],
    ["upstream:updates:apply", "my-site.dev", { updatedb: true }, `POST sites/${site}/environments/dev/workflows`, {
      type: "apply_upstream_updates",
      params: { updatedb: true, xoption: false }
    }],
    ["backup:create", "my-site.live", {}, `POST sites/${site}/environments/live/workflows`, {
      type: "do_export",
      params: { entry_type: "backup", code: true, database: true, files: true, ttl: 31_536_000 }
    }],
    [
      "backup:create",
      "my-site.live",
      { elements: "code,files", keep_for: "7" },
      `POST sites/${site}/environments/live/workflows`,
      {
        type: "do_export",
        params: { entry_type: "backup", code: true, database: false, files: true, ttl: 604_800 }
      }
    ]
  ]
  it.effect.each(operations)(
    "%s of %s with %s starts one workflow by %s",
    ([name, target, given, request, body]) =>
      Effect.gen(function*() {
        const api = yield* begin()
        const { done, sent } = yield* does(api, name, target, given)
        assert.deepStrictEqual(sent, [{ request, body }])
        assert.deepStrictEqual(done.handles, [{ workflow: "workflow", parent: site, id: "w-1", text: `${site}/w-1` }])
      }).pipe(Effect.provide(pantheon(workflows)))
  )

  it.effect("reads the information of a site", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      const { call, done } = yield* does(api, "site:info", "my-site")
      assert.deepInclude(done.result as ValueRecord, {
        name: "my-site",
        php_version: "8.3",
        max_multidevs: 10,
        label: null
      })
      assert.deepStrictEqual(call.requests, [`GET http://fake.test:80/api/sites/${site}?site_state=true`])
      assert.deepStrictEqual(done.handles, [])
    }).pipe(Effect.provide(pantheon({
      [`GET /api/sites/${site}`]: {
        json: { id: site, name: "my-site", php_version: "8.3", settings: { max_num_cdes: 10 } }
      }
    }))))

  it.effect("clones database and files by two workflows, or one of them, and asks before", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      const { call, done, sent } = yield* does(api, "env:clone", "my-site.test", { from: "live" })
      assert.deepStrictEqual(sent.map(({ body }) => body), [
        { type: "clone_database", params: { from_environment: "live", clear_cache: false, updatedb: false } },
        { type: "clone_files", params: { from_environment: "live" } }
      ])
      assert.lengthOf(done.handles, 2)
      assert.isTrue(call.destructive)
      assert.isFalse(call.idempotent)
      assert.strictEqual(call.plan, "overwrite database and files of my-site.test with those of live")
      const one = yield* inTime(
        Effect.flatMap(
          api.operation("env:clone"),
          (operation) => operation.prepare("my-site.test", { from: "live", elements: "files" })
        )
      )
      assert.lengthOf(one.requests, 1)
    }).pipe(Effect.provide(pantheon(workflows))))

  it.effect("adds and removes domains, with what could leave their place encoded", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      const added = yield* does(api, "domain:add", "my-site.live/www.example.com")
      assert.deepStrictEqual(added.sent, [
        { request: `PUT sites/${site}/environments/live/domains/www.example.com`, body: {} }
      ])
      assert.isTrue(added.call.idempotent)
      const operation = yield* inTime(api.operation("domain:remove"))
      const removed = yield* inTime(operation.prepare("my-site.live/../../x"))
      assert.deepStrictEqual(removed.requests, [
        `DELETE http://fake.test:80/api/sites/${site}/environments/live/domains/..%2F..%2Fx`
      ])
      assert.isTrue(removed.destructive)
    }).pipe(Effect.provide(pantheon({ [`PUT /api/sites/${site}/environments/live/domains/:domain`]: { json: "Ok" } }))))

  it.effect("tags a site with one bulk call, and takes a tag away", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      const added = yield* does(api, "tag:add", `${org}/my-site`, { tag: "client \"x\"" })
      assert.deepStrictEqual(added.sent, [
        { request: `PUT organizations/${org}/tags`, body: { "client \"x\"": { sites: [site] } } }
      ])
      const removed = yield* does(api, "tag:remove", `${org}/my-site`, { tag: "a b" })
      assert.deepStrictEqual(removed.call.requests, [
        `DELETE http://fake.test:80/api/organizations/${org}/tags/a%20b/sites?entity=${site}`
      ])
    }).pipe(Effect.provide(pantheon({
      [`PUT /api/organizations/${org}/tags`]: { json: {} },
      "DELETE /api/*": { json: {} }
    }))))

  it.effect("schedules backups for all days, longer on one, and ends them day by day", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      const { sent } = yield* does(api, "backup:schedule", "my-site.live", { day: "Tuesday", hour: 3 })
      const { params } = sent[0]!.body as { readonly params: { readonly backup_schedule: Record<string, unknown> } }
      assert.deepStrictEqual(Object.keys(params.backup_schedule), ["0", "1", "2", "3", "4", "5", "6"])
      assert.deepStrictEqual(params.backup_schedule["2"], { hour: 3, ttl: 2_592_000 })
      assert.deepStrictEqual(params.backup_schedule["3"], { hour: 3, ttl: 691_200 })
      const end = yield* inTime(
        Effect.flatMap(api.operation("backup:unschedule"), (one) => one.prepare("my-site.live"))
      )
      assert.lengthOf(end.requests, 7)
    }).pipe(Effect.provide(pantheon(workflows))))

  it.effect("adopts the workflow that a lost answer belongs to, and says so", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      const { done } = yield* does(api, "env:deploy", "my-site.test")
      assert.isTrue(done.adopted)
      assert.deepStrictEqual(done.handles.map(({ text }) => text), [`${site}/w-7`])
    }).pipe(Effect.provide(pantheon({
      [`POST /api/sites/${site}/environments/test/workflows`]: { drop: true },
      [`GET /api/sites/${site}/workflows`]: {
        json: [
          // What was sent and what the API adds to it.
          recent({ id: "w-7", params: { ...deployment, added: "by the API" } }),
          recent({ id: "w-6", environment: "live" }),
          recent({ id: "w-5", user_id: uuid(99) }),
          recent({ id: "w-4", type: "clear_cache" }),
          recent({ id: "w-3", created_at: -1 }),
          recent({ id: "w-2", params: { ...deployment, annotation: "another" } }),
          recent({ id: "w-1", params: undefined })
        ]
      }
    }))))

  it.effect.each(
    [
      ["none", [], "no workflow is seen that it started"],
      ["two", [7, 8], "2 workflows could be the one that it started"]
    ] as const
  )("does not guess when %s could be it, and does not do it again", ([, ids, why]) =>
    Effect.gen(function*() {
      const api = yield* begin({ limits: { retries: 3 } })
      const error = yield* Effect.flip(does(api, "env:deploy", "my-site.test"))
      assert.strictEqual(error.reason, "Lost")
      assert.strictEqual(error.message, `the answer to env:deploy of my-site.test was lost: ${why}`)
      assert.lengthOf((yield* asked).filter((call) => call.startsWith("POST /api/sites")), 1)
    }).pipe(Effect.provide(pantheon({
      [`POST /api/sites/${site}/environments/test/workflows`]: { status: 504, text: "Gateway time-out" },
      [`GET /api/sites/${site}/workflows`]: {
        json: ids.map((id) => recent({ id: `w-${id}` }))
      }
    }))))

  it.effect("tells of all workflows of a site by one cheap request, and asks for those it does not list", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      const workflow = yield* inTime(api.workflow("workflow"))
      const { parent } = yield* inTime(workflow.parse("my-site/w-1"))
      const seen = yield* inTime(workflow.poll(parent, ["w-1", "w-2", "w-3", "w-4", "old", "gone"]))
      assert.deepStrictEqual([...seen], [
        ["w-1", { state: "running", text: "running", progress: 0.4, message: "Deploying code" }],
        ["w-2", { state: "done", text: "Success", progress: 1, message: "Deployed code" }],
        ["w-3", { state: "failed", text: "Failed", progress: 1, message: "out of space" }],
        ["w-4", { state: "unknown", text: "Suspended", progress: 1 }],
        ["old", { state: "done", text: "succeeded", progress: 1, message: "Old" }]
      ])
      assert.deepStrictEqual((yield* asked).filter((call) => call.includes("w-")), [])
      assert.deepStrictEqual(workflow.intervals?.map(Duration.toMillis), [2_000, 3_000, 5_000])
    }).pipe(Effect.provide(pantheon({
      [`GET /api/sites/${site}/logs/workflows`]: {
        json: [
          { workflow: { id: "w-1", status: "Running", progress: 40, active_description: "Deploying code" } },
          { workflow: { id: "w-2", status: "Success", progress: 100, active_description: "Deployed code" } },
          { workflow: { id: "w-3", status: "Failed", progress: 100, reason: "out of space" } },
          { workflow: { id: "w-4", status: "Suspended", progress: 100 } }
        ]
      },
      [`GET /api/sites/${site}/workflows/old`]: {
        json: {
          id: "old",
          result: "succeeded",
          phase: "started",
          step: 3,
          number_of_tasks: 3,
          active_description: "Old"
        }
      }
    }))))

  const catalog = {
    "1_backup_code": entry("1", "code"),
    "2_backup_code": entry("2", "code"),
    "2_backup_database": entry("2", "database"),
    "2_backup_files": entry("2", "files"),
    "3_backup_files": entry("3", "files", { size: 0 }),
    "2_backup_manifest": { folder: "2_backup", total_files: 3 }
  }
  const catalogRoute = { [`GET /api/sites/${site}/environments/live/backups/catalog`]: { json: catalog } }

  it.effect("downloads the newest finished backup of each element, by a URL that is minted late and anew", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      const download = yield* inTime(api.download("backups"))
      const files = yield* inTime(download.files("my-site.live", { elements: ["all"] }))
      assert.deepStrictEqual(files.map(({ element, name, size }) => ({ element, name, size })), [
        { element: "code", name: "my-site_live_2_code.gz", size: 100 },
        { element: "database", name: "my-site_live_2_database.gz", size: 100 },
        { element: "files", name: "my-site_live_2_files.gz", size: 100 }
      ])
      assert.deepStrictEqual((yield* asked).filter((call) => call.includes("s3token")), [])

      const [code] = files
      const first = yield* inTime(code!.request)
      const second = yield* inTime(code!.request)
      assert.deepStrictEqual([first.url, second.url], ["http://s3.test/a?signature=1", "http://s3.test/a?signature=2"])
      assert.strictEqual(Duration.toHours(code!.lasts!), 1)
      const fake = yield* FakeHttpClient
      const mint = (yield* fake.calls).find(({ path }) => String(path).includes("s3token"))
      assert.strictEqual(mint!["path"], `/api/sites/${site}/environments/live/backups/catalog/2_backup/code/s3token`)
      assert.deepStrictEqual(mint!["body"], { method: "get" })
    }).pipe(Effect.provide(pantheon({
      ...catalogRoute,
      [`POST /api/sites/${site}/environments/live/backups/catalog/2_backup/code/s3token`]: {
        sequence: [{ json: { url: "http://s3.test/a?signature=1" } }, { json: { url: "http://s3.test/a?signature=2" } }]
      }
    }))))

  it.effect("lists backups without manifests, with the day they go", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      const rows = yield* rowsOf(api, "backups", ["my-site", "live"])
      assert.lengthOf(rows, 5)
      assert.strictEqual(rows[0]!["initiator"], "manual")
    }).pipe(Effect.provide(pantheon(catalogRoute))))

  it.effect("says which elements there are and which are missing", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      const download = yield* inTime(api.download("backups"))
      const unknown = yield* inTime(Effect.flip(download.files("my-site.live", { elements: ["databse"] })))
      assert.strictEqual(unknown.message, `there is no element "databse"`)
      assert.strictEqual(unknown.hint, `did you mean "database"?`)
      const empty = yield* inTime(Effect.flip(download.files("my-site.live")))
      assert.strictEqual(empty.message, "there are no backups of my-site.live")
    }).pipe(Effect.provide(pantheon({
      [`GET /api/sites/${site}/environments/live/backups/catalog`]: { json: {} }
    }))))

  describe("reads what terminus reads", () => {
    const config = [
      "TERMINUS_HOST: from-config.test",
      "TERMINUS_PROTOCOL: http",
      "performance:",
      "  requests_per_second: 3",
      "  burst_size: 7",
      "  max_concurrent_requests: 2",
      ""
    ].join("\n")
    const own = (environment: Readonly<Record<string, string>>, files: Readonly<Record<string, string>>) =>
      Effect.map(open(profile, { environment, files }), ({ api }) => api)
    const list = { "GET /api/*": { json: [] } }

    it.effect("host and performance from ~/.terminus/config.yml", () =>
      Effect.gen(function*() {
        const api = yield* own({ TERMINUS_TOKEN: "machine-token" }, { ".terminus/config.yml": config })
        yield* rowsOf(api, "upstreams")
        const state = yield* api.http.state("from-config.test")
        assert.strictEqual(state.concurrency, 2)
        assert.strictEqual(state.requestsPerSecond, 3)
        assert.deepStrictEqual(api.limits, { lists: 2, workflows: 10 })
      }).pipe(Effect.provide(pantheon(list))))

    it.effect("variables before the file, and the seed's own ones", () =>
      Effect.gen(function*() {
        const api = yield* own({
          TERMINUS_TOKEN: "machine-token",
          TERMINUS_HOST: "from-env.test",
          TERMINUS_MAX_CONCURRENT_REQUESTS: "4",
          TERMINUS_PARALLEL_PAGINATION: "false",
          TERMINUS_MAX_CONCURRENT_WORKFLOWS: "6"
        }, { ".terminus/config.yml": config })
        yield* rowsOf(api, "upstreams")
        assert.strictEqual((yield* api.http.state("from-env.test")).concurrency, 4)
        assert.deepStrictEqual(api.limits, { lists: 1, workflows: 6 })
      }).pipe(Effect.provide(pantheon(list))))

    it.effect.each(
      [
        ["the only one", { "me@x.test": "tok-only" }, {}, "tok-only"],
        [
          "that of TERMINUS_USER",
          { "me@x.test": "tok-me", "you@x.test": "tok-you" },
          { TERMINUS_USER: "you@x.test" },
          "tok-you"
        ]
      ] as const
    )("a machine token that auth:login has kept: %s", ([, tokens, environment, token]) =>
      Effect.gen(function*() {
        const files = Object.entries(tokens).map(([email, token]) => [
          `.terminus/cache/tokens/${email}`,
          JSON.stringify({ token, email, date: 1 })
        ])
        const api = yield* own(
          { TERMINUS_HOST: "x.test", TERMINUS_PROTOCOL: "http", ...environment },
          Object.fromEntries(files)
        )
        yield* rowsOf(api, "upstreams")
        const fake = yield* FakeHttpClient
        assert.deepStrictEqual((yield* fake.calls)[0]!["body"], { machine_token: token, client: "terminus" })
      }).pipe(Effect.provide(pantheon(list))))

    it.effect("the session that terminus has kept", () =>
      Effect.gen(function*() {
        const kept = JSON.stringify({
          session: "kept-session",
          user_id: user,
          expires_at: 9_999_999_999,
          email: "me@x.test"
        })
        const api = yield* own({ TERMINUS_HOST: "x.test", TERMINUS_PROTOCOL: "http" }, {
          ".terminus/cache/session": kept
        })
        yield* rowsOf(api, "upstreams")
        assert.deepStrictEqual(yield* asked, [`GET /api/users/${user}/upstreams`])
      }).pipe(Effect.provide(pantheon(list))))
  })

  it.effect("does again what was told to slow down, since it was not done", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      const { done, sent } = yield* does(api, "env:deploy", "my-site.test")
      assert.lengthOf(sent, 3)
      assert.lengthOf(done.handles, 1)
      assert.isFalse(done.adopted)
    }).pipe(Effect.provide(pantheon({
      [`POST /api/sites/${site}/environments/test/workflows`]: {
        sequence: [{ status: 429, headers: { "retry-after": 2 } }, { status: 403, text: "Slow your roll." }, started]
      }
    }))))

  it.effect("tells of domains and upstream updates of many sites", () =>
    Effect.gen(function*() {
      const api = yield* begin()
      const dns = yield* does(api, "domain:dns", "my-site.live")
      assert.deepStrictEqual(dns.done.result, {
        domains: [{
          id: "x.test",
          status: "ok",
          message: null,
          certificate: null,
          ownership: null,
          records: [{ type: "A" }]
        }]
      })
      const updates = yield* does(api, "upstream:updates:status", "my-site")
      assert.deepInclude(updates.done.result as ValueRecord, {
        behind: 1,
        dev_up_to_date: false,
        commits: ["Update core"]
      })
    }).pipe(Effect.provide(pantheon({
      [`GET /api/sites/${site}/environments/live/domains`]: {
        json: [{ id: "x.test", status: "ok", dns_status_details: { dns_records: [{ type: "A" }] } }]
      },
      [`GET /api/sites/${site}/code-upstream-updates`]: {
        json: {
          ahead: 0,
          behind: 1,
          dev: { is_up_to_date_with_upstream: false },
          update_log: { abc: { hash: "abc", message: "Update core" } }
        }
      }
    }))))

  it.effect("takes the 403 of the old rate limit for what it is", () =>
    Effect.gen(function*() {
      const api = yield* begin({ limits: { retries: 2 } })
      const rows = yield* rowsOf(api, "upstreams")
      assert.deepStrictEqual(rows, [])
      const decisions = yield* api.http.decisions
      assert.isTrue(decisions.some(({ what }) => what === "pause"))
    }).pipe(Effect.provide(pantheon({
      [`GET /api/users/${user}/upstreams`]: {
        sequence: [
          { status: 403, json: "You have already made 1,000 requests in the past hour. Slow your roll." },
          { json: [] }
        ]
      }
    }))))
})
