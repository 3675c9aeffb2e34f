/** The figures of steps that the interpreter runs, taken from its events. */
import type { CompiledStep } from "../../../scenario/compile/Compiled.ts"
import type { Event, EventOf, Failure } from "../../../scenario/Event.ts"
import type { LoadClock } from "../../../services/LoadClock.ts"
import type { Recording, StepRecording } from "../Recording.ts"
import { deep, nameOf } from "./UserStep.ts"

interface Place {
  readonly record: StepRecording
  readonly action: string
  /** Whether it speaks to anybody: what only computes has no latency worth knowing. */
  readonly isCall: boolean
  readonly expectations: number
}

/** Where each step's figures go, by its path. Made once; {@link StepFigures} is for each virtual user. */
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

export class StepFigures {
  /** How late the iteration began, in ticks. */
  late = 0
  private readonly places: ReadonlyMap<string, Place>
  private readonly clock: LoadClock["Service"]
  private readonly mask: <A>(value: A) => A
  private readonly started = new Map<string, number>()

  constructor(places: ReadonlyMap<string, Place>, clock: LoadClock["Service"], mask: <A>(value: A) => A) {
    this.places = places
    this.clock = clock
    this.mask = mask
  }

  hear(event: Event): void {
    if (event._tag === "StepStarted") this.started.set(event.step, this.clock.now())
    else if (event._tag === "StepFinished") this.finish(event)
  }

  private finish(event: EventOf<"StepFinished">): void {
    const started = this.started.get(event.step)
    this.started.delete(event.step)
    const place = this.places.get(event.step.replace(passes, ""))
    if (place === undefined || started === undefined || event.status === "skipped") return
    const { expectations, isCall, record } = place
    const ended = this.clock.now()
    const [first] = event.failures
    if (first === undefined) {
      if (isCall) record.response(started - this.late, started, ended, statusOf(event), 0, 0)
      for (let count = expectations; count > 0; count--) record.check(true)
      return
    }
    const example = (): string => this.mask(first.message)
    if (first.kind === "error" && isCall) {
      record.error(started - this.late, started, ended, first.reason, example)
    } else {
      if (isCall) record.response(started - this.late, started, ended, statusOf(event), 0, 0)
      record.failed(kindOf(event, first), example)
      const wrong = Math.min(expectations, event.failures.length)
      for (let count = 0; count < expectations; count++) record.check(count >= wrong)
    }
  }
}

/** Few, and the same as those of the quick form. */
const kindOf = (event: EventOf<"StepFinished">, { message, reason }: Failure): string =>
  reason === "status" ? `status ${statusOf(event)}` : message.startsWith("expected ") ? message : reason

/** `steps[2]#1#3`: the third pass in the first one. */
const passes = /#\d+/g

const statusOf = ({ attachments }: EventOf<"StepFinished">): number => {
  const last = attachments.findLast((attachment) => attachment._tag === "Http")
  return last?.response?.status ?? 0
}
