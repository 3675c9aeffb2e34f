import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, Ref, Schema, Stream } from "effect"
import { FakeStopSignal } from "../../src/layers/fake/FakeStopSignal.ts"
import * as Runner from "../../src/programs/Runner.ts"
import * as Action from "../../src/scenario/Action.ts"
import { skip } from "../../src/scenario/actions/control.ts"
import { log } from "../../src/scenario/actions/log.ts"
import * as Fields from "../../src/scenario/Fields.ts"
import * as Scenarios from "../support/runScenarios.ts"

/** Actions that note who did what, that fail so many times, and that wait until they are interrupted. */
const actions = () => {
  const notes: Array<string> = []
  const started = Deferred.makeUnsafe<void>()
  const failures = new Map<string, number>()
  const examples = [{ title: "", yaml: "" }, { title: "", yaml: "" }] as const
  const common = { family: "test", output: Schema.String, effect: "write" as const, examples }
  const note = Action.make({
    ...common,
    name: "note",
    summary: "Notes its text",
    input: Schema.Struct({ text: Fields.describe(Fields.Text, "What to note") }),
    positional: ["text"],
    run: (input) => Effect.sync(() => (notes.push(input.text), input.text))
  })
  const fail = Action.make({
    ...common,
    name: "fail",
    summary: "Fails so many times, then passes",
    input: Schema.Struct({
      times: Fields.describe(Fields.Int, "How often"),
      key: Fields.optional(Fields.Text, "Who is counted")
    }),
    positional: ["times"],
    run: (input, context) =>
      Effect.suspend(() => {
        const key = input.key ?? context.caseId
        const before = failures.get(key) ?? 0
        failures.set(key, before + 1)
        return before < input.times
          ? new Action.ActionError({ reason: "Failed", message: `failure ${before + 1}` })
          : Effect.succeed("passed")
      })
  })
  const hang = Action.make({
    ...common,
    name: "hang",
    summary: "Waits until it is interrupted",
    input: Schema.Struct({}),
    positional: [],
    run: () =>
      Deferred.succeed(started, undefined).pipe(
        Effect.andThen(Effect.never),
        Effect.onInterrupt(() => Effect.sync(() => notes.push("interrupted")))
      )
  })
  return { notes, started: Deferred.await(started), all: [note, fail, hang, log] as const }
}

/** A case that notes the token it sees. */
const one = (name: string) => `name: ${name}\nvars: { token: none }\nsteps:\n  - note: "\${token} ${name}"`

const statuses = (outcome: Scenarios.Outcome) =>
  Object.fromEntries(outcome.report.cases.map((one) => [one.name, one.status]))

describe("Runner", () => {
  it.live("gives each case setup, steps, teardown and a status of its own", () =>
    Effect.gen(function*() {
      const { all, notes } = actions()
      const outcome = yield* Scenarios.run({
        "a.yaml": "name: A\nsetup: [note: a1]\nsteps: [note: a2]\nteardown: [note: a3]",
        "b.yaml": "name: B\nsteps: [fail: 1]\nteardown: [note: b3]",
        "c.yaml": "name: C\nskip: not yet\nsteps: [note: c1]"
      }, all)

      assert.deepStrictEqual(statuses(outcome), { A: "passed", B: "failed", C: "skipped" })
      assert.deepStrictEqual(notes.filter((text) => text.startsWith("a")), ["a1", "a2", "a3"])
      assert.include(notes, "b3")
      assert.deepInclude(outcome.report.summary, { total: 3, passed: 1, failed: 1, skipped: 1 })
    }).pipe(Effect.provide(Scenarios.layer)))

  it.live("a setup that does not pass is an error: no step runs, the teardown does", () =>
    Effect.gen(function*() {
      const { all, notes } = actions()
      const outcome = yield* Scenarios.run({
        "a.yaml": "name: A\nsetup: [fail: 1]\nsteps: [note: steps]\nteardown: [note: teardown]"
      }, all)

      assert.deepStrictEqual(statuses(outcome), { A: "error" })
      assert.deepStrictEqual(notes, ["teardown"])
    }).pipe(Effect.provide(Scenarios.layer)))

  it.live("a teardown that does not pass is never green, and its later steps still run", () =>
    Effect.gen(function*() {
      const { all, notes } = actions()
      const outcome = yield* Scenarios.run({
        "a.yaml": "name: A\nsteps: [note: steps]\nteardown: [fail: 1, note: last]"
      }, all)

      assert.deepStrictEqual(statuses(outcome), { A: "error" })
      assert.deepStrictEqual(notes, ["steps", "last"])
      assert.strictEqual(outcome.report.cases[0]!.reason, "its teardown did not pass")
    }).pipe(Effect.provide(Scenarios.layer)))

  it.live("a case that takes too long is an error, and its teardown runs", () =>
    Effect.gen(function*() {
      const { all, notes } = actions()
      const outcome = yield* Scenarios.run({
        "a.yaml": "name: A\ntimeout: 200ms\nsteps: [hang: ]\nteardown: [note: teardown]"
      }, all)

      assert.deepStrictEqual(statuses(outcome), { A: "error" })
      assert.deepStrictEqual(notes, ["interrupted", "teardown"])
      assert.include(outcome.report.cases[0]!.failures[0]!.message, "200ms")
    }).pipe(Effect.provide(Scenarios.layer)))

  it.live("the action skip ends its case as skipped, with its teardown", () =>
    Effect.gen(function*() {
      const { all, notes } = actions()
      const outcome = yield* Scenarios.run({
        "a.yaml": "name: A\nsteps:\n  - note: a\n  - steps: [{ skip: not here }]\n  - note: b\nteardown: [note: c]"
      }, [...all, skip])

      assert.deepStrictEqual(statuses(outcome), { A: "skipped" })
      assert.deepStrictEqual(notes, ["a", "c"])
      assert.strictEqual(outcome.report.cases[0]!.reason, "not here")
    }).pipe(Effect.provide(Scenarios.layer)))

  describe("stopping", () => {
    it.live("R26 a stop signal interrupts the running step, runs the teardown, starts no further case, and ends with a report", () =>
      Effect.gen(function*() {
        const { all, notes, started } = actions()
        const stop = yield* FakeStopSignal
        const fiber = yield* Effect.forkChild(Scenarios.run(
          {
            "a.yaml": "name: A\nsteps: [hang: ]\nteardown: [note: teardown]",
            "b.yaml": "name: B\nsteps: [note: b]"
          },
          all,
          { concurrency: 1 }
        ))
        yield* started
        yield* stop.stop()
        const outcome = yield* Fiber.join(fiber)

        assert.deepStrictEqual(statuses(outcome), { A: "interrupted", B: "interrupted" })
        assert.deepStrictEqual(notes, ["interrupted", "teardown"])
        assert.isTrue(outcome.report.interrupted)
      }).pipe(Effect.provide(Scenarios.layer)))

    it.live("R44 a caller who interrupts the run gets its teardowns", () =>
      Effect.gen(function*() {
        const { all, notes, started } = actions()
        const fiber = yield* Effect.forkChild(Scenarios.run({
          "a.yaml": "name: A\nsteps: [hang: ]\nteardown: [note: teardown]"
        }, all))
        yield* started
        yield* Fiber.interrupt(fiber)

        assert.deepStrictEqual(notes, ["interrupted", "teardown"])
      }).pipe(Effect.provide(Scenarios.layer)))

    it.live("a teardown that hangs after a stop is ended after the grace period", () =>
      Effect.gen(function*() {
        const { all, started } = actions()
        const stop = yield* FakeStopSignal
        const fiber = yield* Effect.forkChild(Scenarios.run(
          {
            "a.yaml": "name: A\nsteps: [hang: ]\nteardown: [hang: ]"
          },
          all,
          { grace: Duration.millis(30) }
        ))
        yield* started
        yield* stop.stop()
        const outcome = yield* Fiber.join(fiber)

        assert.deepStrictEqual(statuses(outcome), { A: "interrupted" })
      }).pipe(Effect.provide(Scenarios.layer)))

    it.live("fail-fast starts no further case", () =>
      Effect.gen(function*() {
        const { all, notes } = actions()
        const outcome = yield* Scenarios.run(
          {
            "a.yaml": "name: A\nsteps: [fail: 1]",
            "b.yaml": "name: B\nsteps: [note: b]"
          },
          all,
          { concurrency: 1, failFast: 1 }
        )

        assert.deepStrictEqual(statuses(outcome), { A: "failed", B: "skipped" })
        assert.deepStrictEqual(notes, [])
      }).pipe(Effect.provide(Scenarios.layer)))

    it.live("the run's time-out stops it", () =>
      Effect.gen(function*() {
        const { all } = actions()
        const files = { "a.yaml": "name: A\nsteps: [hang: ]", "b.yaml": "name: B\nsteps: [note: b]" }
        const outcome = yield* Scenarios.run(files, all, { concurrency: 1, runTimeout: Duration.millis(30) })

        assert.deepStrictEqual(statuses(outcome), { A: "interrupted", B: "interrupted" })
        assert.isFalse(outcome.report.interrupted, "nobody asked it to stop")
      }).pipe(Effect.provide(Scenarios.layer)))
  })

  describe("retries", () => {
    it.live("a case that passes on a retry is flaky, one that never does has failed", () =>
      Effect.gen(function*() {
        const { all } = actions()
        const outcome = yield* Scenarios.run(
          {
            "a.yaml": "name: A\nsteps: [fail: 1]",
            "b.yaml": "name: B\nsteps: [fail: 9]",
            "c.yaml": "name: C\nretries: 0\nsteps: [note: c]"
          },
          all,
          { retries: 2 }
        )

        assert.deepStrictEqual(statuses(outcome), { A: "flaky", B: "failed", C: "passed" })
        assert.deepStrictEqual(outcome.report.cases.map((one) => one.attempts), [2, 3, 1])
        assert.deepInclude(outcome.report.summary, { total: 3, flaky: 1, failed: 1, passed: 1 })
      }).pipe(Effect.provide(Scenarios.layer)))

    it.live("repeat runs every case so often, each with an id of its own", () =>
      Effect.gen(function*() {
        const { all } = actions()
        const outcome = yield* Scenarios.run({ "a.yaml": "name: A\nsteps: [note: a]" }, all, { repeat: 3 })

        assert.lengthOf(new Set(outcome.report.cases.map((one) => one.id)), 3)
      }).pipe(Effect.provide(Scenarios.layer)))
  })

  describe("suites", () => {
    const suite =
      "suite: S\nsetup:\n  - note: in\n    save: { token: value }\ncases: [one.yaml, two.yaml]\nteardown: [note: out]\n"

    it.live("runs a suite's setup once, hands on what it saved, and its teardown once at the end", () =>
      Effect.gen(function*() {
        const { all, notes } = actions()
        const outcome = yield* Scenarios.run({ "s.yaml": suite, "one.yaml": one("One"), "two.yaml": one("Two") }, all)

        assert.deepStrictEqual(statuses(outcome), { One: "passed", Two: "passed" })
        assert.deepStrictEqual([notes[0], ...notes.slice(1, -1).sort(), notes.at(-1)], [
          "in",
          "in One",
          "in Two",
          "out"
        ])
      }).pipe(Effect.provide(Scenarios.layer)))

    it.live("a suite's setup that does not pass makes its cases errors and is told as a case of its own", () =>
      Effect.gen(function*() {
        const { all, notes } = actions()
        const outcome = yield* Scenarios.run({
          "s.yaml": suite.replace("- note: in\n    save: { token: value }", "- fail: 1"),
          "one.yaml": one("One"),
          "two.yaml": one("Two")
        }, all)

        assert.deepStrictEqual(statuses(outcome), { One: "error", Two: "error", "S (suite)": "error" })
        assert.deepStrictEqual(notes, ["out"])
      }).pipe(Effect.provide(Scenarios.layer)))

    it.live("a suite's teardown that does not pass is told as a case of its own", () =>
      Effect.gen(function*() {
        const { all } = actions()
        const outcome = yield* Scenarios.run({
          "s.yaml": suite.replace("note: out", "fail: 1"),
          "one.yaml": one("One"),
          "two.yaml": one("Two")
        }, all)

        assert.deepStrictEqual(statuses(outcome), { One: "passed", Two: "passed", "S (suite)": "error" })
      }).pipe(Effect.provide(Scenarios.layer)))

    it.live("the variables of an entry reach its case alone, over those the suite saved", () =>
      Effect.gen(function*() {
        const { all, notes } = actions()
        yield* Scenarios.run({
          "s.yaml": suite.replace(
            "[one.yaml, two.yaml]",
            "\n  - { file: one.yaml, vars: { token: mine } }\n  - two.yaml"
          ),
          "one.yaml": one("One"),
          "two.yaml": one("Two")
        }, all)

        assert.includeMembers(notes, ["mine One", "in Two"])
      }).pipe(Effect.provide(Scenarios.layer)))

    it.live("a suite that is not parallel keeps its order", () =>
      Effect.gen(function*() {
        const { all, notes } = actions()
        const files = Object.fromEntries(["3", "1", "2"].map((name) => [`${name}.yaml`, one(name)]))
        yield* Scenarios.run({ "s.yaml": "suite: S\nserial: true\ncases: [3.yaml, 1.yaml, 2.yaml]", ...files }, all)

        assert.deepStrictEqual(notes, ["none 3", "none 1", "none 2"])
      }).pipe(Effect.provide(Scenarios.layer)))
  })

  describe("data", () => {
    it.live("makes one case of every row, named by it", () =>
      Effect.gen(function*() {
        const { all, notes } = actions()
        const outcome = yield* Scenarios.run({
          "a.yaml": "name: Row ${row.n}\ndata: { csv: rows.csv }\nsteps:\n  - note: ${row.n}-${index}",
          "rows.csv": "n\nx\ny\n"
        }, all)

        assert.deepStrictEqual(statuses(outcome), { "Row x": "passed", "Row y": "passed" })
        assert.sameMembers(notes, ["x-0", "y-1"])
      }).pipe(Effect.provide(Scenarios.layer)))

    it.live("tells of a data file that cannot be read before anything runs", () =>
      Effect.gen(function*() {
        const { all } = actions()
        const directory = yield* Scenarios.write({
          "a.yaml": "name: A\ndata: { json: rows.json }\nsteps: [note: a]",
          "rows.json": "{"
        })
        const plan = yield* Runner.plan([directory], { actions: all, workingDirectory: directory })

        assert.deepStrictEqual(plan.problems.map((problem) => problem.code), ["data"])
      }).pipe(Effect.scoped, Effect.provide(Scenarios.layer)))
  })

  it.live("a contract that cannot be used is a problem before anything runs", () =>
    Effect.gen(function*() {
      const { all } = actions()
      const directory = yield* Scenarios.write({
        "a.yaml": "name: A\nsteps:\n  - steps:\n    - note: x\n      expect: { schema: none.json }\n" +
          "  - note: y\n    expect: { openapi: api.json, operation: getX }\n",
        "api.json": "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"A\",\"version\":\"1\"},\"paths\":{}}"
      })
      const plan = yield* Runner.plan([directory], { actions: all, workingDirectory: directory })

      assert.deepStrictEqual(plan.problems.map((problem) => problem.code), ["contract", "contract"])
    }).pipe(Effect.scoped, Effect.provide(Scenarios.layer)))

  it.live("R15 a secret is in no event, in no spelling", () =>
    Effect.gen(function*() {
      const { all } = actions()
      const secret = "s3cr3t/with+chars=\""
      const { events } = yield* Scenarios.run(
        {
          "a.yaml": "name: A\nsecrets: { token: { env: TOKEN } }\nsteps:\n" +
            "  - log: plain ${secrets.token}\n" +
            "  - log: base64 ${base64('user:' + secrets.token)}\n" +
            "  - { note: \"${secrets.token}\", expect: value == 'x' }\n"
        },
        all,
        { environment: { TOKEN: secret } }
      )

      const text = JSON.stringify(events)
      assert.notInclude(text, secret)
      assert.notInclude(text, JSON.stringify(secret).slice(1, -1))
      assert.notInclude(text, btoa(`user:${secret}`))
      assert.include(text, "***")
    }).pipe(Effect.provide(Scenarios.layer)))

  it.live("loses no event to a slow reader", () =>
    Effect.gen(function*() {
      const { all } = actions()
      const directory = yield* Scenarios.write({
        "a.yaml": "name: A\ndata: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\nsteps:\n  - { for: 40, note: x }"
      })
      const plan = yield* Runner.plan([directory], { actions: all, workingDirectory: directory })
      const seen = yield* Ref.make(0)
      yield* Stream.runForEach(Runner.events(plan, { concurrency: 10 }), (event) =>
        event._tag === "StepFinished"
          ? Effect.andThen(Ref.update(seen, (count) => count + 1), Effect.yieldNow)
          : Effect.void)

      assert.strictEqual(yield* Ref.get(seen), 400)
    }).pipe(Effect.scoped, Effect.provide(Scenarios.layer)))
})
