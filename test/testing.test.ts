/** What `skein/testing` gives to the tests of users. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Schema } from "effect"
import * as Action from "../src/scenario/Action.ts"
import { builtin } from "../src/scenario/actions/builtin.ts"
import * as Scenario from "../src/scenario/Build.ts"
import * as Testing from "../src/testing.ts"
import { inTime } from "./support/virtualTime.ts"

/** All that did not pass, for the message of a failed test. */
const why = ({ report }: Testing.Outcome) => JSON.stringify(report.cases.flatMap((one) => [one.status, one.failures]))

describe("Testing", () => {
  it.effect("runs a scenario on fakes: HTTP by script, mocks without a socket, secrets, probes, jq", () =>
    Effect.gen(function*() {
      const probe = yield* Testing.FakeNetworkProbe
      const secrets = yield* Testing.FakeSecrets
      yield* probe.listen({ host: "shop.test", port: 80 })
      yield* secrets.file("/run/token", "t-4711-secret\n")

      const outcome = yield* Testing.run(`
secrets: { token: { file: /run/token } }
mocks: { stock: { routes: { "GET /stock": { json: { left: 3 } } } } }
steps:
  - { http: { url: "http://shop.test/orders", bearer: "\${secrets.token}" }, expect: body.id == 7 }
  - { http: "\${mocks.stock.url}/stock", expect: body.left == 3 }
  - { assert: size(mocks.stock.calls) == 1 }
  - { tcp_connect: { host: shop.test, port: 80 }, expect: connected }
  - { jq: { data: { a: 1 }, query: .a }, expect: value == 1 }
`)

      assert.strictEqual(outcome.report.summary.passed, 1, why(outcome))
      const [call] = yield* (yield* Testing.FakeHttpClient).calls
      assert.deepInclude(call!["headers"], { authorization: "Bearer t-4711-secret" })
      assert.notInclude(JSON.stringify(outcome), "t-4711")
    }).pipe(Effect.provide(Testing.layer({ routes: { "GET http://shop.test/orders": { json: { id: 7 } } } }))))

  it.effect("runs Postgres steps without a server", () =>
    Effect.gen(function*() {
      const postgres = yield* Testing.FakePostgres
      yield* postgres.failNext(1, "Connection")
      const outcome = yield* Testing.run(
        "steps: [{ postgres: { query: select 1 as n }, expect: 'rows[0].n == 1', retry: { attempts: 2, on: [connection] } }]"
      )

      assert.strictEqual(outcome.report.summary.passed, 1, why(outcome))
      assert.lengthOf(yield* postgres.statements, 2)
    }).pipe(Effect.provide(Testing.layer())))

  it.effect("runs documents, messages and caches without a server, and each can be made to fail", () =>
    Effect.gen(function*() {
      const [documents, broker, caches] = yield* Effect.all([
        Testing.FakeDocumentStore,
        Testing.FakeMessageBroker,
        Testing.FakeCacheStore
      ])
      yield* documents.failNext(1, "Connection")
      yield* broker.refuseNext(1)
      yield* caches.failNext(1, "Connection")
      const outcome = yield* Testing.run(
        `
setup:
  - amqp: { declare: { queues: [orders] } }
steps:
  - mongo: { collection: orders, insert: { _id: 7 } }
    expect_error: Connection
  - mongo: { collection: orders, insert: { _id: 7 } }
  - amqp: { publish: { id: 7 }, queue: orders }
    expect: outcome == 'refused'
  - cache: { url: sessions, set: "order:7", value: open }
    expect_error: Connection
  - cache: { url: sessions, get: "order:7" }
    expect: value == 'open'
`,
        { connections: { sessions: "redis://cache.test" } }
      )

      assert.strictEqual(outcome.report.summary.passed, 1, why(outcome))
      assert.deepStrictEqual((yield* documents.operations).map(({ operation }) => operation), [
        "insertOne",
        "insertOne"
      ])
      assert.lengthOf(yield* broker.published, 1)
      assert.isNotEmpty(yield* caches.commands)
    }).pipe(Effect.provide(Testing.layer())))

  it.effect("time is that of the test: an hour of waiting takes none", () =>
    Effect.gen(function*() {
      const { report } = yield* inTime(
        Testing.run(`
mocks: { slow: { routes: { "GET /": { delay: 20s } } } }
steps:
  - sleep: 1h
  - http: "\${mocks.slow.url}/"
`),
        "1 minute"
      )

      assert.strictEqual(report.summary.passed, 1)
      assert.isAtLeast(report.duration_ms, 3_620_000)
    }).pipe(Effect.provide(Testing.layer())))

  it.effect("runs several files, with what they refer to", () =>
    Effect.gen(function*() {
      const { directory, report } = yield* Testing.run({
        "a.yaml": "name: A\ndata: { csv: data/rows.csv }\nsteps: [{ assert: number(row.n) > 0 }]",
        "data/rows.csv": "n\n1\n2\n",
        "more/b.yaml": "name: B\nsteps: [{ file_write: { path: out.txt, content: hi } }]"
      })

      assert.strictEqual(report.summary.passed, 3)
      assert.isTrue(yield* FileSystem.FileSystem.use((files) => files.exists(`${directory}/more/out.txt`)))
    }).pipe(Effect.provide(Testing.layer())))

  it.effect("its folder goes with the scope of the test", () =>
    Effect.gen(function*() {
      const { directory } = yield* Effect.scoped(Testing.run({ "a.yaml": "steps: [log: hi]" }))

      assert.isFalse(yield* FileSystem.FileSystem.use((files) => files.exists(directory)))
    }).pipe(Effect.provide(Testing.layer())))

  it.effect("runs a scenario built in code, with own actions", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const note = Action.make({
        name: "note",
        family: "test",
        summary: "Notes a text",
        input: Schema.Struct({ text: Schema.String }),
        positional: ["text"],
        output: Schema.String,
        effect: "write",
        examples: [{ title: "", yaml: "" }, { title: "", yaml: "" }],
        run: ({ text }) => Effect.sync(() => (seen.push(text), text))
      })
      const scenario = Scenario.make<typeof note | (typeof builtin)[number]>({
        name: "In code",
        vars: { who: "Ada" },
        steps: [{ note: { text: "hello ${who}" }, save: { said: "value" } }, { assert: "said == 'hello Ada'" }]
      })

      const outcome = yield* Testing.run(scenario, { actions: [note, ...builtin] })

      assert.strictEqual(outcome.report.summary.passed, 1, why(outcome))
      assert.deepStrictEqual(seen, ["hello Ada"])
    }).pipe(Effect.provide(Testing.layer())))

  it.effect("runs files where they stand", () =>
    Effect.gen(function*() {
      const directory = yield* Testing.write({ "a.yaml": "name: A\nsteps: [{ assert: n == 1 }]" })
      const { report } = yield* Testing.runFiles(["*.yaml"], directory, { variables: { n: 1 } })

      assert.strictEqual(report.summary.passed, 1)
    }).pipe(Effect.provide(Testing.layer())))

  it.effect("mistakes in a scenario fail with their places", () =>
    Effect.gen(function*() {
      const text = yield* Effect.flip(Testing.run("steps: [{ htp: x }]"))
      const file = yield* Effect.flip(Testing.run({ "a.yaml": "steps: [{ htp: x }]" }))

      for (const error of [text, file]) {
        assert.strictEqual(error._tag, "CompileError")
        assert.match(error.message, /yaml:1:11[^]*http/)
      }
    }).pipe(Effect.provide(Testing.layer())))

  it.effect("Ctrl-C is pulled by the test", () =>
    Effect.gen(function*() {
      const stop = yield* Testing.FakeStopSignal
      yield* stop.stop()
      const { report } = yield* Testing.run("steps: [{ sleep: 1h }]")

      assert.isTrue(report.interrupted)
    }).pipe(Effect.provide(Testing.layer())))
})
