import { NodeServices } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Path, Stream } from "effect"
import * as FakeStopSignal from "../../src/layers/fake/FakeStopSignal.ts"
import * as Live from "../../src/layers/Live.ts"
import * as ReportFold from "../../src/programs/report/ReportFold.ts"
import * as Runner from "../../src/programs/Runner.ts"
import { builtin } from "../../src/scenario/actions/builtin.ts"
import { MessageBroker } from "../../src/services/MessageBroker.ts"
import * as HttpServers from "../support/HttpServers.ts"
import * as RobogoServer from "../support/RobogoServer.ts"

const layer = Layer.mergeAll(Live.layer(), FakeStopSignal.layer).pipe(Layer.provideMerge(NodeServices.layer))

/** Files that name actions which skein has not, or programs that this machine may not have. */
const notRun = /37-other-systems|30-ping|\/(data|templates)\//

/** How cases end; those that are not listed pass. */
const endings: Readonly<Record<string, string>> = {
  "g3/04-http-no-server.yaml": "error",
  "g3/06-assert-fails.yaml": "failed",
  "g3/08-unresolved.yaml": "error",
  "g3/18-postgres-error.yaml": "error",
  "g3/19-no-log-security.yaml": "failed",
  "g3/20-step-level-masking.yaml": "failed",
  "g3/23-continue.yaml": "failed",
  "g3/25-retry-exhausted.yaml": "failed",
  "g3/27-extract-nothing.yaml": "error",
  "g3/29-ssl-certificate.yaml": "failed",
  "g3/33-setup-fails.yaml": "error",
  "g3/34-teardown-fails.yaml": "error",
  "g3/36-bad-values.yaml": "error",
  "g2/04-while-without-end.yaml": "error",
  "g2/05-results.yaml": "error",
  "g2/06-unknown-in-condition.yaml": "error",
  "g1/07-expect-error-missing.yaml": "failed",
  "g1/09-skip-action.yaml": "skipped",
  "g1/10-skip-case.yaml": "skipped",
  "g1/12-continue-on-failure.yaml": "failed",
  "g1/16-data-that-breaks-rules.yaml": "failed",
  "g1/20-history.yaml": "error",
  "g1/suites/case-fails.yaml": "failed",
  "g1/suites/case-fine.yaml": "skipped",
  "g1/suites/setup-failure-suite.yaml": "error"
}

const secrets = [
  "hunter2-very-secret",
  "123-45-6789",
  "4111111111111111",
  "tok-0123456789",
  "also-hidden-4711",
  "s3cret-from-file",
  "just-a-text-secret",
  "env-secret-value",
  "suite-secret-99",
  "dev-password-1"
]

const folder = "test/fixtures/robogo"

/** The files of the corpus, sorted. */
const corpus = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const names = yield* files.readDirectory(folder, { recursive: true })
  return names.filter((name) => name.endsWith(".yaml") && !name.startsWith("data/")).sort()
})

const plan = Effect.fnUntraced(function*(names: ReadonlyArray<string>) {
  const workingDirectory = (yield* Path.Path).resolve(folder)
  return yield* Runner.plan(names, { actions: builtin, workingDirectory })
})

/** Runs files of the corpus against its server. */
const run = Effect.fnUntraced(function*(names: ReadonlyArray<string>) {
  const server = yield* HttpServers.http(RobogoServer.listener())
  const tls = yield* HttpServers.https(HttpServers.identity("self"), RobogoServer.listener())
  // That tool declares nothing: the queues are there.
  const broker = yield* (yield* MessageBroker).connect("embedded:robogo")
  yield* broker.declare({ queues: [{ name: "robogo.g1" }, { name: "robogo.g3" }] })
  const events = yield* Stream.runCollect(Runner.events(yield* plan(names), {
    concurrency: 4,
    seed: 1,
    keepExchanges: true,
    environment: {
      BASE_URL: server.url,
      PORT: String(server.port),
      TLS_PORT: String(tls.port),
      DB_URL: "embedded:",
      BROKER_URL: "embedded:robogo",
      ROBOGO_TEST_NAME: "corpus",
      ROBOGO_TEST_SECRET: "env-secret-value"
    }
  }))
  return { events, report: ReportFold.fromEvents(events) }
}, Effect.scoped)

it.layer(layer, { excludeTestServices: true })("Robogo files of all three generations", (it) => {
  it.effect("are no errors of check, apart from actions that skein has not", () =>
    Effect.gen(function*() {
      const { problems } = yield* plan(yield* corpus)

      const errors = problems.filter(({ severity }) => severity === "error")
      assert.deepStrictEqual(errors.map(({ message, span }) => `${span.source.path}: ${message}`), [
        "g3/37-other-systems.yaml: skein has no action kafka",
        "g3/37-other-systems.yaml: skein has no action spanner",
        "g3/37-other-systems.yaml: skein has no action scp"
      ])
    }))

  it.effect("end as that tool meant them to", () =>
    Effect.gen(function*() {
      const names = (yield* corpus).filter((name) => !notRun.test(name))
      const { events, report } = yield* run(names.filter((name) => !/suites\/case-/.test(name)))

      const wrong = report.cases.flatMap((one) => {
        const expected = endings[one.file] ?? "passed"
        // Of a suite that fails fast and of one whose set-up fails the same file is a case.
        const isKnown = one.status === expected || one.file === "g1/suites/case-fine.yaml" && one.status === "error"
        const why = [...one.failures, ...one.steps.flatMap((step) => step.failures)].map(({ message }) => message)
        return isKnown ? [] : [`${one.file} ${one.name}: ${one.status}, not ${expected}: ${why.join("; ")}`]
      })
      assert.deepStrictEqual(wrong, [])
      assert.isAtLeast(report.cases.length, 60)
      const told = JSON.stringify(events)
      assert.deepStrictEqual(secrets.filter((secret) => told.includes(secret)), [])
    }))
})
