import { assert, describe, it, it as real } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import type { Value } from "../../../src/core/Value.ts"
import * as Action from "../../../src/scenario/Action.ts"
import { log } from "../../../src/scenario/actions/log.ts"
import { waitFor } from "../../../src/scenario/actions/wait_for.ts"
import * as Fields from "../../../src/scenario/Fields.ts"
import * as Scenarios from "../../support/runScenarios.ts"

/** An action whose answers are a script: it notes what it was given. */
const scripted = (answers: ReadonlyArray<Value | Action.ActionError> = []) => {
  const calls: Array<Value> = []
  const act = Action.make({
    name: "act",
    family: "test",
    summary: "Answers from a script, then with its input",
    input: Schema.Struct({
      value: Fields.describe(Fields.Value, "What it answers when the script has ended"),
      takes: Fields.optional(Fields.Duration, "How long it takes")
    }),
    positional: ["value"],
    output: Schema.Unknown,
    effect: "none",
    examples: [{ title: "", yaml: "" }, { title: "", yaml: "" }],
    run: Effect.fnUntraced(function*(input) {
      const answer = answers[calls.length]
      calls.push(input.value)
      if (input.takes !== undefined) yield* Effect.sleep(input.takes)
      if (answer instanceof Action.ActionError) return yield* answer
      return answer === undefined ? input.value : answer
    })
  })
  return { calls, actions: [act, log, waitFor] as const }
}

const status = (code: number) =>
  new Action.ActionError({ reason: "Status", status: code, message: `the server answered ${code}` })

/** Runs one scenario's steps; answers with the calls, the case and its steps. */
const runSteps = Effect.fnUntraced(function*(steps: string, answers: ReadonlyArray<Value | Action.ActionError> = []) {
  const script = scripted(answers)
  const outcome = yield* Scenarios.run({ "a.yaml": `name: A\n${steps}` }, script.actions)
  const [one] = outcome.report.cases
  return { ...outcome, calls: script.calls, one: one!, steps: one!.steps }
})

it.layer(Scenarios.layer)("StepRun", (it) => {
  describe("conditions and loops", () => {
    it.effect("skips a step whose condition does not hold, and says why", () =>
      Effect.gen(function*() {
        const { calls, one, steps } = yield* runSteps(
          "vars: { n: 1 }\nsteps:\n  - { act: 1, if: n > 1 }\n  - { act: 2, if: n == 1 }"
        )

        assert.deepStrictEqual(calls, [2])
        assert.strictEqual(one.status, "passed")
        assert.deepStrictEqual(steps.map((step) => [step.status, step.skip_reason]), [
          ["skipped", "if: n > 1"],
          ["passed", undefined]
        ])
      }))

    it.effect.each([
      ["1..3", [1, 2, 3], "a range"],
      ["3..1", [3, 2, 1], "a range downwards"],
      ["2", [1, 2], "a count"],
      ["[a, b]", ["a", "b"], "a list in place"],
      ["names", ["x", "y"], "an expression"],
      ["{ in: names, as: who }", ["x", "y"], "an item with a name"]
    ])("repeats over %s", ([items, expected]) =>
      Effect.gen(function*() {
        const { calls } = yield* runSteps(`vars: { names: [x, y] }\nsteps:\n  - { for: ${items}, act: "\${item}" }`)

        assert.deepStrictEqual(calls, expected as Array<Value>)
      }))

    it.effect("repeats while a condition holds, and ends a loop that would not end with an error", () =>
      Effect.gen(function*() {
        const good = yield* runSteps(
          "vars: { n: 0 }\nsteps:\n  - { while: n < 3, act: \"${n + 1}\", save: { n: value } }"
        )
        const endless = yield* runSteps("steps:\n  - { while: { condition: \"true\", max: 5 }, act: 1 }")

        assert.deepStrictEqual(good.calls, [1, 2, 3])
        assert.lengthOf(endless.calls, 5)
        assert.strictEqual(endless.one.status, "error")
        assert.include(endless.steps.at(-1)!.failures[0]!.message, "after 5 passes")
      }))

    it.effect("a failed pass ends the loop and the case", () =>
      Effect.gen(function*() {
        const { calls, one } = yield* runSteps(
          "steps:\n  - { for: 1..4, act: \"${item}\", expect: value < 2 }\n  - act: after"
        )

        assert.deepStrictEqual(calls, [1, 2])
        assert.strictEqual(one.status, "failed")
      }))

    it.effect("runs a group in order and an included one with its own variables", () =>
      Effect.gen(function*() {
        const script = scripted()
        const { report } = yield* Scenarios.run({
          "a.yaml":
            "name: A\nsteps:\n  - steps: [{ act: 1 }, { act: 2 }]\n  - include: { file: _part.yaml, vars: { who: Ada } }\n  - act: \"${kept}\"",
          "_part.yaml":
            "name: Part\nvars: { who: nobody, how: well }\nsteps:\n  - { act: \"${who} ${how}\", save: { kept: value } }"
        }, script.actions)

        assert.deepStrictEqual(script.calls, [1, 2, "Ada well", "Ada well"])
        assert.strictEqual(report.summary.passed, 1)
      }))
  })

  describe("failures", () => {
    it.effect("tells every failed expectation, with the values of its parts and its place", () =>
      Effect.gen(function*() {
        const { one, steps } = yield* runSteps(
          "steps:\n  - act: { value: 3 }\n    expect: [value == 4, value < 10, value > 5]"
        )

        assert.strictEqual(one.status, "failed")
        assert.deepStrictEqual(steps[0]!.failures.map((failure) => failure.location?.column), [14, 38])
        assert.deepStrictEqual(steps[0]!.failures[0]!.values?.find((part) => part.expression === "value")?.value, "3")
        assert.include(steps[0]!.failures[0]!.frame ?? "", "value == 4")
      }))

    it.effect("an expectation that cannot be read is a check that said no", () =>
      Effect.gen(function*() {
        const { one } = yield* runSteps("steps:\n  - act: { value: { a: 1 } }\n    expect: b.c == 1")

        assert.strictEqual(one.status, "failed")
      }))

    it.effect("the first failure ends the steps; continue goes on, and the case has failed all the same", () =>
      Effect.gen(function*() {
        const stopped = yield* runSteps("steps:\n  - { act: 1, expect: value == 2 }\n  - act: 2")
        const continued = yield* runSteps("steps:\n  - { act: 1, expect: value == 2, continue: true }\n  - act: 2")

        assert.deepStrictEqual(stopped.calls, [1])
        assert.deepStrictEqual(continued.calls, [1, 2])
        assert.strictEqual(continued.one.status, "failed")
        assert.isTrue(continued.steps[0]!.continued)
      }))

    it.effect("a step that needs one that did not pass is skipped", () =>
      Effect.gen(function*() {
        const { calls, steps } = yield* runSteps(
          "steps:\n  - { id: first, act: 1, expect: value == 2, continue: true }\n  - { needs: [first], act: 2 }\n  - act: 3"
        )

        assert.deepStrictEqual(calls, [1, 3])
        assert.strictEqual(steps[1]!.status, "skipped")
      }))

    it.effect.each([
      ["answered 404", true, "contained text"],
      ["answered 500", false, "text that is not there"],
      ["true", true, "any error"],
      ["{ type: matches, message: \"4\\\\d4$\" }", true, "a pattern"],
      ["{ type: not_contains, message: \"404\" }", false, "text that must not be there"],
      ["{ type: exact, message: the server answered 404 }", true, "the whole text"]
    ])("expect_error: %s", ([wanted, passes]) =>
      Effect.gen(function*() {
        const { one } = yield* runSteps(`steps:\n  - { act: 1, expect_error: ${wanted} }`, [status(404)])

        assert.strictEqual(one.status, passes === true ? "passed" : "failed")
      }))

    real.live("a time-out of the step is an error that may be wanted", () =>
      Effect.gen(function*() {
        const { one } = yield* runSteps(
          "steps:\n  - { act: { value: 1, takes: 10s }, timeout: 10ms, expect_error: did not end }"
        )

        assert.strictEqual(one.status, "passed")
      }).pipe(Effect.provide(Scenarios.layer)))

    it.effect("a variable that is null is known", () =>
      Effect.gen(function*() {
        const { calls, one } = yield* runSteps(
          "vars: { n: null }\nsteps:\n  - { act: \"${n}\", if: n == null, save: { m: value } }\n  - { act: 2, if: m == null }"
        )

        assert.strictEqual(one.status, "passed")
        assert.deepStrictEqual(calls, [null, 2])
      }))

    it.effect("a step that passes where an error was expected fails", () =>
      Effect.gen(function*() {
        const { one } = yield* runSteps("steps:\n  - { act: 1, expect_error: true }")

        assert.strictEqual(one.status, "failed")
      }))

    it.effect("no_log keeps input, output and messages out of every event", () =>
      Effect.gen(function*() {
        const { events } = yield* runSteps(
          "steps:\n  - { act: hush-4711, no_log: true, name: quiet, expect: value == 1 }"
        )

        assert.notInclude(JSON.stringify(events), "hush-4711")
      }))

    it.effect("sensitive_fields masks fields by name in the output", () =>
      Effect.gen(function*() {
        const { events } = yield* runSteps(
          "steps:\n  - { name: pay, act: { value: { card: \"4111-1111\", amount: 5 } }, sensitive_fields: [card] }"
        )

        assert.notInclude(JSON.stringify(events), "4111-1111")
        assert.include(JSON.stringify(events), "amount")
      }))
  })

  describe("retries and time-outs", () => {
    it.effect("tries again after an error, until it passes", () =>
      Effect.gen(function*() {
        const { calls, one, steps } = yield* runSteps("steps:\n  - { act: 1, retry: 3 }", [status(503), status(503)])

        assert.lengthOf(calls, 3)
        assert.strictEqual(one.status, "passed")
        assert.strictEqual(steps[0]!.attempts, 3)
      }))

    it.effect("never repeats a success", () =>
      Effect.gen(function*() {
        const { calls } = yield* runSteps("steps:\n  - { act: 1, retry: 5 }")

        assert.lengthOf(calls, 1)
      }))

    it.effect.each([
      ["on: [\"5xx\"]", 503, 2, "a class of statuses"],
      ["on: [\"5xx\"]", 404, 1, "another status is not tried again"],
      ["on: [429]", 429, 2, "one status"],
      ["on: [rate_limit]", 429, 2, "a word for it"],
      ["on: [timeout]", 503, 1, "another kind"]
    ])("retry: { %s } after a %s", ([on, code, tries]) =>
      Effect.gen(function*() {
        const { calls } = yield* runSteps(`steps:\n  - { act: 1, retry: { attempts: 2, ${on} } }`, [
          status(code as number)
        ])

        assert.lengthOf(calls, tries as number)
      }))

    it.effect("a failed expectation is tried again only when `on` names it", () =>
      Effect.gen(function*() {
        const without = yield* runSteps("steps:\n  - { act: 9, expect: value == 9, retry: 3 }", [1, 2])
        const named = yield* runSteps(
          "steps:\n  - { act: 9, expect: value == 9, retry: { attempts: 3, on: [failed] } }",
          [1, 2]
        )

        assert.strictEqual(without.one.status, "failed")
        assert.lengthOf(without.calls, 1)
        assert.strictEqual(named.one.status, "passed")
        assert.lengthOf(named.calls, 3)
      }))

    it.effect("waits between attempts as its policy says", () =>
      Effect.gen(function*() {
        const script = scripted([status(500), status(500), status(500)])
        const fiber = yield* Effect.forkChild(
          Scenarios.run({
            "a.yaml":
              "name: A\nsteps:\n  - { act: 1, retry: { attempts: 4, delay: 1s, backoff: exponential, max_delay: 3s } }"
          }, script.actions),
          { startImmediately: true }
        )
        const callsAfter = Effect.fnUntraced(function*(millis: number) {
          yield* TestClock.adjust(millis)
          yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
          return script.calls.length
        })
        // Files are read in real time first.
        while (script.calls.length === 0) yield* callsAfter(0)

        assert.strictEqual(yield* callsAfter(999), 1)
        assert.strictEqual(yield* callsAfter(1), 2)
        assert.strictEqual(yield* callsAfter(1_999), 2)
        assert.strictEqual(yield* callsAfter(1), 3)
        assert.strictEqual(yield* callsAfter(2_999), 3, "capped at 3 s, not 4 s")
        assert.strictEqual(yield* callsAfter(1), 4)
        yield* Fiber.join(fiber)
      }))

    real.live("an attempt that takes too long is an error that says so", () =>
      Effect.gen(function*() {
        const { one, steps } = yield* runSteps("steps:\n  - { act: { value: 1, takes: 10s }, timeout: 10ms }")

        assert.strictEqual(one.status, "error")
        assert.strictEqual(steps[0]!.failures[0]!.reason, "timeout")
        assert.include(steps[0]!.failures[0]!.message, "10ms")
      }).pipe(Effect.provide(Scenarios.layer)))
  })

  describe("wait_for", () => {
    real.live("looks until the expectation holds, and answers with the last output", () =>
      Effect.gen(function*() {
        const { calls, one } = yield* runSteps(
          "steps:\n  - { wait_for: { step: { act: 3 }, until: value == 3, interval: 1ms }, expect: value == 3 }",
          [1, status(503)]
        )

        assert.strictEqual(one.status, "passed")
        assert.lengthOf(calls, 3)
      }).pipe(Effect.provide(Scenarios.layer)))

    real.live("says what it saw last when time runs out", () =>
      Effect.gen(function*() {
        const { one, steps } = yield* runSteps(
          "steps:\n  - wait_for: { step: { act: 3 }, until: value == 4, interval: 5ms, timeout: 20ms }"
        )

        assert.strictEqual(one.status, "error")
        assert.match(steps[0]!.failures[0]!.message, /20ms; last: value == 4 did not hold: .*value is 3/)
      }).pipe(Effect.provide(Scenarios.layer)))
  })
})
