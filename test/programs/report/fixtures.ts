/** Events and reports for the tests of reports: an ordinary run with every way of ending, and big runs. `hostile.ts` has the hostile ones. */
import type * as Report from "../../../src/programs/report/Report.ts"
import * as ReportFold from "../../../src/programs/report/ReportFold.ts"
import type { Attachment, Event, Failure, Status } from "../../../src/scenario/Event.ts"

/** 2026-03-01T12:00:00Z. */
export const start = 1_772_366_400_000

export interface StepOptions {
  readonly id?: string
  readonly name?: string
  readonly action?: string
  readonly phase?: "setup" | "steps" | "teardown"
  readonly status?: Status
  readonly line?: number
  readonly duration?: number
  readonly attempts?: number
  readonly failures?: ReadonlyArray<Failure>
  readonly attachments?: ReadonlyArray<Attachment>
  readonly output?: string
  readonly skipReason?: string
  readonly logs?: ReadonlyArray<string>
  readonly retries?: ReadonlyArray<Failure>
}

export interface CaseOptions {
  readonly id?: string
  readonly name: string
  readonly file?: string
  readonly line?: number
  readonly suite?: string
  readonly tags?: ReadonlyArray<string>
  readonly status?: Status
  readonly attempt?: number
  readonly at?: number
  readonly reason?: string
  readonly failures?: ReadonlyArray<Failure>
  readonly steps?: ReadonlyArray<StepOptions>
  /** False to leave the case running. */
  readonly finished?: boolean
}

/** The events of one attempt of a case. Steps follow one another; the case lasts as long as they do. */
export const caseEvents = (options: CaseOptions): ReadonlyArray<Event> => {
  const file = options.file ?? "shop.yaml"
  const id = options.id ?? `${file}#${options.name}`
  const attempt = options.attempt ?? 1
  const begin = start + (options.at ?? 0)
  const { name } = options
  const events: Array<Event> = [{
    _tag: "CaseStarted",
    case: id,
    name,
    file,
    line: options.line ?? 1,
    ...(options.suite === undefined ? {} : { suite: options.suite }),
    tags: options.tags ?? [],
    attempt,
    at: begin
  }]
  let at = begin
  for (const [index, step] of (options.steps ?? []).entries()) {
    events.push(...stepEvents(id, file, at, index, step))
    at += step.duration ?? 5
  }
  if (options.finished === false) return events
  events.push({
    _tag: "CaseFinished",
    case: id,
    name,
    file,
    status: options.status ?? "passed",
    attempt,
    at,
    duration_ms: at - begin,
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    failures: options.failures ?? []
  })
  return events
}

const stepEvents = (id: string, file: string, at: number, index: number, step: StepOptions): ReadonlyArray<Event> => {
  const told = {
    case: id,
    step: step.id ?? `${step.phase ?? "steps"}[${index}]`,
    name: step.name ?? `step ${index + 1}`,
    action: step.action ?? "http",
    phase: step.phase ?? "steps",
    location: { file, line: step.line ?? 10 + index, column: 5 }
  } as const
  const duration = step.duration ?? 5
  return [
    { _tag: "StepStarted", ...told, at },
    ...(step.logs ?? []).map((text): Event => ({ _tag: "Log", case: id, step: told.step, level: "info", text, at })),
    ...(step.retries ?? []).map((failure, i): Event => ({
      _tag: "StepRetried",
      case: id,
      step: told.step,
      attempt: i + 1,
      delay_ms: 200,
      failure,
      at
    })),
    {
      _tag: "StepFinished",
      ...told,
      summary: true,
      status: step.status ?? "passed",
      at: at + duration,
      duration_ms: duration,
      attempts: step.attempts ?? (step.retries?.length ?? 0) + 1,
      failures: step.failures ?? [],
      continued: false,
      ...(step.skipReason === undefined ? {} : { skip_reason: step.skipReason }),
      ...(step.output === undefined ? {} : { output: step.output }),
      attachments: step.attachments ?? []
    }
  ]
}

/** A whole run around the events of its cases. */
export const run = (
  cases: ReadonlyArray<ReadonlyArray<Event>>,
  options: { readonly interrupted?: boolean; readonly warnings?: ReadonlyArray<string>; readonly id?: string } = {}
): ReadonlyArray<Event> => {
  const events = cases.flat()
  const last = events.reduce((latest, event) => Math.max(latest, event.at), start)
  const statuses = new Map<string, Status>()
  for (const event of events) {
    if (event._tag === "CaseStarted") statuses.set(event.case, "interrupted")
    if (event._tag === "CaseFinished") statuses.set(event.case, event.status)
  }
  const summary = { total: statuses.size, passed: 0, failed: 0, error: 0, skipped: 0, flaky: 0, interrupted: 0 }
  for (const status of statuses.values()) summary[status]++
  return [
    { _tag: "RunStarted", run: options.id ?? "run-1", at: start, total: statuses.size, seed: 42, concurrency: 4 },
    ...(options.warnings ?? []).map((text): Event => ({ _tag: "Warning", text, at: start })),
    ...events,
    {
      _tag: "RunFinished",
      at: last,
      duration_ms: last - start,
      summary,
      interrupted: options.interrupted ?? false
    }
  ]
}

export const orderExchange: Attachment = {
  _tag: "Http",
  request: {
    method: "POST",
    url: "http://127.0.0.1:8080/orders",
    headers: { "content-type": "application/json", authorization: "***" },
    body: "{\"sku\":\"A1\",\"quantity\":2}"
  },
  response: {
    status: 422,
    headers: { "content-type": "application/json" },
    body: "{\"error\":\"out of stock\",\"sku\":\"A1\"}",
    duration_ms: 41.2
  },
  curl:
    "curl -X POST http://127.0.0.1:8080/orders -H 'content-type: application/json' --data '{\"sku\":\"A1\",\"quantity\":2}'",
  insecure: false
}

export const statusFailure: Failure = {
  kind: "failed",
  reason: "Failed",
  message: "expected status == 201",
  hint: "the server said: out of stock",
  location: { file: "shop.yaml", line: 14, column: 15 },
  frame: "  13 |     http: { method: POST, url: \"${base}/orders\" }\n  14 |     expect: [status == 201]\n"
    + "     |              ^^^^^^^^^^^^^",
  values: [{ expression: "status == 201", value: "false" }, { expression: "status", value: "422" }]
}

export const connectionFailure: Failure = {
  kind: "error",
  reason: "Connection",
  message: "postgres: cannot connect to 127.0.0.1:5433: connection refused",
  hint: "is the server running?",
  location: { file: "stock.yaml", line: 6, column: 5 }
}

/** A run with each way of ending once: passed, failed, error, skipped, flaky and interrupted. */
export const ordinaryEvents: ReadonlyArray<Event> = run([
  caseEvents({
    name: "Checkout",
    line: 3,
    suite: "Shop",
    tags: ["smoke", "orders"],
    status: "failed",
    steps: [
      { phase: "setup", name: "Make the table", action: "postgres", duration: 12 },
      {
        name: "Create an order",
        status: "failed",
        line: 12,
        duration: 43,
        failures: [statusFailure],
        attachments: [orderExchange],
        logs: ["sending the order"]
      },
      {
        name: "It reached the database",
        action: "postgres",
        status: "skipped",
        duration: 0,
        skipReason: "an earlier step failed"
      },
      { phase: "teardown", name: "Drop the table", action: "postgres", duration: 7 }
    ]
  }),
  caseEvents({
    name: "Browse",
    line: 40,
    suite: "Shop",
    tags: ["smoke"],
    at: 4,
    steps: [{ name: "List the products", duration: 120, output: "{\"items\":12}" }]
  }),
  caseEvents({
    name: "Stock level",
    file: "stock.yaml",
    at: 10,
    status: "error",
    steps: [{ name: "Count", action: "postgres", status: "error", duration: 1_500, failures: [connectionFailure] }]
  }),
  caseEvents({
    name: "Search",
    file: "search.yaml",
    at: 20,
    status: "failed",
    steps: [{ name: "Ask", status: "failed", duration: 30, failures: [statusFailure] }]
  }),
  caseEvents({
    name: "Search",
    file: "search.yaml",
    at: 60,
    attempt: 2,
    status: "flaky",
    steps: [{ name: "Ask", duration: 31, retries: [connectionFailure] }]
  }),
  caseEvents({ name: "Refund", line: 70, at: 30, status: "skipped", reason: "not on staging" }),
  caseEvents({
    name: "Import",
    file: "import.yaml",
    at: 70,
    status: "interrupted",
    reason: "the run was stopped",
    steps: [{ name: "Upload", status: "interrupted", duration: 900 }]
  })
], { warnings: ["the secret TOKEN is shorter than 4 characters and is not masked"] })

export const ordinary: Report.Report = ReportFold.fromEvents(ordinaryEvents)

/** The run of the samples in `docs/reports.md`: one case that fails, one that passes. */
export const sample: Report.Report = ReportFold.fromEvents(run([
  caseEvents({
    name: "Checkout",
    line: 3,
    tags: ["smoke"],
    status: "failed",
    steps: [{
      id: "steps[0]",
      name: "Create an order",
      status: "failed",
      line: 12,
      duration: 43,
      failures: [statusFailure],
      attachments: [orderExchange]
    }]
  }),
  caseEvents({ name: "Browse", line: 40, at: 4, steps: [{ name: "List the products", duration: 120 }] })
]))

/** A run of `count` cases with three steps each; one in fifty fails. Cases overlap as eight at a time would. */
export const manyEvents = (count: number): ReadonlyArray<Event> =>
  run(Array.from({ length: count }, (_, i) => {
    const bad = i % 50 === 7
    return caseEvents({
      name: `Case ${i}: an order of ${i % 9} items`,
      file: `orders/file-${String(Math.floor(i / 10)).padStart(4, "0")}.yaml`,
      line: 3 + (i % 10) * 20,
      tags: i % 3 === 0 ? ["smoke"] : [],
      at: Math.floor(i / 8) * 30 + (i % 8) * 3,
      status: bad ? "failed" : i % 211 === 0 ? "skipped" : "passed",
      steps: [
        { name: "Log in", duration: 4 + (i % 5) },
        {
          name: "Create an order",
          duration: 8 + (i * 7) % 17,
          status: bad ? "failed" : "passed",
          failures: bad ? [statusFailure] : [],
          attachments: [orderExchange]
        },
        { name: "It reached the database", action: "postgres", duration: 3 }
      ]
    })
  }))
