/**
 * Claim: to count a latency takes at most 6 ns. Beside it: hdr-histogram-js, in JavaScript, with three digits too. Both see the same
 * million log-normal values, and agree on the percentiles.
 *
 *     node bench/histogram.ts [rounds]
 */
import { build } from "hdr-histogram-js"
import { Histogram } from "../src/core/Histogram.ts"
import * as Alternate from "./Alternate.ts"

const rounds = Number(process.argv[2] ?? 15)
const count = 1_000_000

/** Numbers from 0 to 1, the same every time (mulberry32). */
let seed = 1
const next = (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
// About 1 ms in ticks of 100 ns, spread over three powers of ten.
const values = Float64Array.from(
  { length: count },
  () => Math.floor(10_000 * Math.exp(Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())))
)

const ours = new Histogram()
const theirs = build({
  lowestDiscernibleValue: 1,
  highestTrackableValue: 2 ** 32 - 1,
  numberOfSignificantValueDigits: 3
})

/** A function of its own, as the loops of a load are: constants of a module cost a look each. */
const recordAll = (histogram: Histogram, of: Float64Array): void => {
  for (let i = 0; i < of.length; i++) histogram.record(of[i]!)
}
const recordAllOfTheirs = (histogram: ReturnType<typeof build>, of: Float64Array): void => {
  for (let i = 0; i < of.length; i++) histogram.recordValue(of[i]!)
}

const results = await Alternate.alternate(
  [
    {
      name: "skein",
      run: () => Alternate.inProcess(() => recordAll(ours, values))
    },
    {
      name: "hdr-histogram-js",
      run: () => Alternate.inProcess(() => recordAllOfTheirs(theirs, values))
    }
  ],
  rounds,
  3
)
Alternate.print(results)

const nanoseconds = (of: Alternate.Rounds[number]) => Math.min(...of.costs.map(({ wallMs }) => wallMs)) * 1e6 / count
Alternate.goal("to record a value, the best round", nanoseconds(results[0]!), "at most", 6, " ns")
console.log(`        hdr-histogram-js: ${nanoseconds(results[1]!).toFixed(1)} ns`)
for (const q of [0.5, 0.95, 0.999]) {
  const [a, b] = [ours.quantile(q), theirs.getValueAtPercentile(q * 100)]
  Alternate.goal(`p${q * 100}, apart from hdr-histogram-js`, Math.abs(a / b - 1) * 100, "at most", 0.1, " %")
}
