import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import * as hdr from "hdr-histogram-js"
import { deflateSync } from "node:zlib"
import * as HdrHistogram from "../../src/core/HdrHistogram.ts"
import { coarse, fine, Histogram } from "../../src/core/Histogram.ts"

const of = (values: Iterable<number>, bits = fine): Histogram => {
  const histogram = new Histogram(bits)
  for (const value of values) histogram.record(value)
  return histogram
}
const asPlain = (histogram: Histogram) => ({
  count: histogram.count,
  overflow: histogram.overflow,
  sum: histogram.sum,
  min: histogram.min,
  max: histogram.max,
  buckets: [...histogram.buckets()]
})
const nearestRank = (sorted: ReadonlyArray<number>, q: number): number =>
  sorted[Math.max(0, Math.ceil(q * sorted.length - 1e-6) - 1)] ?? 0

const ticks = fc.oneof(
  fc.nat(3000),
  fc.nat(2 ** 20),
  fc.nat(2 ** 31),
  fc.integer({ min: 2 ** 32 - 3, max: 2 ** 32 - 1 })
)
const values = fc.array(ticks, { minLength: 1, maxLength: 300 })

describe("Histogram", () => {
  for (const [bits, share] of [[fine, 0.0005], [coarse, 0.008]] as const) {
    it(`with ${bits} bits, a quantile is the exact nearest rank within ${share * 100} %`, () =>
      fc.assert(fc.property(values, fc.integer({ min: 0, max: 10_000 }), (values, tenThousandths) => {
        const q = tenThousandths / 10_000
        const exact = nearestRank(values.toSorted((a, b) => a - b), q)

        assert.isAtMost(Math.abs(of(values, bits).quantile(q) - exact), exact * share)
      })))
  }

  it("count, sum, mean, smallest and largest are exact", () =>
    fc.assert(fc.property(values, (values) => {
      const histogram = of(values)

      assert.strictEqual(histogram.count, values.length)
      assert.strictEqual(histogram.mean, values.reduce((sum, value) => sum + value, 0) / values.length)
      assert.strictEqual(histogram.quantile(0), Math.min(...values))
      assert.strictEqual(histogram.quantile(1), Math.max(...values))
    })))

  it("the standard deviation is that of the values within 0.1 % of the mean", () =>
    fc.assert(fc.property(values, (values) => {
      const histogram = of(values)
      const exact = Math.sqrt(values.reduce((sum, value) => sum + (value - histogram.mean) ** 2, 0) / values.length)

      assert.isAtMost(Math.abs(histogram.stddev - exact), histogram.max * 0.001)
    })))

  it("parts add up to the whole, whatever the parts and their order, also through bytes", () =>
    fc.assert(fc.property(fc.array(fc.array(ticks), { maxLength: 5 }), (parts) => {
      const whole = of(parts.flat())
      const added = new Histogram()
      for (const part of parts.toReversed()) added.add(Histogram.fromBytes(of(part).toBytes()))

      assert.deepStrictEqual(asPlain(added), asPlain(whole))
      assert.deepStrictEqual(asPlain(Histogram.fromBytes(added.toBytes())), asPlain(whole))
    })))

  it("a coarse one of fine ones is the one of the values", () =>
    fc.assert(fc.property(values, (values) => {
      const added = new Histogram(coarse)
      added.add(of(values))

      assert.deepStrictEqual(asPlain(added), asPlain(of(values, coarse)))
      assert.deepStrictEqual(asPlain(Histogram.fromBytes(of(values).toBytes(), coarse)), asPlain(of(values, coarse)))
    })))

  it("the buckets of all values join without gap or overlap", () => {
    const edges = Array.from({ length: 33 }, (_, power) => 2 ** power).flatMap((power) => [power - 1, power, power + 1])
    const buckets = [...of(edges.filter((edge) => edge < 2 ** 32)).buckets()]

    for (const [index, { from, to }] of buckets.entries()) {
      assert.isAtMost(from, to)
      assert.isAbove(from, buckets[index - 1]?.to ?? -1)
    }
    assert.strictEqual(buckets.at(-1)!.to, 2 ** 32 - 1)
  })

  it("values beyond the range count as the largest, and are told; negative ones as 0, fractions are cut", () => {
    const histogram = of([2 ** 32, Infinity, NaN, -5, 7.9])

    assert.strictEqual(histogram.overflow, 3)
    assert.strictEqual(histogram.max, 2 ** 32 - 1)
    assert.strictEqual(histogram.min, 0)
    assert.strictEqual(histogram.quantile(0.4), 7)
  })

  it("is all zero when empty, and again after clear", () => {
    const histogram = of([5, 2 ** 32])
    histogram.clear()

    assert.deepStrictEqual(asPlain(histogram), asPlain(new Histogram()))
    assert.deepStrictEqual([histogram.quantile(0.5), histogram.mean, histogram.stddev, histogram.max], [0, 0, 0, 0])
    assert.deepStrictEqual(asPlain(Histogram.fromBytes(histogram.toBytes())), asPlain(new Histogram()))
  })

  it("a rank that is whole but for rounding is whole", () => {
    const histogram = of(Array.from({ length: 1000 }, (_, index) => index + 1))

    assert.strictEqual(histogram.quantile(0.999), 999)
    assert.strictEqual(histogram.quantile(0.99), 990)
    assert.strictEqual(histogram.quantile(0.07), 70)
  })

  it("bytes that are torn or impossible are refused", () => {
    const bytes = of([1, 5000, 70_000]).toBytes()

    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => Histogram.fromBytes(bytes.subarray(0, length)), RangeError)
    }
    assert.throws(() => Histogram.fromBytes(of([1], coarse).toBytes()), /7 bits cannot be added to one of 11/)
  })

  it("of 20,000 log-normal values takes at most 16 KB", () => {
    const random = normal()
    const histogram = of(Array.from({ length: 20_000 }, () => Math.exp(8 + random())))

    assert.isAtMost(histogram.toBytes().length, 16_000)
  })
})

describe("HdrHistogram", () => {
  const quantiles = [0, 50, 90, 99, 99.9, 100]

  it.effect("what we write, hdr-histogram-js reads: same counts, same quantiles", () =>
    Effect.gen(function*() {
      const values = fc.sample(ticks, { numRuns: 2000, seed: 7 })
      const ours = of(values)
      const theirs = hdr.decodeFromCompressedBase64(yield* HdrHistogram.encode(ours), 64)

      assert.strictEqual(theirs.totalCount, ours.count)
      for (const percent of quantiles) {
        const one = theirs.getValueAtPercentile(percent)
        assert.isAtMost(Math.abs(one - ours.quantile(percent / 100)), one / 1000)
      }
    }))

  it.effect("what hdr-histogram-js writes, we read", () =>
    Effect.gen(function*() {
      const values = fc.sample(ticks, { numRuns: 2000, seed: 8 })
      const theirs = hdr.build({
        highestTrackableValue: 2 ** 32 - 1,
        numberOfSignificantValueDigits: 3,
        bitBucketSize: 64
      })
      for (const value of values) theirs.recordValue(value)
      const ours = yield* HdrHistogram.decode(hdr.encodeIntoCompressedBase64(theirs))

      assert.deepStrictEqual([...ours.buckets()], [...of(values).buckets()])
    }))

  it.effect("what we write, we read; an empty one too", () =>
    Effect.gen(function*() {
      for (const histogram of [new Histogram(), of([0]), of([0, 0, 3, 2 ** 32 - 1])]) {
        const read = yield* HdrHistogram.decode(yield* HdrHistogram.encode(histogram))
        assert.deepStrictEqual([...read.buckets()], [...histogram.buckets()])
        assert.strictEqual(read.count, histogram.count)
      }
    }))

  it.effect("says why a text is no histogram", () =>
    Effect.gen(function*() {
      const two = hdr.build({ numberOfSignificantValueDigits: 2, highestTrackableValue: 1000 })
      const wrong = [
        ["%%%", "it is not base64"],
        ["AAAA", "it is torn"],
        ["AAAAAAAAAAAA", "it begins otherwise"],
        [(yield* HdrHistogram.encode(of([1]))).slice(0, 20), "it is torn"],
        [hdr.encodeIntoCompressedBase64(two), "it has 2 digits, not 3"],
        [inflating(5_000_000), "it has more than 1000000 bytes"]
      ] as const
      for (const [text, reason] of wrong) {
        assert.strictEqual((yield* Effect.flip(HdrHistogram.decode(text))).reason, reason)
      }
    }))
})

/** A few bytes that become many. */
const inflating = (bytes: number): string => {
  const body = deflateSync(new Uint8Array(bytes))
  const head = Buffer.alloc(8)
  head.writeUInt32BE(0x1c849314, 0)
  head.writeUInt32BE(body.length, 4)
  return Buffer.concat([head, body]).toString("base64")
}

/** Standard normal values, the same ones each time. */
const normal = () => {
  let state = 42
  const uniform = () => (state = state * 48_271 % 2_147_483_647) / 2_147_483_647
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}
