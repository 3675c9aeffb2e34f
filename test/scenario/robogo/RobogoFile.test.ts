import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import type { Value } from "../../../src/core/Value.ts"
import { builtin } from "../../../src/scenario/actions/builtin.ts"
import * as CompileInput from "../../../src/scenario/compile/CompileInput.ts"
import * as Testing from "../../../src/testing.ts"
import { files, inTime } from "../../support/virtualTime.ts"

/** Runs one Robogo case in virtual time. */
const run = Effect.fnUntraced(function*(text: string, environment: Readonly<Record<string, string>> = {}) {
  const { events, report } = yield* inTime(Testing.run({ "case.yaml": text }, { environment }), "1 second")
  const one = report.cases[0]!
  const statuses = one.steps.map(({ name, status }) => `${name} ${status}`)
  return { events, one, statuses, steps: one.steps }
})

const get = (name: string, host: string) => `{ name: ${name}, action: http, args: [GET, "http://${host}/"] }`

/** A case with a data set, with these lines about it. */
const managed = (more: string, steps = "[{ name: main, action: log, args: [x] }]") =>
  `testcase: T\ndata_management:\n  data_sets: [{ name: users, data: { a: { id: 1 } } }]\n${more}\nsteps: ${steps}`
const putAndTake =
  `  setup: [{ name: put, action: log, args: [x] }]\n  teardown: [{ name: take, action: log, args: [x] }]`

const problems = Effect.fnUntraced(function*(text: string) {
  return yield* Effect.flip(Testing.run({ "case.yaml": text }))
})

it.layer(Testing.layer())("Robogo files", (it) => {
  describe("what is read", () => {
    it.effect.each(
      [
        ["vars: { a: 1 }", "vars belongs to skein's own spelling"],
        ["mocks: {}", "mocks belongs to skein's own spelling"]
      ] as const
    )("%s in such a file is an error: nothing would come of it", ([line, message]) =>
      Effect.gen(function*() {
        const error = yield* problems(`testcase: T\n${line}\nsteps: [{ name: a, action: uuid }]`)

        assert.include(error.message, message)
      }))

    it.effect.each(
      [
        ["{ name: a, action: uuid, expect: [1 == 1] }", "expect belongs to"],
        ["{ name: a, action: uuid, steps: [{ name: b, action: uuid }] }", "both action and steps"],
        ["{ name: a }", "neither action nor steps"]
      ] as const
    )("the step %s is an error", ([step, message]) =>
      Effect.gen(function*() {
        const error = yield* problems(`testcase: T\nsteps: [${step}]`)

        assert.include(error.message, message)
      }))

    it.effect("a case without steps is an error", () =>
      Effect.gen(function*() {
        assert.include((yield* problems("testcase: T\nsteps: []")).message, "at least one step")
      }))

    it.effect("variables in a circle are found when one of them is read", () =>
      Effect.gen(function*() {
        const { one, steps } = yield* run(
          "testcase: T\nvariables: { vars: { a: '${b}', b: '${a}' } }\nsteps: [{ name: s, action: log, args: ['${a}'] }]"
        )

        assert.strictEqual(one.status, "error")
        assert.include(steps[0]!.failures[0]!.message, "need each other")
      }))
  })

  describe("retries", () => {
    const retried = Effect.fnUntraced(function*(retry: string, failures: number) {
      const http = yield* Testing.FakeHttpClient
      yield* http.setRoutes({ "GET http://a.test/": { status: 200, text: "ok" } })
      yield* http.failNext(failures, "Refused")
      const { events, steps } = yield* run(
        `testcase: T\nsteps: [{ name: s, action: http, args: [GET, "http://a.test/"], retry: ${retry} }]`
      )
      const waits = events.flatMap((event) => event._tag === "StepRetried" ? [event.delay_ms] : [])
      return { attempts: steps[0]!.attempts, status: steps[0]!.status, waits }
    })

    it.effect.each(
      [
        ["{ attempts: 4, delay: 1s }", 2, 3, "passed", [1000, 1000], "fixed"],
        ["{ attempts: 4, delay: 1s, backoff: linear }", 3, 4, "passed", [1000, 2000, 3000], "linear"],
        [
          "{ attempts: 4, delay: 1s, backoff: exponential, max_delay: 3s }",
          9,
          4,
          "error",
          [1000, 2000, 3000],
          "capped"
        ],
        ["{ attempts: 3, delay: never }", 1, 2, "passed", [1000], "a bad delay is a second"],
        ["{ attempts: 3, delay: 1s, retry_on: [http_error] }", 1, 2, "passed", [1000], "no answer is an HTTP error"],
        ["{ attempts: 3, delay: 1s, retry_on: [assertion_failed] }", 1, 1, "error", [], "not of that kind"],
        ["{ attempts: 3, retry_if: \"${error_message} contains 'refused'\" }", 1, 2, "passed", [0], "by Go's words"],
        [
          "{ attempts: 3, retry_if: \"${step_status} == 'PASS'\" }",
          0,
          3,
          "passed",
          [0, 0],
          "asked after successes too"
        ],
        ["{ attempts: 3, stop_on_success: true, retry_if: \"true\" }", 0, 1, "passed", [], "unless told otherwise"],
        ["{ attempts: 0 }", 1, 1, "error", [], "never left out"],
        ["3", 2, 3, "passed", [0, 0], "a number of attempts"]
      ] as const
    )(
      "%s after %s failures makes %s attempts",
      ([retry, failures, attempts, status, waits, because]) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* retried(retry, failures), { attempts, status, waits: [...waits] }, because)
        })
    )
  })

  describe("managed data", () => {
    it.effect("is put in place before the case and taken away after it", () =>
      Effect.gen(function*() {
        const { statuses } = yield* run(
          `${
            managed(putAndTake)
          }\nsetup: [{ name: before, action: log, args: [x] }]\nteardown: [{ name: after, action: log, args: [x] }]`
        )

        assert.deepStrictEqual(statuses, ["put", "before", "main", "after", "take"].map((name) => `${name} passed`))
      }))

    it.effect.each(
      [
        ["", ["put passed", "main failed", "take passed"], "it is taken away after a failure too"],
        ["\n  cleanup: false", ["put passed", "main failed"], "unless it shall be looked at"]
      ] as const
    )("cleanup%s: after a failure", ([cleanup, expected, because]) =>
      Effect.gen(function*() {
        const { one, statuses } = yield* run(
          managed(putAndTake + cleanup, "[{ name: main, action: assert, args: [false] }]")
        )

        assert.strictEqual(one.status, "failed")
        assert.deepStrictEqual(statuses, [...expected], because)
      }))

    it.effect("keeps its order on one connection; two connections are busy at the same time", () =>
      Effect.gen(function*() {
        const http = yield* Testing.FakeHttpClient
        yield* http.setRoutes({ "GET /": { status: 200, delay: "1s" } })
        const { events } = yield* run(
          managed(`  setup: [${get("a1", "a.test")}, ${get("a2", "a.test")}, ${get("b1", "b.test")}]`)
        )

        const order = events.flatMap((event) =>
          event._tag === "StepStarted" ? [`+${event.name}`] : event._tag === "StepFinished" ? [`-${event.name}`] : []
        )
        assert.deepStrictEqual(order.slice(0, 2), ["+a1", "+b1"])
        assert.isBelow(order.indexOf("-a1"), order.indexOf("+a2"))
      }))

    it.effect("waits for a result that another connection gives", () =>
      Effect.gen(function*() {
        const { one, statuses } = yield* run(managed(
          `  setup:\n    - { name: first, action: uuid, result: id }\n    - { name: second, action: log, args: ["\${id}"] }`
        ))

        assert.strictEqual(one.status, "passed")
        assert.deepStrictEqual(statuses.slice(0, 2), ["first passed", "second passed"])
      }))

    it.effect("may take its environment from the environment", () =>
      Effect.gen(function*() {
        const { one } = yield* run(
          `environments: [{ name: a, variables: { x: 1 } }, { name: b, variables: { x: 2 } }]\n${
            managed("  environment: \"${ENV:STAGE}\"", "[{ name: s, action: assert, args: [\"${x}\", \"==\", 2] }]")
          }`,
          { STAGE: "b" }
        )

        assert.strictEqual(one.status, "passed")
      }))

    it.effect("with an environment that nobody has described is an error", () =>
      Effect.gen(function*() {
        const { one } = yield* run(`environments: [{ name: a }]\n${managed("  environment: z")}`)

        assert.strictEqual(one.status, "error")
        assert.include(one.failures[0]!.message, "no environment \"z\"")
      }))
  })

  it.effect("hides values of variables that are called like secrets, and no names of steps that happen to hold one", () =>
    Effect.gen(function*() {
      const { events, steps } = yield* run(`testcase: T
variables: { vars: { db_password: postgres, login: { apiKey: k-4711 } } }
steps:
  - { name: "Query postgres", action: log, args: ["\${db_password} \${login.apiKey}"], result: line }
  - { name: "Use \${login.apiKey}", action: assert, args: ["\${line}", "==", "x"] }`)

      assert.deepStrictEqual(steps.map(({ name }) => name), ["Query postgres", "Use ***"])
      assert.deepStrictEqual(events.flatMap((event) => event._tag === "Log" ? [event.text] : []), ["*** ***"])
      assert.include(steps[1]!.failures[0]!.message, "*** *** == x")
    }))

  it.effect("ping answers in the shape of that tool", () =>
    Effect.gen(function*() {
      const probe = yield* Testing.FakeNetworkProbe
      yield* probe.echo("db.test", [Duration.millis(2), null])
      const { one } = yield* run(`testcase: T
steps:
  - { name: ping, action: ping, args: [db.test], options: { count: 2 }, result: echo }
  - { name: half, action: assert, args: ["\${echo.packet_loss_percent}", "==", 50] }
  - { name: one, action: assert, args: ["\${echo.packets_received}/\${echo.packets_transmitted}", "==", "1/2"] }`)

      assert.strictEqual(one.status, "passed")
    }))
})

it.effect("managed data is taken away when the run is stopped", () =>
  Effect.gen(function*() {
    const stop = yield* Testing.FakeStopSignal
    const text = managed(putAndTake, "[{ name: main, action: sleep, args: [10h] }]")
    const fiber = yield* Effect.forkChild(Testing.run({ "case.yaml": text }))
    // Until it sleeps.
    for (let second = 0; second < 10; second++) {
      yield* files
      yield* TestClock.adjust("1 second")
    }
    yield* stop.stop("SIGTERM")
    const [one] = (yield* Fiber.join(fiber)).report.cases

    assert.strictEqual(one!.status, "interrupted")
    assert.deepInclude(one!.steps.map(({ name, status }) => [name, status]), ["take", "passed"])
  }).pipe(Effect.provide(Testing.layer())))

describe("the arguments of a Robogo step", () => {
  const { tie } = fc.letrec<{ tie: Value }>((self) => ({
    tie: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom<Value>(
        "",
        "query",
        "GET",
        "generate",
        "set",
        "now+1h",
        "%",
        "embedded:",
        null,
        true,
        0,
        3.5,
        12n
      ),
      fc.string(),
      fc.array(self("tie"), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom("headers", "params", "method", "query", "key", "filter"), self("tie"), {
        maxKeys: 4
      })
    )
  }))
  const options = fc.dictionary(fc.constantFrom("headers", "timeout", "count", "params", "x"), tie, { maxKeys: 3 })

  for (const action of builtin) {
    for (const name of [action.name, ...action.robogo?.names ?? []]) {
      it(`of ${name} never break it, whatever they are`, () => {
        fc.assert(
          fc.property(fc.array(tie, { maxLength: 6 }), options, (args, options) => {
            const input = action.robogo?.input?.(args, options, name) ?? {}
            const present = new Set(Object.keys(input))
            if (typeof action.effect === "function") action.effect(input, present)
            action.assigns?.(input)
            action.validate?.(present, input)
            CompileInput.decoderOf(action.input)(input)
          }),
          { numRuns: 40 }
        )
      })
    }
  }
})
