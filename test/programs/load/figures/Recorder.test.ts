import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { Histogram } from "../../../../src/core/Histogram.ts"
import * as Frame from "../../../../src/programs/load/figures/Frame.ts"
import { Recorder } from "../../../../src/programs/load/figures/Recorder.ts"
import * as Summary from "../../../../src/programs/load/figures/Summary.ts"
import { Totals } from "../../../../src/programs/load/figures/Totals.ts"

const health = {
  cpu: 0.5,
  lag: new Histogram(),
  gcCount: 1,
  gcMillis: 2,
  rssBytes: 100,
  heapBytes: 50,
  socketsOpened: 3,
  socketsOpen: 2
}

interface Seen {
  readonly step: number
  readonly wait: number
  readonly time: number
  readonly status: number
  readonly fails: boolean
}

const seen: fc.Arbitrary<Seen> = fc.record({
  step: fc.nat(3),
  wait: fc.nat(100_000),
  time: fc.nat(10_000_000),
  status: fc.constantFrom(200, 201, 404, 503),
  fails: fc.boolean()
})

const record = (recorder: Recorder, { fails, status, step, time, wait }: Seen): void => {
  const load = recorder.loads[step % 2]!
  const place = load.step({ scenario: "s", name: `step ${step}`, action: "http", tags: step > 1 ? ["late"] : [] })
  load.started++
  load.lateness.record(wait)
  if (fails) {
    place.error(0, wait, wait + time, status === 503 ? "timeout" : `kind ${status}`, () => `example of ${status}`)
  } else place.response(0, wait, wait + time, status, 10, 5)
  load.metric("basket", "trend").add(time / 1_000)
}

const open = [true, false]

/** All that a result would say of it. */
const saidOf = (recorder: Recorder) => ({
  loads: recorder.loads.map(({ completed, due, lateness, started }) => ({
    completed,
    due,
    started,
    lateness: Summary.distribution(lateness)
  })),
  steps: recorder.loads
    .flatMap(({ steps }) => [...steps.values()])
    .map((step) => {
      const { errors, ...figures } = Summary.figures([step], 1)
      // The first example is that of the first frame, whichever that is.
      return { ...step.about, ...figures, errors: Object.fromEntries(errors.map(({ count, kind }) => [kind, count])) }
    })
    .sort((a, b) => a.name.localeCompare(b.name)),
  metrics: recorder.loads.map(({ metrics }) => [...metrics.values()].map(({ count, values }) => [count, values.sum]))
})

describe("frames", () => {
  it("of any threads and seconds add up to what one recorder would have seen", () =>
    fc.assert(
      fc.property(fc.array(fc.array(seen), { maxLength: 6 }), (parts) => {
        const whole = new Recorder(open)
        const sum = new Recorder(open)
        for (const part of parts) {
          const one = new Recorder(open)
          for (const event of part) {
            record(whole, event)
            record(one, event)
          }
          Frame.decode(Frame.encode({ at: 0, until: 1, health }, one), () => [sum])
        }

        assert.deepStrictEqual(saidOf(sum), saidOf(whole))
      }),
      { numRuns: 60 }
    ))

  it("a recorder that was cleared tells of what came after only, in the same places", () => {
    const recorder = new Recorder(open)
    record(recorder, { step: 1, wait: 0, time: 100, status: 200, fails: false })
    recorder.clear()
    record(recorder, { step: 1, wait: 0, time: 200, status: 404, fails: false })

    const [step] = saidOf(recorder).steps
    assert.deepStrictEqual([step?.count, step?.statuses], [1, { 404: 1 }])
  })

  it("that are torn or of another version are refused", () => {
    const recorder = new Recorder(open)
    record(recorder, { step: 0, wait: 1, time: 100, status: 200, fails: false })
    const bytes = Frame.encode({ at: 0, until: 1, health }, recorder)

    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => Frame.decode(bytes.subarray(0, length), () => [new Recorder(open)]), RangeError)
    }
    assert.throws(() => Frame.decode(Uint8Array.of(9, ...bytes.subarray(1)), () => []), /version 9/)
  })

  it("times of more statuses than are told apart are counted together, their number is not", () => {
    const recorder = new Recorder([false])
    const step = recorder.loads[0]!.step({ scenario: "s", name: "n", action: "http", tags: [] })
    for (let status = 200; status < 300; status++) step.response(0, 0, status, status, 1, 1)
    const { by_status_ms, response_ms, statuses } = Summary.figures([step], 1)

    assert.strictEqual(Object.keys(by_status_ms).length, 20)
    assert.strictEqual(by_status_ms["201"]?.max, 0.0201)
    assert.strictEqual(Object.keys(statuses).length, 100)
    assert.strictEqual(response_ms.count, 100)
  })

  it("errors of more kinds than are told apart are counted together", () => {
    const recorder = new Recorder([false])
    const step = recorder.loads[0]!.step({ scenario: "s", name: "n", action: "http", tags: [] })
    for (let kind = 0; kind < 200; kind++) step.error(0, 0, 1, `kind ${kind}`, () => `example ${kind}`)

    assert.isAtMost(step.byError.length, 51)
    assert.strictEqual(step.byError.reduce((sum, { count }) => sum + count, 0), 200)
    assert.strictEqual(step.byError.at(-1)?.kind, "other")
  })
})

describe("masking of a recorder", () => {
  it("hides what is secret in kinds and examples, and adds up what is the same then", () => {
    const recorder = new Recorder([false])
    const step = recorder.loads[0]!.step({ scenario: "s", name: "n", action: "http", tags: [] })
    step.failed("expected key-1", () => "found key-1")
    step.failed("expected key-2", () => "found key-2")
    step.failed("timeout", () => "late")

    recorder.mask((text) => text.replaceAll(/key-\d/g, "***"))

    assert.deepStrictEqual(step.byError, [
      { kind: "expected ***", count: 2, example: "found ***" },
      { kind: "timeout", count: 1, example: "late" }
    ])
    assert.strictEqual(step.failures, 3)
  })
})

describe("totals", () => {
  const frame = (at: number, answers: number, until = at + 1) => {
    const recorder = new Recorder([false])
    for (let count = 0; count < answers; count++) {
      recorder.loads[0]!.step({ scenario: "s", name: "n", action: "http", tags: [] }).response(0, 0, 100, 200, 1, 1)
    }
    return Frame.encode({ at, until, health }, recorder)
  }

  it("a second is told when all threads have told of it, or of a later one", () => {
    const totals = new Totals(2, [false])

    assert.deepStrictEqual(totals.add(0, frame(0, 1)), [])
    assert.deepStrictEqual(totals.add(0, frame(1, 2)), [])
    assert.deepStrictEqual(totals.add(1, frame(1, 4)).map(({ second }) => [second.at, second.completed]), [[0, 1], [
      1,
      6
    ]])
    assert.deepStrictEqual(totals.add(0, frame(2, 8)), [])
    assert.deepStrictEqual(totals.rest().map(({ second }) => [second.at, second.completed]), [[2, 8]])
  })

  it("warm-up is among the seconds, and not in the figures", () => {
    const totals = new Totals(1, [false])
    totals.add(0, frame(-1, 5))
    totals.add(0, frame(0, 3, 0.5))

    assert.deepStrictEqual(totals.seconds.map(({ at, completed }) => [at, completed]), [[-1, 5], [0, 3]])
    assert.strictEqual(totals.latency.count, 3)
    assert.strictEqual(totals.measuredSeconds, 0.5)
    assert.strictEqual(totals.cpu, 0.5)
  })
})

describe("the correction by an expected interval", () => {
  it("adds the requests that were left out while one waited", () => {
    const histogram = new Histogram()
    for (let count = 0; count < 100; count++) histogram.record(100)
    histogram.record(1_000)
    const corrected = Summary.corrected(histogram, 100)

    // 900, 800, ... 100 were never asked.
    assert.strictEqual(corrected.count, 110)
    assert.strictEqual(corrected.max, 1_000)
    assert.closeTo(corrected.quantile(0.95), 500, 5)
  })
})
