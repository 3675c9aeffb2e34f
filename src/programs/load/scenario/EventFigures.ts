/** The figures of steps that the interpreter runs, taken from its events. */
import type { CompiledStep } from "../../../scenario/compile/Compiled.ts"
import type { Event, EventOf, Failure } from "../../../scenario/Event.ts"
import type { LoadClock } from "../../../services/LoadClock.ts"
import type { Recording, StepRecording } from "../figures/Recording.ts"
import type { Reach } from "./Reach.ts"
import { deep, nameOf } from "./UserStep.ts"

interface Place {
  readonly record: StepRecording
  readonly action: string
  /** Whether it speaks to anybody: what only computes has no latency worth knowing. */
  readonly isCall: boolean
  readonly expectations: number
}

/** Where each step's figures go, by its path. Made once; {@link EventFigures} is for each virtual user. */
export const places = (
  about: { readonly scenario: string; readonly tags: ReadonlyArray<string> },
  steps: ReadonlyArray<CompiledStep>,
  recording: Recording
): ReadonlyMap<string, Place> =>
  new Map(
    deep(steps).flatMap((step): ReadonlyArray<readonly [string, Place]> => {
      const { body } = step
      if (body._tag !== "Call") return []
      const record = recording.step({ ...about, name: nameOf(step), action: body.action.name })
      const isAssert = body.action.name === "assert"
      return [[step.path, {
        record,
        action: body.action.name,
        isCall: step.work.effect !== "none",
        expectations: isAssert ? 1 : step.expect.length
      }]]
    })
  )

export interface Options {
  readonly places: ReadonlyMap<string, Place>
  readonly clock: LoadClock["Service"]
  readonly mask: <A>(value: A) => A
  readonly reach: Reach
}

/** One for each virtual user and scenario. */
export class EventFigures {
  /** How late the iteration began, in ticks. */
  private late = 0
  private readonly options: Options
  private readonly started = new Map<string, number>()

  constructor(options: Options) {
    this.options = options
  }

  /** An iteration begins. A step of the one before that was given up is forgotten. */
  begin(late: number): void {
    this.late = late
    this.started.clear()
  }

  hear(event: Event): void {
    if (event._tag === "StepStarted") this.started.set(event.step, this.options.clock.now())
    else if (event._tag === "StepFinished") this.finish(event)
  }

  private finish(event: EventOf<"StepFinished">): void {
    const { clock, mask, places, reach } = this.options
    const started = this.started.get(event.step)
    this.started.delete(event.step)
    const place = places.get(event.step.replace(passes, ""))
    if (place === undefined || started === undefined || event.status === "skipped") return
    const { expectations, isCall, record } = place
    const ended = clock.now()
    const [first] = event.failures
    if (first === undefined) {
      if (isCall) this.answered(place, event, started, ended)
      for (let count = expectations; count > 0; count--) record.check(true)
      return
    }
    const example = (): string => mask(first.message)
    if (first.kind === "error" && isCall) {
      record.error(started - this.late, started, ended, first.reason, example)
      if (unreachable.has(first.reason)) reach.lose()
    } else {
      if (isCall) this.answered(place, event, started, ended)
      record.failed(kindOf(event, first), example)
      const wrong = Math.min(expectations, event.failures.length)
      for (let count = 0; count < expectations; count++) record.check(count >= wrong)
    }
  }

  private answered({ record }: Place, event: EventOf<"StepFinished">, started: number, ended: number): void {
    record.response(started - this.late, started, ended, statusOf(event), 0, 0)
    this.options.reach.answer()
  }
}

/** Reasons of actions that had nobody to speak to. */
const unreachable: ReadonlySet<string> = new Set(["connection", "unavailable"])

/** Few, and the same as those of the quick form. */
const kindOf = (event: EventOf<"StepFinished">, { message, reason }: Failure): string =>
  reason === "status" ? `status ${statusOf(event)}` : message.startsWith("expected ") ? message : reason

/** `steps[2]#1#3`: the third pass in the first one. */
const passes = /#\d+/g

const statusOf = ({ attachments }: EventOf<"StepFinished">): number => {
  const last = attachments.findLast((attachment) => attachment._tag === "Http")
  return last?.response?.status ?? 0
}
