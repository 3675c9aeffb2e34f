/**
 * Reads the `load:` block of a scenario or of `skein.yaml`. Keys that have no meaning for its executor are errors: what a person wrote and
 * nobody heeds would make a load that is not the one they think of.
 */
import { Duration, Result } from "effect"
import {
  type ExecutorName,
  type LoadSettings,
  meant,
  most,
  type StageSetting,
  type WrittenThreshold
} from "../LoadSettings.ts"
import * as ThresholdText from "../ThresholdText.ts"
import * as Node from "./Node.ts"
import * as Reader from "./Reader.ts"

const { duration, fields, flag, map, oneOf, oneOrMany, optional, required, text } = Reader

/** A whole number; text that is one is taken, since a template of `skein.yaml` gives text. */
const int = (minimum: number, maximum = Infinity): Reader.Reader<number> => {
  const strict = Reader.int(minimum)
  const read: Reader.Reader<number>["read"] = (node, notes) =>
    node._tag === "Scalar" && typeof node.value === "string" && /^\d+$/.test(node.value)
      ? strict.read({ ...node, value: Number(node.value) }, notes)
      : strict.read(node, notes)
  return map({ schema: strict.schema, read }, (value, node, notes) => atMost(value, maximum, node, notes))
}

const atMost = (value: number, maximum: number, node: Node.Node, notes: Reader.Notes): number | undefined =>
  value <= maximum ? value : Reader.note(
    notes,
    "out-of-range",
    `${value} is more than one machine can do: at most ${maximum}`,
    node.span,
    "share the load out over several machines"
  )

const millis = map(duration, (read) => Duration.toMillis(read))

const perSecond: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

interface Rate {
  /** Per second, or a bare number. */
  readonly amount: number
  readonly hasUnit: boolean
}

/** `200/s`, `12000/m`, or a number. */
const rateOrCount: Reader.Reader<Rate> = {
  schema: { type: ["string", "number"], examples: ["200/s", "600/m"] },
  read: (node, notes) => {
    const value = node._tag === "Scalar" ? node.value : undefined
    if (typeof value === "number" && value >= 0) return { amount: value, hasUnit: false }
    const parts = typeof value === "string" ? /^\s*(\d[\d_]*(?:\.\d+)?)\s*\/\s*([smh])\s*$/.exec(value) : null
    return parts === null
      ? Reader.note(
        notes,
        "bad-rate",
        `expected a rate, found ${node._tag === "Scalar" ? JSON.stringify(String(node.value)) : Node.describe(node)}`,
        node.span,
        "write it as 200/s, 600/m, or as a number a second"
      )
      : { amount: Number(parts[1]!.replaceAll("_", "")) / perSecond[parts[2]!]!, hasUnit: true }
  }
}

const above = (reader: Reader.Reader<Rate>): Reader.Reader<number> =>
  map(
    reader,
    ({ amount }, node, notes) =>
      amount > 0
        ? atMost(amount, most.rate, node, notes)
        : Reader.note(notes, "out-of-range", "expected a rate above 0", node.span)
  )

const rate = above(rateOrCount)

/** `5%`, or a share from 0 to 1. */
const share: Reader.Reader<number> = {
  schema: { type: ["string", "number"], examples: ["5%", 0.05] },
  read: (node, notes) => {
    const value = node._tag === "Scalar" ? node.value : undefined
    const percent = typeof value === "string" ? /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(value) : null
    const found = percent === null ? value : Number(percent[1]) / 100
    return typeof found === "number" && found > 0 && found < 1
      ? found
      : Reader.note(notes, "out-of-range", "expected a share between 0 and 1, such as 5%", node.span)
  }
}

interface ReadStage extends StageSetting {
  readonly hasUnit: boolean
  readonly node: Node.Node
}

const stage: Reader.Reader<ReadStage> = map(
  fields("a stage", {
    to: optional(rateOrCount, "The target that is gone to evenly: a rate (200/s), or a number of virtual users"),
    in: optional(millis, "How long the way to it takes"),
    hold: optional(rateOrCount, "The target that is held"),
    for: optional(millis, "How long it is held; without hold the target of the stage before")
  }),
  (read, node, notes) => {
    const wrong = (message: string) =>
      Reader.note(
        notes,
        "bad-stage",
        message,
        Reader.headOf(node),
        "write { to: 200/s, in: 30s } or { hold: 200/s, for: 2m }"
      )
    const has = (key: string) => Node.get(node, key) !== undefined
    if (has("to") && (has("hold") || has("for"))) return wrong("a stage either goes to a target or holds one")
    if (has("to") !== has("in")) return wrong(has("to") ? "this stage has no length" : "this stage has no target")
    if (!has("to") && !has("for")) return wrong("this stage has no length")
    const target = read.to ?? read.hold
    const length = read.in ?? read.for
    if (length === undefined || (has("to") || has("hold")) && target === undefined) return undefined
    if (target !== undefined && atMost(target.amount, most.rate, node, notes) === undefined) return undefined
    return { target: target?.amount, holds: !has("to"), millis: length, hasUnit: target?.hasUnit ?? true, node }
  }
)

const stages: Reader.Reader<ReadonlyArray<ReadStage>> = map(
  Reader.list(stage),
  (read, node, notes) =>
    node._tag === "List" && node.items.length === 0
      ? Reader.note(notes, "no-stages", "stages needs at least one stage", node.span)
      : read
)

/** The expression is kept as text: it is plain data for the threads, and shown in reports. */
const expression: Reader.Reader<string> = map(text, (value, node, notes) => {
  const read = ThresholdText.parse(value)
  if (Result.isSuccess(read)) return value
  const { at, message } = read.failure
  return Reader.note(
    notes,
    "bad-threshold",
    `this is no threshold: ${message}`,
    Node.partSpan(node, Math.min(at, Math.max(0, value.length - 1)), value.length),
    "write it as http.p95 < 300ms, errors.rate < 1% or http.p99{step: \"Log in\"} < 1s"
  )
})

const threshold: Reader.Reader<WrittenThreshold> = Reader.byKind<WrittenThreshold, WrittenThreshold>({
  expected: "a threshold such as http.p95 < 300ms, or a map with expression",
  scalar: map(expression, (value, { span }) => ({ expression: value, abort: false, delayMillis: 0, span })),
  map: map(
    fields("a threshold", {
      expression: required(expression, "What must hold, such as http.p95 < 300ms"),
      over: optional(millis, "It must hold in each window of this length [default: over the whole run]"),
      abort: optional(flag, "True: the run ends as soon as it does not hold [default: false]"),
      delay: optional(millis, "The first so long is not judged [default: 0s]")
    }),
    (read, node) =>
      read.expression === undefined ? undefined : {
        expression: read.expression,
        overMillis: read.over,
        abort: read.abort ?? false,
        delayMillis: read.delay ?? 0,
        span: spanOf(node, "expression")
      }
  )
})

const orders = ["sequential", "random", "once"] as const

const feeder: Reader.Reader<NonNullable<LoadSettings["feeder"]>> = Reader.byKind<
  NonNullable<LoadSettings["feeder"]>,
  NonNullable<LoadSettings["feeder"]>
>({
  expected: "sequential, random or once, or a map with order and per",
  scalar: map(oneOf(orders), (order) => ({ order })),
  map: map(
    fields("feeder", {
      order: optional(
        oneOf(orders),
        "How the rows of data are handed out; once: an error when they are used up [default: sequential]"
      ),
      per: optional(oneOf(["iteration", "vu"]), "Who gets a row [default: iteration]")
    }),
    ({ order, per }) => ({ ...(order && { order }), ...(per && { per }) })
  )
})

const think: Reader.Reader<readonly [number, number]> = Reader.byKind<
  readonly [number, number],
  never,
  readonly [number, number]
>({
  expected: "a duration, or a list of the shortest and the longest",
  scalar: map(millis, (pause) => [pause, pause] as const),
  list: map(
    Reader.list(millis),
    ([from, to], node, notes) =>
      node._tag === "List" && node.items.length === 2 && from !== undefined && to !== undefined && from <= to
        ? [from, to] as const
        : Reader.note(notes, "bad-duration", "expected the shortest and the longest pause, such as [1s, 3s]", node.span)
  )
})

const table = {
  executor: optional(
    oneOf(
      [
        "constant-arrival-rate",
        "ramping-arrival-rate",
        "constant-vus",
        "ramping-vus",
        "per-vu-iterations",
        "shared-iterations",
        "breakpoint"
      ] satisfies ReadonlyArray<ExecutorName>
    ),
    "How iterations are started [default: as the other keys tell]"
  ),
  rate: optional(rate, "Iterations that are started a second, such as 200/s [default: 10/s]"),
  duration: optional(millis, "How long it is kept up; with iterations the longest time [default: 30s]"),
  stages: optional(stages, "A curve: { to: 200/s, in: 30s }, { hold: 200/s, for: 2m }, ..."),
  start: optional(rateOrCount, "Where the curve begins [default: 0, or the first hold]"),
  arrivals: optional(
    oneOf(["even", "poisson"]),
    "Evenly spaced, or with random gaps as independent people come [default: even]"
  ),
  vus: optional(
    int(1, most.vus),
    "Virtual users: as many, or in an open load at most as many at once [default: 10, open 500]"
  ),
  queue: optional(
    int(0, most.queue),
    "How many due iterations may wait for a virtual user before more are dropped [default: 10 s of them]"
  ),
  iterations: optional(int(1), "How many in all, or for each virtual user with per-vu-iterations"),
  from: optional(rate, "The lowest rate of a search for the breakpoint [default: 10/s]"),
  to: optional(rate, "Its highest rate [default: 10000/s]"),
  step: optional(millis, "How long each of its rates is judged [default: 10s]"),
  settle: optional(millis, "How long each of its rates settles before [default: 2s]"),
  precision: optional(share, "Its end: how narrow the bracket is, as a share of the rate [default: 5%]"),
  pacing: optional(millis, "From the start of an iteration of a virtual user to its next one, at least"),
  think_time: optional(think, "Pause of a virtual user after each iteration: 1s, or [1s, 3s]"),
  thresholds: optional(oneOrMany(threshold), "What must hold of the figures, or the exit code is 1"),
  warmup: optional(millis, "Runs before the load, and is not in the figures [default: 0s]"),
  graceful_stop: optional(millis, "How long running iterations may take to end [default: 30s]"),
  weight: optional(int(1), "Share of the iterations beside other scenarios of one run [default: 1]"),
  feeder: optional(feeder, "How the rows of data are handed out: sequential, random or once [default: sequential]"),
  seed: optional(int(0), "Makes random choices the same in every run")
}

type Key = keyof typeof table

const open: ReadonlyArray<Key> = ["vus", "arrivals", "queue"]
const closed: ReadonlyArray<Key> = ["vus", "pacing", "think_time"]

/** Beside the keys that every executor has. */
const keysOf: Readonly<Record<ExecutorName, ReadonlyArray<Key>>> = {
  "constant-arrival-rate": ["rate", "duration", ...open],
  "ramping-arrival-rate": ["stages", "start", ...open],
  "constant-vus": ["duration", ...closed],
  "ramping-vus": ["stages", "start", "pacing", "think_time"],
  "per-vu-iterations": ["iterations", "duration", ...closed],
  "shared-iterations": ["iterations", "duration", ...closed],
  breakpoint: ["from", "to", "step", "settle", "precision", "vus", "queue"]
}

const special: ReadonlySet<string> = new Set(Object.values(keysOf).flat())

/** What an executor cannot do without. */
const needed: Partial<Record<ExecutorName, Key>> = {
  "constant-arrival-rate": "rate",
  "ramping-arrival-rate": "stages",
  "ramping-vus": "stages",
  "per-vu-iterations": "iterations",
  "shared-iterations": "iterations"
}

/** Reads the block. */
export const reader: Reader.Reader<LoadSettings> = map(fields("load", table), (read, node, notes) => {
  const settings: LoadSettings = {
    executor: read.executor,
    vus: read.vus,
    durationMillis: read.duration,
    rate: read.rate,
    iterations: read.iterations,
    start: read.start?.amount,
    stages: read.stages?.map(({ holds, millis, target }) => ({ holds, millis, target })),
    arrivals: read.arrivals,
    queue: read.queue,
    from: read.from,
    to: read.to,
    stepMillis: read.step,
    settleMillis: read.settle,
    precision: read.precision,
    weight: read.weight,
    thresholds: read.thresholds,
    warmupMillis: read.warmup,
    gracefulStopMillis: read.graceful_stop,
    pacingMillis: read.pacing,
    thinkMillis: read.think_time,
    feeder: read.feeder,
    seed: read.seed
  }
  // A misspelt executor has been told; what the other keys mean without it is a guess.
  if (read.executor === undefined && Node.get(node, "executor") !== undefined) return settings
  const executor = meant(settings)
  judgeKeys(executor, read.executor !== undefined, node, notes)
  judgeUnits(executor, read.executor !== undefined, read.stages ?? [], notes)
  if (settings.from !== undefined && settings.to !== undefined && settings.from >= settings.to) {
    Reader.note(notes, "out-of-range", "from must be below to", spanOf(node, "from"))
  }
  return settings
})

const judgeKeys = (executor: ExecutorName, isNamed: boolean, node: Node.Node, notes: Reader.Notes): void => {
  const entries = node._tag === "Map" ? node.entries : []
  for (const { key, keySpan } of entries) {
    if (!special.has(key) || (keysOf[executor] as ReadonlyArray<string>).includes(key)) continue
    const others = Object.entries(keysOf).filter(([, keys]) => (keys as ReadonlyArray<string>).includes(key))
    Reader.note(
      notes,
      "unused-key",
      `${key} has no meaning for ${executor}${isNamed ? "" : ", which the other keys mean"}`,
      keySpan,
      `it belongs to ${others.map(([name]) => name).join(", ")}`
    )
  }
  const missing = needed[executor]
  if (isNamed && missing !== undefined && !entries.some(({ key }) => key === missing)) {
    Reader.note(notes, "missing-key", `${executor} needs ${missing}`, spanOf(node, "executor"))
  }
}

/** `to: 200` could be virtual users, or iterations a second. */
const judgeUnits = (
  executor: ExecutorName,
  isNamed: boolean,
  read: ReadonlyArray<ReadStage>,
  notes: Reader.Notes
): void => {
  for (const { hasUnit, holds, node, target } of read) {
    const span = spanOf(node, holds ? "hold" : "to")
    if (executor === "ramping-vus" && target !== undefined && (hasUnit || !Number.isInteger(target))) {
      Reader.note(notes, "bad-stage", "ramping-vus goes to a whole number of virtual users", span)
    } else if (!isNamed && !hasUnit) {
      const hint = `write ${target}/s for iterations a second, or executor: ramping-vus for virtual users`
      Reader.note(notes, "bad-stage", `${target} of what?`, span, hint)
    }
  }
}

const spanOf = (node: Node.Node, key: string) => Node.get(node, key)?.span ?? Reader.headOf(node)
