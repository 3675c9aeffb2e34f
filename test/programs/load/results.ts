/** Results of load runs as they would be, made from a seed: a server of 1 to 20 ms that is slow for a while. */
import { Effect } from "effect"
import { Base64 } from "effect/encoding"
import * as HdrHistogram from "../../../src/core/HdrHistogram.ts"
import { coarse, Histogram } from "../../../src/core/Histogram.ts"
import type { Distribution, Figures, LoadResult, Second } from "../../../src/programs/load/LoadResult.ts"

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

/** Standard normal, by Box and Muller. */
export const normal = (next: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())

const ticks = 10_000

export const distribution = (histogram: Histogram): Distribution => {
  const at = (q: number) => histogram.quantile(q) / ticks
  return {
    count: histogram.count,
    min: histogram.count === 0 ? 0 : histogram.min / ticks,
    p50: at(0.5),
    p75: at(0.75),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    p99_9: at(0.999),
    max: histogram.max / ticks,
    mean: histogram.mean / ticks,
    stddev: histogram.stddev / ticks
  }
}

export interface Shape {
  readonly seed?: number | undefined
  readonly seconds?: number | undefined
  readonly perSecond?: number | undefined
  readonly model?: "open" | "closed" | undefined
  /** All latencies are so many times longer. */
  readonly slower?: number | undefined
  /** Autocorrelation of the seconds' speed, 0 to 1, and how much it varies: a share. */
  readonly drift?: { readonly memory: number; readonly spread: number } | undefined
  /** Seconds that are ten times slower and drop iterations: from, to. */
  readonly stall?: readonly [from: number, to: number] | undefined
  readonly failing?: number | undefined
}

const encode = (histogram: Histogram) => Effect.runPromise(HdrHistogram.encode(histogram))

/** Of a run with the given shape; `changes` replace fields of it. */
export const make = async (shape: Shape = {}, changes: Partial<LoadResult> = {}): Promise<LoadResult> => {
  const next = random(shape.seed ?? 1)
  const model = shape.model ?? "open"
  const lengths = shape.seconds ?? 30
  const measured = Math.max(1, lengths)
  const rate = shape.perSecond ?? 200
  const { memory, spread } = shape.drift ?? { memory: 0.6, spread: 0.05 }
  const failing = shape.failing ?? 0
  const [response, service, lateness] = [new Histogram(), new Histogram(), new Histogram()]
  const seconds: Array<Second> = []
  let drift = 0
  let [errors, dropped] = [0, 0]
  for (let at = 0; at < lengths; at++) {
    drift = memory * drift + Math.sqrt(1 - memory ** 2) * spread * normal(next)
    const stalled = shape.stall !== undefined && at >= shape.stall[0] && at < shape.stall[1]
    const second = new Histogram(coarse)
    const gone = stalled ? Math.floor(rate / 20) : 0
    let failed = 0
    for (let i = 0; i < rate - gone; i++) {
      const millis = 3 * Math.exp(0.45 * normal(next) + drift) * (shape.slower ?? 1) * (next() < 0.02 ? 6 : 1)
      const late = 0.03 + 0.02 * next()
      const waited = stalled ? 400 * next() : 0
      service.record(millis * ticks)
      response.record((millis + late + waited) * ticks)
      second.record((millis + late + waited) * ticks)
      lateness.record(late * ticks)
      if (next() < failing) failed++
    }
    errors += failed
    dropped += gone
    const of = distribution(second)
    seconds.push({
      at,
      started: rate - gone,
      completed: rate - gone,
      dropped: gone,
      errors: failed,
      bytes_in: (rate - gone) * 640,
      due: model === "open" ? rate : 0,
      vus: stalled ? 48 : 6,
      p50: of.p50,
      p95: of.p95,
      p99: of.p99,
      max: of.max,
      cpu: 0.18 + 0.03 * next(),
      lag_ms: 0.4 + 0.2 * next(),
      histogram: Base64.encode(second.toBytes())
    })
  }
  const total = response.count
  const isOpen = model === "open"
  const figures = (share: number): Figures => ({
    count: Math.round(total * share),
    per_second: (total * share) / measured,
    failed: Math.round(errors * share),
    bytes_in: Math.round(total * share) * 640,
    bytes_out: Math.round(total * share) * 120,
    response_ms: distribution(isOpen ? response : service),
    service_ms: distribution(service),
    statuses: {
      "200": Math.round((total - errors) * share),
      ...(errors === 0 ? {} : { "503": Math.round(errors * share) })
    },
    by_status_ms: { "200": distribution(isOpen ? response : service) },
    errors: [],
    checks: { passed: Math.round((total - errors) * share), failed: Math.round(errors * share) }
  })
  return {
    format: "skein-load",
    version: 1,
    run: "20261121-101112-7f3a",
    name: "Checkout",
    target: "examples/load/checkout.yaml",
    model,
    started_at: "2026-11-21T10:11:12.000Z",
    duration_s: lengths,
    measured_s: lengths,
    seed: 42,
    interrupted: false,
    requests: {
      total,
      per_second: total / measured,
      failed: errors,
      bytes_in: total * 640,
      bytes_out: total * 120
    },
    iterations: {
      started: total / 2,
      completed: total / 2,
      failed: errors,
      dropped,
      cut_off: 0,
      per_second: total / 2 / measured
    },
    latency_ms: distribution(isOpen ? response : service),
    service_ms: distribution(service),
    lateness_ms: isOpen ? distribution(lateness) : null,
    corrected_ms: null,
    phases_ms: null,
    checks: { passed: total - errors, failed: errors, rate: total === 0 ? 1 : (total - errors) / total },
    errors: {
      total: errors,
      rate: total === 0 ? 0 : errors / total,
      kinds: errors === 0 ? [] : [
        {
          kind: "status 503",
          count: errors - 1,
          example: "POST http://127.0.0.1:8080/orders answered 503: overloaded, try again"
        },
        { kind: "timeout", count: 1, example: "POST http://127.0.0.1:8080/orders: no answer within 10s" }
      ]
    },
    statuses: { "200": total - errors, ...(errors === 0 ? {} : { "503": errors }) },
    by_status_ms: {
      "200": distribution(isOpen ? response : service),
      ...(errors === 0 ? {} : { "503": distribution(service) })
    },
    scenarios: [{
      name: "Checkout",
      executor: isOpen ? "constant-arrival-rate" : "constant-vus",
      model,
      vus: isOpen ? 200 : 64,
      iterations: total / 2,
      dropped
    }],
    steps: [
      { scenario: "Checkout", name: "Log in", action: "http", ...figures(0.5) },
      { scenario: "Checkout", name: "Create an order", action: "http", ...figures(0.5) }
    ],
    tags: [{ tag: "write", ...figures(0.5) }],
    metrics: [
      { name: "basket", kind: "trend", count: 3000, value: 41.5, distribution: distribution(service) },
      { name: "discounted", kind: "rate", count: 3000, value: 0.25, distribution: null },
      { name: "items", kind: "counter", count: 3000, value: 9120, distribution: null }
    ],
    thresholds: [
      {
        expression: "http.p95 < 300ms",
        passed: (isOpen ? response : service).quantile(0.95) / ticks < 300,
        actual: (isOpen ? response : service).quantile(0.95) / ticks,
        limit: 300,
        unit: "ms",
        over_s: null,
        aborted: false
      },
      {
        expression: "errors.rate < 1%",
        passed: errors / Math.max(1, total) < 0.01,
        actual: errors / Math.max(1, total),
        limit: 0.01,
        unit: "ratio",
        over_s: null,
        aborted: false
      },
      {
        expression: "http.p99 < 100ms",
        passed: Math.max(0, ...seconds.map(({ p99 }) => p99)) < 100,
        actual: Math.max(0, ...seconds.map(({ p99 }) => p99)),
        limit: 100,
        unit: "ms",
        over_s: 10,
        aborted: false
      }
    ],
    generator: {
      threads: 1,
      cpu: 0.19,
      loop_lag_p99_ms: 0.6,
      loop_lag_max_ms: 3.1,
      gc_count: 12,
      gc_ms: 31,
      rss_peak_bytes: 96_000_000,
      heap_peak_bytes: 31_000_000,
      sockets_opened: 48,
      sockets_most: 48,
      transport: "HTTP/1.1",
      skein: "0.1.0",
      node: "v24.21.0",
      platform: "linux x64",
      cores: 2
    },
    verdict: "valid",
    reasons: [],
    seconds,
    histograms: { latency: await encode(response), service: await encode(service) },
    configuration: {
      executor: isOpen
        ? { type: "constant-arrival-rate", rate, duration: `${lengths}s`, vus: 200, queue: 1000 }
        : { type: "constant-vus", vus: 64, duration: `${lengths}s` },
      seed: 42,
      threads: 1,
      thresholds: ["http.p95 < 300ms", "errors.rate < 1%", "http.p99 < 100ms over 10s"]
    },
    ...changes
  }
}

/** A good run, one with a stall and errors, one that cannot be believed. */
export const good = await make()
export const bad = await make({ seconds: 60, stall: [20, 26], failing: 0.02, seed: 7 })
/** The best trial of a search for the highest rate. */
export const searched = await make({}, {
  breakpoint: {
    rate: 480,
    next_rate: 500,
    limited_by: "target",
    trials: [400, 600, 500, 480].map((rate) => ({
      rate,
      passed: rate <= 480,
      verdict: "valid",
      p95: rate / 40,
      per_second: Math.min(rate, 495),
      dropped: rate > 495 ? 100 : 0,
      failed: 0
    }))
  }
})
export const closed = await make({ model: "closed", perSecond: 300 }, {
  thresholds: [],
  target: "http://127.0.0.1:8080/",
  name: "http://127.0.0.1:8080/",
  metrics: []
})
export const invalid = await make({}, {
  verdict: "invalid",
  reasons: [{
    code: "cpu",
    text: "the busiest thread of the generator used 97% of a core; above 85% its own waiting is in the figures",
    advice: "give it more threads (--threads 2), or a lower rate"
  }]
})

/** The same run, with every text that comes from outside taken from `texts`. */
export const withTexts = (result: LoadResult, texts: ReadonlyArray<string>): LoadResult => ({
  ...result,
  name: texts.join(" "),
  target: texts.join(""),
  errors: { ...result.errors, kinds: texts.map((text) => ({ kind: text, count: 1, example: text })) },
  statuses: Object.fromEntries(texts.map((text) => [text, 1])),
  steps: texts.map((text) => ({ ...result.steps[0]!, scenario: text, name: text, action: text })),
  tags: texts.map((tag) => ({ ...result.tags[0]!, tag })),
  metrics: texts.map((name) => ({ ...result.metrics[0]!, name })),
  thresholds: result.thresholds.map((one, i) => ({ ...one, expression: texts.slice(i).join(" ") })),
  scenarios: texts.map((name) => ({ ...result.scenarios[0]!, name })),
  reasons: texts.map((text) => ({ code: "cpu", text, advice: text })),
  configuration: Object.fromEntries(texts.map((text) => [text, text]))
})
