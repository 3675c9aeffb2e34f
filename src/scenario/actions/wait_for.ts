/** `wait_for`: takes a step again and again until an expectation of its output holds. */
import { Clock, Duration, Effect, Schema } from "effect"
import * as DurationText from "../../core/DurationText.ts"
import * as Polling from "../../core/Polling.ts"
import { isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as Action from "../Action.ts"
import * as Conditions from "../Conditions.ts"
import * as Fields from "../Fields.ts"

export const waitFor = Action.make({
  name: "wait_for",
  family: "basics",
  summary: "Takes a step again and again until an expectation of its output holds",
  input: Schema.Struct({
    step: Fields.describe(Fields.Step, "The step to take: its action and its controls"),
    until: Fields.optional(Fields.Expressions, "What must hold of its output [default: the step passes]"),
    interval: Fields.optional(Fields.Duration, "From the end of one look to the start of the next [default: 1s]"),
    factor: Fields.optional(Schema.Finite, "Growth of the interval from look to look [default: 1]"),
    max_interval: Fields.optional(Fields.Duration, "The longest interval [default: ten times interval]"),
    timeout: Fields.optional(Fields.Duration, "The longest wait [default: 30s]")
  }),
  positional: ["step"],
  output: Schema.Unknown,
  effect: "read",
  examples: [
    {
      title: "A job that is done at the third look",
      yaml: `mocks:
  jobs:
    routes:
      "GET /jobs/7":
        - { json: { state: running } }
        - { json: { state: running } }
        - { json: { state: done } }
steps:
  - wait_for:
      step: { http: "\${mocks.jobs.url}/jobs/7" }
      until: body.state == 'done'
      interval: 10ms
      timeout: 5s
    expect: body.state == 'done'
`
    },
    {
      title: "A row that appears",
      yaml: `setup:
  - postgres: { execute: "create table arrivals (id int)" }
  - postgres: { execute: "insert into arrivals values (1)" }
steps:
  - wait_for:
      step: { postgres: { query: "select count(*) as n from arrivals" } }
      until: rows[0].n == 1
      interval: 20ms
`
    }
  ],
  run: Effect.fnUntraced(function*(input) {
    const polling: Polling.Polling = {
      interval: input.interval ?? Duration.seconds(1),
      factor: input.factor,
      maxInterval: input.max_interval,
      timeout: input.timeout ?? Duration.seconds(30)
    }
    const clock = yield* Clock.Clock
    const started = clock.monotonicTimeNanosUnsafe()
    let last = "nothing was seen"
    const look = Effect.gen(function*() {
      const output = yield* Effect.result(input.step.run)
      if (output._tag === "Failure") {
        last = output.failure.message
        return undefined
      }
      const names = outputNames(output.success)
      const why = yield* Conditions.broken(input.until ?? [], names)
      if (why === undefined) return { output: output.success }
      last = why
      return undefined
    })
    const waited = Effect.gen(function*() {
      for (let polls = 1;; polls++) {
        const found = yield* look
        if (found !== undefined) return found.output
        const elapsed = Duration.nanos(clock.monotonicTimeNanosUnsafe() - started)
        const delay = Polling.next(polling, polls, elapsed)
        if (delay === undefined) return yield* Effect.suspend(() => timedOut(polling, last, polls))
        yield* Effect.sleep(delay)
      }
    })
    // The last look may itself hang: the whole wait has a bound, not only the sleeps.
    return yield* Effect.timeoutOrElse(waited, {
      duration: Duration.sum(polling.timeout, Duration.seconds(1)),
      orElse: () => Effect.suspend(() => timedOut(polling, last, undefined))
    })
  })
})

const timedOut = (
  polling: Polling.Polling,
  last: string,
  polls: number | undefined
): Effect.Effect<never, Action.ActionError> => {
  const looks = polls === undefined ? "a look that hung" : `${polls} look${polls === 1 ? "" : "s"}`
  return Effect.fail(
    new Action.ActionError({
      reason: "Timeout",
      message: `it did not come true after ${looks} in ${DurationText.format(polling.timeout)}; last: ${last}`,
      hint: "raise its timeout:, or look at what it waits for"
    })
  )
}

const outputNames = (output: Value): ValueRecord => isRecord(output) ? output : { value: output }
