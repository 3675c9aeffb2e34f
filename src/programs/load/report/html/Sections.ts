/** The parts of the HTML report of a load run that need no script: figures, tables, configuration. */
import * as Verdict from "../../figures/Verdict.ts"
import type { Distribution, Figures, InvalidReason, LoadResult } from "../../LoadResult.ts"
import * as Amounts from "../Amounts.ts"
import * as Outcome from "../Outcome.ts"
import * as Markup from "./Markup.ts"

const { panel, table, text, tile } = Markup
const maxRows = 200
const isText = true

/** What ran, in one line: the model first, since it decides what a latency means. */
export const lead = (result: LoadResult): string => {
  const { generator, measured_s, model, scenarios } = result
  const executors = scenarios.map((one) =>
    `${scenarios.length > 1 ? `${text(one.name)}: ` : ""}<b>${text(one.executor)}</b>, ${
      Amounts.plural(one.vus, "user")
    }`
  )
  const warmup = result.duration_s - measured_s
  const facts = [
    ...executors.slice(0, 8),
    `<b>${Amounts.seconds(measured_s)}</b> measured${
      warmup >= 0.5 ? ` after ${Amounts.seconds(Math.round(warmup))} of warm-up` : ""
    }`,
    Amounts.plural(generator.threads, "thread"),
    text(generator.transport),
    text(result.target)
  ]
  const meaning = model === "open"
    ? "Iterations start on schedule, whatever the target does; latency counts from the intended start."
    : "Each user waits for its answer before it asks again: a slow target is asked less often, and its slowness is seen less."
  return `<div class="lead"><span class="model ${model}" title="${meaning}">${model} model</span>${
    facts.map((fact) => `<span>${fact}</span>`).join("")
  }</div>\n<div class="lead">${meaning}</div>\n`
}

export const alerts = (result: LoadResult): string => {
  const outcome = Outcome.of(result)
  const reasons = result.reasons.map((one) =>
    `<li>${text(one.text)}<br><span class="advice">${text(one.advice)}</span></li>`
  )
  if (outcome === "passed" || outcome === "failed") return ""
  return `<section class="panel alert ${outcome}"><h2>${text(sentence(result))}</h2>${
    reasons.length === 0 ? "" : `<ul>${reasons.join("")}</ul>`
  }</section>\n`
}

const sentence = (result: LoadResult): string => {
  const sentence = Outcome.sentence(result)
  return `${sentence[0]!.toUpperCase()}${sentence.slice(1)}`
}

export const tiles = (result: LoadResult): string => {
  const { checks, errors, iterations, latency_ms, requests, service_ms } = result
  const isOpen = result.model === "open"
  const beside = (key: "p50" | "p95" | "p99") => isOpen ? `service ${Amounts.time(service_ms[key])}` : "from the start"
  return `<div class="tiles">${
    [
      tile("Throughput", Amounts.rate(requests.per_second), `${Amounts.count(requests.total)} requests`),
      tile(isOpen ? "Response p50" : "Latency p50", Amounts.time(latency_ms.p50), beside("p50")),
      tile("p95", Amounts.time(latency_ms.p95), beside("p95")),
      tile("p99", Amounts.time(latency_ms.p99), beside("p99")),
      tile("Slowest", Amounts.time(latency_ms.max), `p99.9 ${Amounts.time(latency_ms.p99_9)}`),
      tile(
        "Errors",
        Amounts.percent(errors.rate),
        `${Amounts.count(errors.total)} of ${Amounts.count(requests.total)}`,
        errors.total > 0
      ),
      ...(isOpen
        ? [
          tile(
            "Dropped",
            Amounts.count(iterations.dropped),
            `of ${Amounts.count(iterations.started + iterations.dropped)} due`,
            iterations.dropped > 0
          )
        ]
        : []),
      ...(checks.passed + checks.failed === 0
        ? []
        : [
          tile(
            "Checks",
            Amounts.percent(checks.rate),
            `${Amounts.count(checks.failed)} did not hold`,
            checks.failed > 0
          )
        ])
    ].join("")
  }</div>\n`
}

export const thresholds = (result: LoadResult): string =>
  panel(
    "Thresholds",
    table(
      [{ name: "" }, { name: "threshold", isText }, { name: "measured" }, { name: "", isText }],
      result.thresholds.slice(0, maxRows).map((one) => [
        one.passed ? `<span class="yes">✓</span>` : `<span class="no">✗</span>`,
        text(one.expression),
        Outcome.actual(one),
        `<span class="no">${Outcome.miss(one)}${one.aborted ? ", ended the run" : ""}</span>`
      ])
    )
  )

/** What a search for the highest rate found. */
export const breakpoint = ({ breakpoint }: LoadResult): string =>
  breakpoint === undefined ? "" : panel(
    "Breakpoint",
    table(
      [{ name: "" }, ...["due", "answered", "p95", "dropped", "failed"].map((name) => ({ name }))],
      breakpoint.trials.slice(-maxRows).map((trial) => [
        trial.verdict === "invalid"
          ? `<span class="warn">!</span>`
          : trial.passed
          ? `<span class="yes">✓</span>`
          : `<span class="no">✗</span>`,
        Amounts.rate(trial.rate),
        Amounts.rate(trial.per_second),
        Amounts.time(trial.p95),
        Amounts.count(trial.dropped),
        Amounts.count(trial.failed)
      ])
    ),
    { note: `${Outcome.breakpoint(breakpoint)}. All other figures are those of its best trial.` }
  )

const quantiles = ["min", "p50", "p75", "p90", "p95", "p99", "p99_9", "max", "mean", "stddev"] as const
const quantileNames = quantiles.map((key) => ({ name: Amounts.quantileName(key) }))
const times = (of: Distribution): ReadonlyArray<string> =>
  quantiles.map((key) => of.count === 0 ? "–" : Amounts.time(of[key]))

export const latencies = (result: LoadResult): string => {
  const row = (name: string, hint: string, of: Distribution | null | undefined) =>
    of === null || of === undefined || of.count === 0
      ? []
      : [[`${name}<span class="sub">${hint}</span>`, ...times(of), Amounts.count(of.count)]]
  const rows = result.model === "open"
    ? [
      ...row("response", "from the intended start", result.latency_ms),
      ...row("service", "from the start", result.service_ms)
    ]
    : row("latency", "from the start", result.latency_ms)
  const statuses = Object.entries(result.by_status_ms)
  const all = [
    ...rows,
    ...(statuses.length > 1 ? statuses.flatMap(([status, of]) => row(status, "by status", of)) : []),
    ...row("corrected", "with the starts that waiting left out", result.corrected_ms),
    ...row("lateness", "of the starts", result.lateness_ms),
    ...Object.entries(result.phases_ms ?? {}).flatMap(([name, of]) => row(name, "phase", of))
  ]
  return panel("Latency", table([{ name: "", isText }, ...quantileNames, { name: "count" }], all))
}

const figuresColumns = ["count", "per s", "failed", "p50", "p95", "p99", "max", "in"].map((name) => ({ name }))
const figures = (of: Figures, isOpen: boolean): ReadonlyArray<string> => {
  const latency = isOpen ? of.response_ms : of.service_ms
  return [
    Amounts.count(of.count),
    Amounts.number(of.per_second),
    of.failed === 0 ? "0" : `<span class="no">${Amounts.count(of.failed)}</span>`,
    ...(["p50", "p95", "p99", "max"] as const).map((key) => latency.count === 0 ? "–" : Amounts.time(latency[key])),
    Amounts.bytes(of.bytes_in)
  ]
}

export const steps = (result: LoadResult): string => {
  const isOpen = result.model === "open"
  const several = new Set(result.steps.map(({ scenario }) => scenario)).size > 1
  const byStep = result.steps.slice(0, maxRows).map((step) => [
    `${several ? `${text(step.scenario)} › ` : ""}${text(step.name)}<span class="sub">${text(step.action)}</span>`,
    ...figures(step, isOpen)
  ])
  const byTag = result.tags.slice(0, maxRows).map((one) => [`#${text(one.tag)}`, ...figures(one, isOpen)])
  return panel("Steps", table([{ name: "step", isText }, ...figuresColumns], byStep)) +
    panel("Tags", table([{ name: "tag", isText }, ...figuresColumns], byTag))
}

export const answers = (result: LoadResult): string => {
  const statuses = Object.entries(result.statuses).map(([status, n]) =>
    `<span class="chip ${/^[123]/.test(status) ? "good" : "bad"}"><b>${text(status)}</b>${Amounts.count(n)}</span>`
  )
  const kinds = table(
    [{ name: "kind", isText }, { name: "count" }, { name: "the first one", isText }],
    result.errors.kinds.slice(0, maxRows).map(({ count, example, kind }) => [
      `<span class="no">${text(kind)}</span>`,
      Amounts.count(count),
      text(example)
    ])
  )
  return panel(
    "Statuses",
    statuses.length === 0 ? "" : `<div class="chips">${statuses.slice(0, maxRows).join("")}</div>`
  ) +
    panel("Errors", kinds)
}

export const metrics = (result: LoadResult): string =>
  panel(
    "Metrics of the scenario",
    table(
      [
        { name: "metric", isText },
        { name: "kind" },
        { name: "value" },
        { name: "count" },
        ...["p50", "p95", "p99", "max"].map((name) => ({ name }))
      ],
      result.metrics.slice(0, maxRows).map(({ count, distribution, kind, name, value }) => [
        text(name),
        kind,
        kind === "rate" ? Amounts.percent(value) : Amounts.number(value),
        Amounts.count(count),
        ...(["p50", "p95", "p99", "max"] as const).map((key) =>
          distribution === null ? "" : Amounts.number(distribution[key])
        )
      ])
    )
  )

/** Each figure beside what it may be at most, as the verdict sees it. */
export const generator = (result: LoadResult): string => {
  const { generator, lateness_ms, latency_ms, model } = result
  const broken = new Set(result.reasons.map(({ code }) => code))
  const row = (name: string, value: string, limit: string, code?: InvalidReason["code"]) => [
    name,
    value,
    limit,
    code === undefined ? "" : broken.has(code) ? `<span class="no">✗</span>` : `<span class="yes">✓</span>`
  ]
  const lateLimit = Math.max(Verdict.maxLatenessMillis, Verdict.maxLatenessShare * latency_ms.p50)
  return panel(
    "Generator",
    table([{ name: "", isText }, { name: "" }, { name: "at most" }, { name: "" }], [
      row(
        "processor, busiest thread",
        `${Amounts.percent(generator.cpu)} of a core`,
        model === "open" ? Amounts.percent(Verdict.maxCpu) : "",
        model === "open" ? "cpu" : undefined
      ),
      row(
        "event loop lag, p99",
        Amounts.time(generator.loop_lag_p99_ms),
        Amounts.time(Verdict.maxLagMillis),
        "loop_lag"
      ),
      row("event loop lag, most", Amounts.time(generator.loop_lag_max_ms), ""),
      ...(lateness_ms === null
        ? []
        : [row("lateness of starts, p99", Amounts.time(lateness_ms.p99), Amounts.time(lateLimit), "lateness")]),
      row("garbage collection", `${Amounts.time(generator.gc_ms)} in ${Amounts.count(generator.gc_count)}`, ""),
      row(
        "memory, most",
        `${Amounts.bytes(generator.rss_peak_bytes)}<span class="sub">heap ${
          Amounts.bytes(generator.heap_peak_bytes)
        }</span>`,
        ""
      ),
      row(
        "sockets",
        `${Amounts.count(generator.sockets_most)} at once<span class="sub">${
          Amounts.count(generator.sockets_opened)
        } opened</span>`,
        "",
        "ports"
      ),
      row(
        "machine",
        `${Amounts.plural(generator.cores, "core")}<span class="sub">${text(generator.platform)}, Node ${
          text(generator.node)
        }</span>`,
        ""
      )
    ]),
    { note: "Whether the figures above can be believed.", place: "half" }
  )
}

export const configuration = (result: LoadResult): string =>
  panel(
    "Configuration",
    `<pre>${Markup.block(JSON.stringify(result.configuration, null, 2))}</pre>`,
    { note: "As it was resolved, all defaults filled in.", place: "half" }
  )
