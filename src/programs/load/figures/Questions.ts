/**
 * What can be asked of the figures of a load: `http.p95`, `errors.rate`, `dropped.count`, own metrics. Thresholds are made of it.
 *
 * A path is a subject and a statistic. Subjects: an action (`http`, `postgres`, ...) or `requests` (all of them), from the intended start
 * unless `.service` follows; `iterations`, `dropped`, `errors`, `checks`, `lateness`; the names of own metrics.
 */
import { Result } from "effect"
import { suggest } from "../../../core/DidYouMean.ts"
import { Histogram } from "../../../core/Histogram.ts"
import type { ThresholdText } from "../../../scenario/ThresholdText.ts"
import { ticksPerMilli } from "../../../services/LoadClock.ts"
import { metricScale } from "./MetricRecorder.ts"
import { type LoadRecorder, type Recorder, sumOf } from "./Recorder.ts"
import type { StepRecorder } from "./StepRecorder.ts"

/** The figures of a time, and how long it was. */
export interface View {
  readonly figures: Recorder
  readonly seconds: number
}

export interface Question {
  /** What kind of number the answer is; an own metric may be anything. */
  readonly unit: ThresholdText["unit"] | "any"
  /** Answers from the figures, times in milliseconds; `null` when there is nothing yet that it could be of. */
  readonly ask: (view: View) => number | null
}

/** What a plan has. A list that is not known is left out: names are then taken as they are. */
export interface Known {
  readonly actions?: ReadonlyArray<string> | undefined
  readonly steps?: ReadonlyArray<string> | undefined
  readonly tags?: ReadonlyArray<string> | undefined
  readonly scenarios?: ReadonlyArray<string> | undefined
  readonly metrics?: ReadonlyArray<string> | undefined
}

export interface Misunderstanding {
  readonly message: string
  readonly hint?: string | undefined
}

type Understood = Result.Result<Question, Misunderstanding>

/** Understands the left side of a threshold, or says what is wrong with it. */
export const understand = ({ filters, path }: Pick<ThresholdText, "filters" | "path">, known: Known): Understood => {
  for (const [key, value] of filters) {
    const wrong = judge(key, value, known)
    if (wrong !== undefined) return Result.fail(wrong)
  }
  const [subject, statistic] = split(path)
  const isOwn = known.metrics?.includes(path) === true || known.metrics?.includes(subject) === true
  if (isOwn) return own(path, subject, statistic, known)
  const asked = ofRun.get(subject)
  if (asked !== undefined) return asked(path, statistic, filters)
  const [action = subject, from] = subject.split(".")
  if (action === "requests" || known.actions === undefined || known.actions.includes(action)) {
    return ofRequests(path, action, from, statistic, filters)
  }
  const names = [...ofRun.keys(), "requests", ...known.actions, ...known.metrics ?? []]
  return misunderstood(`there is no metric ${subject}`, didYouMean(subject, names, `there are ${names.join(", ")}`))
}

/** The statistic is what follows the last point; `p99.9` has a point of its own. */
const split = (path: string): readonly [subject: string, statistic: string | undefined] => {
  const found = /^(.+?)\.(p\d+\.\d+|p\d+|[A-Za-z_]\w*)$/.exec(path)
  return found === null ? [path, undefined] : [found[1]!, found[2]!]
}

const misunderstood = (message: string, hint?: string): Understood => Result.fail({ message, hint })

const didYouMean = (word: string, names: ReadonlyArray<string>, otherwise: string): string => {
  const meant = suggest(word, names)
  return meant === undefined ? otherwise : `did you mean ${meant}?`
}

/** What the figures are narrowed to, and which names that key can have. */
const filterKeys = new Map<string, keyof Known | undefined>([
  ["step", "steps"],
  ["tag", "tags"],
  ["scenario", "scenarios"],
  ["action", "actions"],
  ["status", undefined]
])

const judge = (key: string, value: string, known: Known): Misunderstanding | undefined => {
  if (!filterKeys.has(key)) {
    const keys = [...filterKeys.keys()]
    return {
      message: `figures cannot be narrowed by ${key}`,
      hint: didYouMean(key, keys, `they can by ${keys.join(", ")}`)
    }
  }
  const list = filterKeys.get(key)
  if (list === undefined) {
    return /^[1-5](\d\d|xx)$/.test(value) ? undefined : { message: `${value} is no status`, hint: "write 503 or 5xx" }
  }
  const names = known[list]
  if (names === undefined || names.includes(value)) return undefined
  const none = names.length === 0 ? `there is no ${key} at all` : `there are ${names.slice(0, 20).join(", ")}`
  return { message: `there is no ${key} ${JSON.stringify(value)}`, hint: didYouMean(value, names, none) }
}

/** Of a distribution, in milliseconds. */
const timeOf = (statistic: string | undefined): ((histogram: Histogram) => number) | undefined => {
  const percent = Number(/^p(\d+(?:\.\d+)?)$/.exec(statistic ?? "")?.[1] ?? "NaN")
  if (percent <= 100) return (histogram) => histogram.quantile(percent / 100)
  switch (statistic) {
    case "min":
    case "max":
    case "mean":
    case "stddev":
      return (histogram) => histogram[statistic]
    case "avg":
      return (histogram) => histogram.mean
    case "median":
      return (histogram) => histogram.quantile(0.5)
    default:
      return undefined
  }
}

const ofTimes = (
  statistic: string | undefined,
  histogramOf: (view: View) => Histogram,
  scale: number,
  unit: Question["unit"]
): Question | undefined => {
  const value = timeOf(statistic)
  return value && {
    unit,
    ask: (view) => {
      const histogram = histogramOf(view)
      return histogram.count === 0 ? null : value(histogram) / scale
    }
  }
}

const times = "p50, p95, p99.9, min, max, mean, median, stddev"

const unknown = (path: string, statistics: string): Understood =>
  misunderstood(`${path} is nothing that is measured`, `after the last point can stand ${statistics}`)

const noFilters = (path: string): Understood => misunderstood(`${path} is of the whole run: it cannot be narrowed`)

type Filters = ThresholdText["filters"]

const stepFits = (filters: Filters) => (step: StepRecorder): boolean =>
  filters.every(([key, value]) => {
    switch (key) {
      case "step":
        return step.about.name === value
      case "tag":
        return step.about.tags.includes(value)
      case "scenario":
        return step.about.scenario === value
      case "action":
        return step.about.action === value
      default:
        return true
    }
  })

/** Several become a new one; one is taken as it is. */
const together = (histograms: ReadonlyArray<Histogram>): Histogram => {
  const filled = histograms.filter(({ count }) => count > 0)
  return filled.length === 1 ? filled[0]! : Histogram.together(filled)
}

const count = (ask: (view: View) => number): Question => ({ unit: "count", ask })
const perSecond = (ask: (view: View) => number): Question => ({
  unit: "per_second",
  ask: (view) => view.seconds > 0 ? ask(view) / view.seconds : null
})
const ratio = (part: (view: View) => number, whole: (view: View) => number): Question => ({
  unit: "ratio",
  ask: (view) => {
    const of = whole(view)
    return of === 0 ? null : part(view) / of
  }
})

const ofRequests = (
  path: string,
  action: string,
  from: string | undefined,
  statistic: string | undefined,
  filters: Filters
): Understood => {
  const fits = stepFits(filters)
  const steps = ({ figures }: View) =>
    figures.steps.filter((step) => (action === "requests" || step.about.action === action) && fits(step))
  const statuses = filters.filter(([key]) => key === "status").map(([, value]) => value)
  const counted = (view: View) =>
    sumOf(steps(view), statuses.length === 0 ? (step) => step.count : (step) => withStatus(step, statuses))
  const kinds: Readonly<Record<string, Question>> = {
    count: count(counted),
    rate: perSecond(counted),
    failed: count((view) => sumOf(steps(view), ({ failures }) => failures)),
    bytes_in: count((view) => sumOf(steps(view), ({ bytesIn }) => bytesIn)),
    bytes_out: count((view) => sumOf(steps(view), ({ bytesOut }) => bytesOut))
  }
  if (from === undefined && statistic !== undefined && Object.hasOwn(kinds, statistic)) {
    return Result.succeed(kinds[statistic]!)
  }
  const which = from ?? "response"
  const asked = which !== "response" && which !== "service" ? undefined : ofTimes(
    statistic,
    (view) =>
      together(
        steps(view).flatMap((step) =>
          which === "service" ? step.service : statuses.length === 0 ? step.responses : timesOf(step, statuses)
        )
      ),
    ticksPerMilli,
    "ms"
  )
  if (asked === undefined) return unknown(path, `${times}, ${Object.keys(kinds).join(", ")}`)
  if (statuses.length > 0 && which === "service") {
    return misunderstood(`${path} is not kept by status`, "response times are, from the intended start: http.p95")
  }
  return Result.succeed(asked)
}

/** Whether a status is what all filters want: 503, or one of 5xx. */
const isWanted = (status: number, wanted: ReadonlyArray<string>): boolean =>
  wanted.every((one) => one === String(status) || one.endsWith("xx") && one[0] === String(status)[0])

const withStatus = (step: StepRecorder, wanted: ReadonlyArray<string>): number =>
  sumOf(step.byStatus, ([status, count]) => isWanted(status, wanted) ? count : 0)

const timesOf = (step: StepRecorder, wanted: ReadonlyArray<string>): ReadonlyArray<Histogram> =>
  step.byLatency.flatMap(([status, latency]) => isWanted(status, wanted) ? [latency] : [])

const ofLoads = (amount: (load: LoadRecorder) => number) => ({ figures }: View) => sumOf(figures.loads, amount)

const iterations = (amount: (load: LoadRecorder) => number): Subject => (path, statistic, filters) => {
  if (filters.length > 0) return noFilters(path)
  if (statistic === undefined || statistic === "count") return Result.succeed(count(ofLoads(amount)))
  return statistic === "rate" ? Result.succeed(perSecond(ofLoads(amount))) : unknown(path, "count, rate")
}

const share = (
  part: (step: StepRecorder) => number,
  whole: (step: StepRecorder) => number,
  standard: "count" | "rate"
): Subject =>
(path, statistic = standard, filters) => {
  const fits = stepFits(filters)
  const of = (amount: (step: StepRecorder) => number) => ({ figures }: View) =>
    sumOf(figures.steps.filter(fits), amount)
  if (statistic === "count") return Result.succeed(count(of(part)))
  return statistic === "rate" ? Result.succeed(ratio(of(part), of(whole))) : unknown(path, "rate, count")
}

type Subject = (path: string, statistic: string | undefined, filters: Filters) => Understood

const dropped: Subject = (path, statistic, filters) => {
  if (filters.length > 0) return noFilters(path)
  const part = ofLoads(({ dropped }) => dropped)
  if (statistic === undefined || statistic === "count") return Result.succeed(count(part))
  return statistic === "rate"
    ? Result.succeed(ratio(part, ofLoads(({ due }) => due)))
    : unknown(path, "count, rate")
}

const lateness: Subject = (path, statistic, filters) => {
  if (filters.length > 0) return noFilters(path)
  const histogramOf = ({ figures }: View) => together(figures.loads.map(({ lateness }) => lateness))
  const asked = ofTimes(statistic, histogramOf, ticksPerMilli, "ms")
  return asked === undefined ? unknown(path, times) : Result.succeed(asked)
}

const ofRun: ReadonlyMap<string, Subject> = new Map([
  ["iterations", iterations(({ completed }) => completed)],
  ["dropped", dropped],
  ["errors", share(({ failures }) => failures, ({ count }) => count, "count")],
  [
    "checks",
    share(
      ({ checksPassed }) => checksPassed,
      ({ checksFailed, checksPassed }) => checksPassed + checksFailed,
      "rate"
    )
  ],
  ["lateness", lateness]
])

/** A trend has a distribution, a rate its share, a counter its sum; all have a count. */
const own = (path: string, subject: string, statistic: string | undefined, known: Known): Understood => {
  const [name, asked] = known.metrics?.includes(path) === true ? [path, "value"] : [subject, statistic ?? "value"]
  const find = ({ figures }: View) => figures.loads.flatMap(({ metrics }) => metrics.get(name) ?? [])
  if (asked === "count") return Result.succeed(count((view) => sumOf(find(view), ({ count }) => count)))
  if (asked === "value" || asked === "rate" || asked === "sum") {
    return Result.succeed({
      unit: "any",
      ask: (view) => {
        const found = find(view)
        const of = sumOf(found, ({ count }) => count)
        const total = sumOf(found, ({ sum }) => sum)
        return asked === "sum" || found[0]?.kind === "counter" ? total : of === 0 ? null : total / of
      }
    })
  }
  const distribution = ofTimes(asked, (view) => together(find(view).map(({ values }) => values)), metricScale, "any")
  return distribution === undefined ? unknown(path, `value, count, sum, ${times}`) : Result.succeed(distribution)
}
