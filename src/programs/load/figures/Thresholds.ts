/**
 * Thresholds: what must hold of the figures of a load, over the whole run or in every window of a length. They decide the exit code.
 *
 * `scenario/ThresholdText` reads their text, `Questions` knows what can be asked; here they are judged, second by second.
 */
import { Result } from "effect"
import type { Threshold } from "../../../scenario/LoadBlock.ts"
import * as ThresholdText from "../../../scenario/ThresholdText.ts"
import type { ThresholdResult } from "../LoadResult.ts"
import * as Questions from "./Questions.ts"

export interface Compiled {
  readonly threshold: Threshold
  readonly text: ThresholdText.ThresholdText
  readonly ask: Questions.Question["ask"]
  readonly unit: ThresholdText.ThresholdText["unit"]
}

export interface Problem<T extends Threshold = Threshold> {
  readonly threshold: T
  /** Offset in the expression. */
  readonly at: number
  readonly message: string
  readonly hint?: string | undefined
}

/** Compiles all thresholds, or tells everything that is wrong with any of them. */
export const compile = <T extends Threshold>(
  thresholds: ReadonlyArray<T>,
  known: Questions.Known
): Result.Result<ReadonlyArray<Compiled>, ReadonlyArray<Problem<T>>> => {
  const problems: Array<Problem<T>> = []
  const compiled: Array<Compiled> = []
  for (const threshold of thresholds) {
    const one = compileOne(threshold, known)
    if (Result.isSuccess(one)) compiled.push(one.success)
    else problems.push({ ...one.failure, threshold })
  }
  return problems.length > 0 ? Result.fail(problems) : Result.succeed(compiled)
}

const compileOne = (
  threshold: Threshold,
  known: Questions.Known
): Result.Result<Compiled, Omit<Problem, "threshold">> => {
  const text = ThresholdText.parse(threshold.expression)
  if (Result.isFailure(text)) return Result.fail(text.failure)
  const question = Questions.understand(text.success, known)
  if (Result.isFailure(question)) return Result.fail({ at: 0, ...question.failure })
  const { unit } = question.success
  const { limit, path, unit: given } = text.success
  // A bare number is a share where a share is asked for (0.01), and so many a second where that is.
  const fits = unit === "any" || unit === given || given === "count" && unit !== "ms"
  if (!fits) {
    const at = threshold.expression.search(/[<>=!]/)
    return Result.fail({
      at,
      message: `${path} is ${kinds[unit]}`,
      hint: `write it as ${examples[unit](given === "count" ? limit : 300)}`
    })
  }
  return Result.succeed({
    threshold,
    text: text.success,
    ask: question.success.ask,
    unit: unit === "any" ? given : unit
  })
}

const kinds = { ms: "a time", ratio: "a share", per_second: "a number a second", count: "a number" } as const
const examples = {
  ms: (limit: number) => `${limit}ms`,
  ratio: () => "1%",
  per_second: (limit: number) => `${limit}/s`,
  count: (limit: number) => `${limit}`
} as const

/** The verdict on one threshold so far. */
export class Judge {
  /** The actual value; of windows, that of the worst one so far. */
  private actual: number | null = null
  private failed = false
  private aborted = false
  readonly compiled: Compiled

  constructor(compiled: Compiled) {
    this.compiled = compiled
  }

  get overMillis(): number | undefined {
    return this.compiled.threshold.overMillis
  }

  /**
   * Judges the figures of the whole run or of one window. Answers with true when the run is to end for it. Figures of the delay at the
   * beginning are not judged.
   */
  judge(view: Questions.View, elapsedMillis: number): boolean {
    const { ask, text, threshold } = this.compiled
    if (elapsedMillis <= threshold.delayMillis) return false
    const value = ask(view)
    if (value === null) return false
    const holds = compare(value, text.comparison, text.limit)
    const isWindow = threshold.overMillis !== undefined
    if (!isWindow) {
      this.actual = value
      this.failed = !holds
    } else {
      if (this.actual === null || isWorse(value, this.actual, text)) this.actual = value
      this.failed ||= !holds
    }
    this.aborted ||= !holds && threshold.abort
    return this.aborted
  }

  /** One that nothing was measured for has not passed: a load that measured nothing proves nothing. */
  get result(): ThresholdResult {
    const { text, threshold, unit } = this.compiled
    return {
      expression: threshold.expression,
      passed: this.actual !== null && !this.failed && !this.aborted,
      actual: this.actual,
      limit: text.limit,
      unit,
      over_s: threshold.overMillis === undefined ? null : threshold.overMillis / 1000,
      aborted: this.aborted
    }
  }
}

const compare = (value: number, comparison: ThresholdText.ThresholdText["comparison"], limit: number): boolean => {
  switch (comparison) {
    case "<":
      return value < limit
    case "<=":
      return value <= limit
    case ">":
      return value > limit
    case ">=":
      return value >= limit
    case "==":
      return value === limit
    case "!=":
      return value !== limit
  }
}

/** Nearer to the wrong side of the limit, or farther beyond it. */
const isWorse = (value: number, than: number, { comparison, limit }: ThresholdText.ThresholdText): boolean => {
  switch (comparison) {
    case "<":
    case "<=":
      return value > than
    case ">":
    case ">=":
      return value < than
    case "==":
      return Math.abs(value - limit) > Math.abs(than - limit)
    case "!=":
      return Math.abs(value - limit) < Math.abs(than - limit)
  }
}
