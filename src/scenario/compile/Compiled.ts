/** What `Compile.ts` makes and the interpreter runs: the tree with closures in place of texts. */
import type { Duration } from "effect"
import type { Value } from "../../core/Value.ts"
import type * as Action from "../Action.ts"
import type { Location } from "../Event.ts"
import type { ExpectError, MetricKind, Scenario, Spelling, Step, Suite } from "../Scenario.ts"
import type { Code } from "./Code.ts"
import type * as Plan from "./Plan.ts"

/** One input of an action, by the kind of its field. */
export type InputField =
  | { readonly _tag: "Template"; readonly key: string; readonly code: Code }
  | { readonly _tag: "Expression"; readonly key: string; readonly code: Code }
  | { readonly _tag: "Expressions"; readonly key: string; readonly codes: ReadonlyArray<Code> }
  | { readonly _tag: "Step"; readonly key: string; readonly step: CompiledStep }

export type CompiledInput =
  | { readonly _tag: "Named"; readonly fields: ReadonlyArray<InputField> }
  /** Robogo's `args` and `options`, for actions that make their input from them. */
  | { readonly _tag: "Call"; readonly args: Code; readonly options: Code; readonly name: string }

export interface CompiledExpectation {
  readonly expectation: Exclude<Step["expect"][number], { readonly _tag: "Expression" }> | {
    readonly _tag: "Expression"
    readonly code: Code
  }
  readonly location: Location
}

export type CompiledBody =
  | {
    readonly _tag: "Call"
    readonly action: Action.Any
    readonly input: CompiledInput
    readonly anyInputs: ReadonlyArray<string>
  }
  | {
    readonly _tag: "Group"
    readonly steps: ReadonlyArray<CompiledStep>
    /** Set before the steps run: an included file's variables that are not set yet, then those given with the include. */
    readonly defaults: ReadonlyArray<NamedCode>
    readonly vars: ReadonlyArray<NamedCode>
  }
  | { readonly _tag: "Branch"; readonly then: ReadonlyArray<CompiledStep>; readonly else: ReadonlyArray<CompiledStep> }

export interface NamedCode {
  readonly name: string
  readonly code: Code
}

export interface CompiledMetric extends NamedCode {
  readonly kind: MetricKind
}

export interface CompiledStep {
  readonly step: Step
  readonly spelling: Spelling
  /** Its place in the case: `steps[3]`, `setup[0].group[1]`. */
  readonly path: string
  readonly name: Code | undefined
  /** The name when there is none: the action and a glance at its input. */
  readonly label: string
  readonly location: Location
  readonly body: CompiledBody
  readonly if: Code | undefined
  readonly for: { readonly items: Code; readonly as: string | undefined; readonly max: number } | undefined
  readonly while: { readonly condition: Code; readonly max: number } | undefined
  readonly retryIf: Code | undefined
  readonly expect: ReadonlyArray<CompiledExpectation>
  readonly expectError: (Omit<ExpectError, "message"> & { readonly message: Code | undefined }) | undefined
  readonly extract: Code | undefined
  readonly save: ReadonlyArray<NamedCode>
  readonly metrics: ReadonlyArray<CompiledMetric>
  /** What the plan of parallel steps knows of it. */
  readonly work: Plan.Work
}

export interface CompiledData {
  readonly definition: Code
  readonly environments: Code
  readonly setup: ReadonlyArray<CompiledStep>
  readonly teardown: ReadonlyArray<CompiledStep>
  readonly cleanup: boolean
  readonly location: Location
}

export interface CompiledScenario {
  readonly scenario: Scenario
  readonly directory: string
  readonly vars: ReadonlyArray<NamedCode>
  readonly mocks: ReadonlyArray<NamedCode>
  readonly secrets: ReadonlyArray<{ readonly name: string; readonly references: Value }>
  readonly setup: ReadonlyArray<CompiledStep>
  readonly steps: ReadonlyArray<CompiledStep>
  readonly teardown: ReadonlyArray<CompiledStep>
  readonly data: CompiledData | undefined
  /** Present when steps may run at once. */
  readonly plan: Plan.Plan | undefined
  readonly timeout: Duration.Duration | undefined
}

export interface CompiledSuite {
  readonly suite: Suite
  readonly directory: string
  readonly vars: ReadonlyArray<NamedCode>
  readonly mocks: ReadonlyArray<NamedCode>
  readonly secrets: CompiledScenario["secrets"]
  readonly setup: ReadonlyArray<CompiledStep>
  readonly teardown: ReadonlyArray<CompiledStep>
}
