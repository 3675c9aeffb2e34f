/**
 * Folds the events of a run into a {@link Report.Report}, one event at a time.
 *
 * A fold belongs to one run and changes as events are added; {@link report} may be asked at any time and leaves it alone.
 * Its memory is bounded: texts are cut, and what passed gives up bodies, log lines and at last steps when there is too much.
 */
import type { Event, EventOf } from "../../scenario/Event.ts"
import * as Report from "./Report.ts"
import * as ReportLimits from "./ReportLimits.ts"
import * as ReportText from "./ReportText.ts"

/** A report in the making. Opaque: made by {@link make}, fed by {@link add}. */
export interface ReportFold {
  readonly limits: { readonly steps: number; readonly logs: number }
  readonly cases: Map<string, OpenCase>
  readonly warnings: Array<string>
  readonly room: ReportLimits.Room
  started: EventOf<"RunStarted"> | undefined
  finished: EventOf<"RunFinished"> | undefined
  /** Time of the last event seen, for the report of a run that has not ended. */
  lastAt: number
}

export const make = (limits: ReportLimits.Limits = {}): ReportFold => ({
  limits: { steps: limits.steps ?? 20_000, logs: limits.logs ?? 1_000 },
  cases: new Map(),
  warnings: [],
  room: ReportLimits.room(limits),
  started: undefined,
  finished: undefined,
  lastAt: 0
})

/** Adds one event. Events of a case must come in their order; those of different cases may be mixed. */
export const add = (fold: ReportFold, event: Event): void => {
  fold.lastAt = event.at
  switch (event._tag) {
    case "RunStarted":
      fold.started = event
      return
    case "RunFinished":
      fold.finished = event
      return
    case "Warning":
      fold.warnings.push(ReportText.cut(event.text))
      return
    case "CaseStarted":
      return startCase(fold, event)
    case "CaseFinished":
      openCase(fold, event.case).finished = event
      return
    case "StepStarted":
      openStep(openCase(fold, event.case), event.step).started = event
      return
    case "StepRetried":
      openStep(openCase(fold, event.case), event.step).retries.push({
        attempt: event.attempt,
        delay_ms: event.delay_ms,
        failure: ReportLimits.cutFailure(event.failure)
      })
      return
    case "StepFinished":
      return finishStep(fold, event)
    case "Log":
      return addLog(fold, event)
  }
}

/** Returns the report of the events so far. Cases and steps that have not ended count as interrupted. */
export const report = (fold: ReportFold): Report.Report => {
  const cases = [...fold.cases].flatMap(([id, open]) =>
    open.started === undefined && open.finished === undefined ? [] : [closeCase(id, open, fold.lastAt)]
  ).sort(Report.byPlace)
  const start = fold.started?.at ?? 0
  return {
    format: "skein-report",
    version: Report.version,
    run: fold.started?.run ?? "",
    started_at: iso(start),
    duration_ms: fold.finished?.duration_ms ?? Math.max(0, fold.lastAt - start),
    seed: fold.started?.seed ?? 0,
    concurrency: fold.started?.concurrency ?? 0,
    interrupted: fold.finished?.interrupted ?? true,
    summary: fold.finished?.summary ?? Report.summarise(cases),
    warnings: [...fold.warnings],
    cases
  }
}

/** Returns the report of a whole run's events. */
export const fromEvents = (events: Iterable<Event>, limits?: ReportLimits.Limits): Report.Report => {
  const fold = make(limits)
  for (const event of events) add(fold, event)
  return report(fold)
}

interface OpenStep {
  started: EventOf<"StepStarted"> | undefined
  finished: EventOf<"StepFinished"> | undefined
  readonly retries: Array<Report.Step["retries"][number]>
  readonly logs: Array<Report.LogLine>
  logsLeftOut: number
}

interface OpenCase {
  started: EventOf<"CaseStarted"> | undefined
  finished: EventOf<"CaseFinished"> | undefined
  readonly earlier: Array<Report.EarlierAttempt>
  steps: Map<string, OpenStep>
  stepsLeftOut: number
}

const openCase = (fold: ReportFold, id: string): OpenCase => {
  const known = fold.cases.get(id)
  if (known !== undefined) return known
  const open = { started: undefined, finished: undefined, earlier: [], steps: new Map(), stepsLeftOut: 0 }
  fold.cases.set(id, open)
  return open
}

const openStep = (open: OpenCase, id: string): OpenStep => {
  const known = open.steps.get(id)
  if (known !== undefined) return known
  const step = { started: undefined, finished: undefined, retries: [], logs: [], logsLeftOut: 0 }
  open.steps.set(id, step)
  return step
}

/** A second start of a case is a new attempt: of the one before stays what did not pass. */
const startCase = (fold: ReportFold, event: EventOf<"CaseStarted">): void => {
  const open = openCase(fold, event.case)
  if (open.started !== undefined) {
    const { duration_ms, failures, reason, started_at, status, steps } = closeCase(event.case, open, event.at)
    open.earlier.push({
      attempt: open.started.attempt,
      status,
      started_at,
      duration_ms,
      ...(reason === undefined ? {} : { reason }),
      failures,
      steps: steps.filter((step) => Report.isBad(step.status))
    })
    open.steps = new Map()
    open.stepsLeftOut = 0
    open.finished = undefined
  }
  open.started = event
}

const finishStep = (fold: ReportFold, event: EventOf<"StepFinished">): void => {
  const open = openCase(fold, event.case)
  if (open.steps.size > fold.limits.steps && !Report.isBad(event.status)) {
    open.steps.delete(event.step)
    open.stepsLeftOut++
    return
  }
  openStep(open, event.step).finished = {
    ...event,
    failures: event.failures.map(ReportLimits.cutFailure),
    attachments: ReportLimits.fit(fold.room, event),
    ...(event.output === undefined ? {} : { output: ReportText.cut(event.output) })
  }
}

const addLog = (fold: ReportFold, event: EventOf<"Log">): void => {
  const step = openStep(openCase(fold, event.case), event.step)
  if (step.logs.length >= fold.limits.logs) step.logsLeftOut++
  else step.logs.push({ level: event.level, text: ReportText.cut(event.text), at: iso(event.at) })
}

const closeCase = (id: string, open: OpenCase, now: number): Report.Case => {
  const { finished, started } = open
  const at = started?.at ?? (finished === undefined ? now : finished.at - finished.duration_ms)
  const steps: Array<Report.Step> = []
  const logs: Array<Report.LogLine> = []
  for (const [stepId, step] of open.steps) {
    if (step.started === undefined && step.finished === undefined) logs.push(...closeLogs(step, now))
    else steps.push(closeStep(stepId, step, now))
  }
  return {
    id,
    name: finished?.name ?? started?.name ?? id,
    file: finished?.file ?? started?.file ?? "",
    line: started?.line ?? 1,
    ...(started?.suite === undefined ? {} : { suite: started.suite }),
    tags: started?.tags ?? [],
    status: finished?.status ?? "interrupted",
    attempts: finished?.attempt ?? started?.attempt ?? 1,
    started_at: iso(at),
    duration_ms: finished?.duration_ms ?? Math.max(0, now - at),
    ...(finished?.reason === undefined ? {} : { reason: ReportText.cut(finished.reason) }),
    failures: (finished?.failures ?? []).map(ReportLimits.cutFailure),
    earlier: [...open.earlier],
    steps,
    ...(open.stepsLeftOut === 0 ? {} : { steps_left_out: open.stepsLeftOut }),
    logs
  }
}

const closeStep = (id: string, step: OpenStep, now: number): Report.Step => {
  const { finished, started } = step
  const told = finished ?? started!
  const at = started?.at ?? (finished === undefined ? now : finished.at - finished.duration_ms)
  return {
    id,
    name: told.name,
    action: told.action,
    phase: told.phase,
    status: finished?.status ?? "interrupted",
    started_at: iso(at),
    duration_ms: finished?.duration_ms ?? Math.max(0, now - at),
    attempts: finished?.attempts ?? step.retries.length + 1,
    summary: finished?.summary ?? true,
    continued: finished?.continued ?? false,
    location: told.location,
    failures: finished?.failures ?? [],
    retries: [...step.retries],
    ...(finished?.skip_reason === undefined ? {} : { skip_reason: finished.skip_reason }),
    ...(finished?.output === undefined ? {} : { output: finished.output }),
    attachments: finished?.attachments ?? [],
    logs: closeLogs(step, now)
  }
}

const closeLogs = (step: OpenStep, now: number): ReadonlyArray<Report.LogLine> =>
  step.logsLeftOut === 0
    ? [...step.logs]
    : [...step.logs, { level: "info", text: `(${step.logsLeftOut} more lines left out)`, at: iso(now) }]

/** Writes a time in milliseconds since the epoch; a time that no calendar has becomes the epoch. */
const iso = (at: number): string => new Date(Math.abs(at) <= 8.64e15 ? at : 0).toISOString()
