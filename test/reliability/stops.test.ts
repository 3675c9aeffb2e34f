/** Runs of random cases are stopped at a random moment in every way there is; what must hold then holds always. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Random, Result, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Report from "../../src/programs/report/Report.ts"
import * as ReportFold from "../../src/programs/report/ReportFold.ts"
import * as Runner from "../../src/programs/Runner.ts"
import * as Action from "../../src/scenario/Action.ts"
import { assert as assertAction } from "../../src/scenario/actions/assert.ts"
import type { Event } from "../../src/scenario/Event.ts"
import * as Fields from "../../src/scenario/Fields.ts"
import * as Testing from "../../src/testing.ts"

const seeds = process.env["SKEIN_SOAK"] === "1" ? 2_000 : 20

/** An action that says for whom it does something, and for how long. */
const define = <const Name extends string>(name: Name, run: (key: string, millis: number) => Effect.Effect<void>) =>
  Action.make({
    name,
    family: "test",
    summary: "Notes what happens",
    input: Schema.Struct({
      key: Fields.describe(Fields.Text, "Whose"),
      millis: Fields.optional(Fields.Int, "How long it takes")
    }),
    positional: ["key", "millis"],
    output: Schema.Null,
    effect: "none",
    examples: [{ title: "", yaml: "" }, { title: "", yaml: "" }],
    run: ({ key, millis = 0 }) => Effect.as(run(key, millis), null)
  })

/** `hold` notes that something was taken, `free` that it was given back, `work` takes its time; all of them can be stopped. */
const world = () => {
  const notes: Array<string> = []
  let working = 0
  const note = (text: string) => Effect.sync(() => void notes.push(text))
  const work = (key: string, millis: number) =>
    Effect.acquireUseRelease(
      Effect.andThen(note(`work ${key}`), Effect.sync(() => void working++)),
      () => Effect.sleep(millis),
      () => Effect.sync(() => void working--)
    )
  return {
    notes,
    working: () => working,
    actions: [
      define("hold", (key) => note(`hold ${key}`)),
      define("free", (key, millis) => Effect.andThen(Effect.sleep(millis), note(`free ${key}`))),
      define("work", work),
      assertAction
    ] as const
  }
}

const between = Random.nextIntBetween

/** The text of a case that holds first and frees in its teardown; some fail, some loop, some have parallel steps. */
const caseText = Effect.fnUntraced(function*(key: string) {
  const step = Effect.gen(function*() {
    const millis = yield* between(0, 40)
    const kind = yield* between(0, 9)
    if (kind === 0) return { assert: "1 == 2" }
    if (kind === 1) return { for: yield* between(1, 4), work: { key, millis } }
    if (kind === 2) return { steps: [{ work: { key, millis } }, { work: { key, millis: 1 } }] }
    if (kind === 3) {
      return { work: { key, millis: 5_000 }, timeout: "50ms", retry: { attempts: 2, delay: "10ms", on: ["any"] } }
    }
    return { work: { key, millis } }
  })
  const steps = yield* Effect.forEach(Array.from({ length: yield* between(1, 5) }), () => step)
  return JSON.stringify({
    name: key,
    ...(yield* Random.nextBoolean) ? { concurrency: 3 } : {},
    ...(yield* Random.nextBoolean) ? { timeout: "120ms" } : {},
    setup: [{ hold: key }, { work: { key, millis: yield* between(0, 10) } }],
    steps,
    teardown: [{ free: { key, millis: yield* between(0, 20) } }]
  })
})

const files = Effect.gen(function*() {
  const count = yield* between(1, 6)
  const names = Array.from({ length: count }, (_, at) => `c${at}`)
  const cases = yield* Effect.forEach(
    names,
    (name) => Effect.map(caseText(name), (text) => [`${name}.yaml`, text] as const)
  )
  const suite = JSON.stringify({
    suite: "S",
    setup: [{ hold: "S" }],
    cases: cases.slice(0, 2).map(([file]) => file),
    teardown: [{ free: { key: "S", millis: 5 } }]
  })
  return { ...Object.fromEntries(cases), ...(yield* Random.nextBoolean) ? { "suite.yaml": suite } : {} }
})

type Way = "signal" | "interrupt" | "run-timeout" | "fail-fast" | "none"
const ways: ReadonlyArray<Way> = ["signal", "signal", "signal", "interrupt", "run-timeout", "fail-fast", "none"]

const simulate = Effect.fnUntraced(function*() {
  const { actions, notes, working } = world()
  const directory = yield* Testing.write(yield* files)
  const plan = yield* Runner.checked(yield* Runner.plan([directory], { actions, workingDirectory: directory }))
  const way = ways[yield* between(0, ways.length - 1)]!
  const at = yield* between(0, 150)
  const stop = yield* Testing.FakeStopSignal
  const events: Array<Event> = []
  const options: Runner.RunOptions = {
    concurrency: yield* between(1, 4),
    grace: Duration.seconds(1),
    retries: yield* between(0, 1),
    failFast: way === "fail-fast" ? 1 : undefined,
    runTimeout: way === "run-timeout" ? Duration.millis(at) : undefined
  }
  const run = yield* Effect.forkChild(
    Stream.runForEach(Runner.events(plan, options), (event) => Effect.sync(() => void events.push(event)))
  )
  let stoppedAt: number | undefined
  for (let millis = 0; run.pollUnsafe() === undefined && millis < 10_000; millis++) {
    yield* TestClock.adjust(1)
    if (millis !== at) continue
    stoppedAt = notes.length
    if (way === "signal") yield* stop.stop()
    if (way === "interrupt") yield* Effect.forkChild(Fiber.interrupt(run))
  }
  return { at, ended: run.pollUnsafe() !== undefined, events, notes, plan, stoppedAt, way, working: working() }
})

type Outcome = Effect.Success<ReturnType<typeof simulate>>

const check = ({ ended, events, notes, plan, stoppedAt, way, working }: Outcome) => {
  assert.isTrue(ended, "the run ends")
  assert.strictEqual(working, 0, "nothing goes on")

  const held = notes.filter((note) => note.startsWith("hold ")).map((note) => note.slice(5))
  const freed = notes.filter((note) => note.startsWith("free ")).map((note) => note.slice(5))
  assert.deepStrictEqual(freed.toSorted(), held.toSorted(), "what was taken was given back, as often")

  if (way === "signal" && stoppedAt !== undefined) {
    // Those that work at the same instant may still come.
    const after = notes.slice(stoppedAt).filter((note) => note.startsWith("hold ") || note.startsWith("work "))
    assert.isEmpty(after, "nothing begins after a stop")
  }
  if (way === "interrupt") return

  const report = ReportFold.fromEvents(events)
  assert.isTrue(Result.isSuccess(Report.parse(JSON.stringify(report), "")), "the report is whole")
  const own = report.cases.filter(({ file }) => file !== "suite.yaml")
  assert.strictEqual(own.length, plan.cases.length, "every case has a result")
  assert.deepStrictEqual(report.summary, Report.summarise(report.cases), "and is counted once")
  assert.strictEqual(events.at(-1)?._tag, "RunFinished")
  const interrupted = report.cases.some(({ status }) => status === "interrupted")
  if (interrupted) assert.include(["signal", "run-timeout"], way)
  if (interrupted && way === "signal") assert.isTrue(report.interrupted)
}

describe("stops", () => {
  it.effect(`R26 and R44 whenever a run is stopped, in whatever way: teardowns run once, nothing goes on, the report is whole`, () =>
    Effect.forEach(
      Array.from({ length: seeds }, (_, seed) => seed),
      (seed) =>
        simulate().pipe(
          Effect.tap((outcome) => Effect.sync(() => check(outcome))),
          Effect.catchDefect((defect) =>
            Effect.die(
              defect instanceof Error ? Object.assign(defect, { message: `seed ${seed}: ${defect.message}` }) : defect
            )
          ),
          Random.withSeed(seed),
          Effect.scoped,
          Effect.provide(Testing.layer(), { local: true })
        ),
      { discard: true }
    ))
})
