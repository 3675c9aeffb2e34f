/** Whether an answer is what its step wants; what the step saves and measures of it. */
import { CodeFailure } from "../../../scenario/compile/Code.ts"
import type { CaseState } from "../../../scenario/run/CaseState.ts"
import * as Expected from "../../../scenario/run/Expected.ts"
import * as Measured from "../../../scenario/run/Measured.ts"
import type { Prepared } from "../../../services/http/Request.ts"
import type { HttpAnswer } from "./HttpAnswer.ts"
import * as Misfit from "./Misfit.ts"
import type { HttpUserStep } from "./UserStep.ts"

/** Writes each expectation down, and the first thing that is wrong. Saves and measures only where nothing is. */
export const judge = (
  step: HttpUserStep,
  { method, url }: Prepared,
  answer: HttpAnswer,
  state: CaseState
): Misfit.Misfit | undefined => {
  if (answer.status >= 400 && !step.requests.anyStatus) {
    const message = `${method} ${url.href} answered ${answer.status}`
    step.record.failed(`status ${answer.status}`, () => state.settings.mask(message))
    return { kind: "failed", reason: "status", status: answer.status, message }
  }
  const misfit = checked(step, answer, state)
  return misfit === undefined && step.save.length + step.metrics.length > 0 ? kept(step, answer, state) : misfit
}

/** Looks at all expectations; answers with the first that does not hold. */
const checked = ({ expect, record }: HttpUserStep, answer: HttpAnswer, state: CaseState): Misfit.Misfit | undefined => {
  let misfit: Misfit.Misfit | undefined
  for (const code of expect) {
    const message = missed(code, answer, state)
    record.check(message === undefined)
    if (message === undefined || misfit !== undefined) continue
    misfit = { kind: "failed", reason: "failed", status: answer.status, message }
    record.failed(
      message,
      () => state.settings.mask(Expected.explained(message, code.explain(answer, state.machine)))
    )
  }
  return misfit
}

/** An expectation that has no value does not hold. */
const missed = (code: HttpUserStep["expect"][number], answer: HttpAnswer, state: CaseState): string | undefined => {
  try {
    return Expected.missed(code, answer, state.machine)
  } catch (error) {
    if (error instanceof CodeFailure) return error.message
    throw error
  }
}

/** Saves and measures; answers with what has no value. */
const kept = (
  { metrics, record, save }: HttpUserStep,
  answer: HttpAnswer,
  state: CaseState
): Misfit.Misfit | undefined => {
  const misfit = Misfit.attempt((): undefined => {
    const values = save.map(({ code }) => code.run(answer, state.machine))
    for (const { metric, record } of metrics) record.add(Measured.numberOf(metric, answer, state.machine))
    for (const [index, { name }] of save.entries()) state.save(name, values[index]!)
  })
  if (misfit !== undefined) record.failed(misfit.reason, () => state.settings.mask(misfit.message))
  return misfit
}
