/**
 * Where the virtual users of a thread write down what they saw. Numbers only: nothing is allocated per request.
 *
 * `Recorder.ts` keeps it in histograms and counters and hands it out as frames.
 */

import type { MetricKind } from "../../../scenario/Scenario.ts"

export interface Recording {
  /** The place of one step's figures. Asked for once per step when the load is compiled, not per request. */
  readonly step: (
    options: {
      readonly scenario: string
      readonly name: string
      readonly action: string
      readonly tags: ReadonlyArray<string>
    }
  ) => StepRecording
  /** The place of a metric of the user's own (`metrics:` of a step). */
  readonly metric: (name: string, kind: MetricKind) => MetricRecording
}

export interface StepRecording {
  /**
   * One request or call that came back. Ticks: `intended` is when the step was due in the open model (its iteration's intended start
   * plus what the steps before took), equal to `started` in the closed one. `status` is 0 where the action has none.
   */
  readonly response: (
    intended: number,
    started: number,
    ended: number,
    status: number,
    bytesIn: number,
    bytesOut: number
  ) => void
  /** One that did not: counted beside the responses, with its time; `example` is called for the first of its kind only. */
  readonly error: (intended: number, started: number, ended: number, kind: string, example: () => string) => void
  /**
   * The response just told was not what was wanted: its status fails the step, or expectations of it do not hold. At most once for each
   * response; `kind` is `status 503` or `expected status == 200`.
   */
  readonly failed: (kind: string, example: () => string) => void
  /** One expectation was looked at. */
  readonly check: (passed: boolean) => void
}

export interface MetricRecording {
  readonly add: (value: number) => void
}
