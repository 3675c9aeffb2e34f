/**
 * The one tree that both spellings of scenario and suite files are read into. Values, templates and expressions are still
 * nodes here; `Compile.ts` turns them into closures.
 */
import type { Duration } from "effect"
import type { RetryPolicy } from "../core/RetryPolicy.ts"
import type { SourceText, Span } from "../core/SourceText.ts"
import type { LoadSettings } from "./LoadSettings.ts"
import type { Node } from "./read/Node.ts"
import type { Named } from "./read/Reader.ts"

export type Spelling = "native" | "robogo"

/** What a scenario and a suite have in common. */
export interface Head {
  readonly spelling: Spelling
  readonly source: SourceText
  readonly span: Span
  readonly name: string
  readonly description?: string | undefined
  readonly tags: ReadonlyArray<string>
  readonly vars: ReadonlyArray<Named<Node>>
  /** Each value is one reference to a secret, or a list of them: the first source that has it wins. */
  readonly secrets: ReadonlyArray<Named<Node>>
  readonly mocks: ReadonlyArray<Named<Node>>
  readonly setup: ReadonlyArray<Step>
  readonly teardown: ReadonlyArray<Step>
  readonly serial: boolean
  readonly locks: ReadonlyArray<string>
  readonly skip?: string | undefined
}

export interface Scenario extends Head {
  readonly _tag: "Scenario"
  readonly steps: ReadonlyArray<Step>
  /** How many steps may run at once; 1 is the order of the file. */
  readonly concurrency: number
  readonly timeout?: Duration.Duration | undefined
  readonly retries?: number | undefined
  readonly data?: DataSource | undefined
  /** `data_sets`; Robogo's `data_management` and `environments`. */
  readonly dataSets?: DataSets | undefined
  /** Robogo's inline message templates. */
  readonly templates: ReadonlyArray<Named<string>>
  /** How `skein load` starts its iterations: `load`, or Robogo's `parallel.load_testing`. */
  readonly load?: LoadSettings | undefined
  /** Robogo's `parallel`: how many of a kind run at once, such as `http_requests`. */
  readonly bounds?: Readonly<Record<string, number>> | undefined
}

/** Data that a case has, and the steps that put it in its place and take it away. */
export interface DataSets {
  /** As `DataSets.Definition` takes it, the steps left out. */
  readonly definition: Node
  readonly environments: Node
  /** Of the sets, as far as they can be seen: each is a variable. */
  readonly names: ReadonlyArray<string>
  /** Cases with a set of the same name never run at once. */
  readonly isolated: boolean
  readonly setup: ReadonlyArray<Step>
  readonly teardown: ReadonlyArray<Step>
  /** False: the data of a case that did not pass stays, to be looked at. */
  readonly cleanup: boolean
  readonly span: Span
}

export interface Suite extends Head {
  readonly _tag: "Suite"
  readonly cases: ReadonlyArray<SuiteCase>
  /** False: its cases run one after the other, in order. */
  readonly parallel: boolean
  readonly maxConcurrency?: number | undefined
  readonly failFast: boolean
}

export interface SuiteCase {
  /** A file, a glob or a folder, relative to the suite's file. */
  readonly file: string
  readonly fileSpan: Span
  readonly name?: string | undefined
  readonly vars: ReadonlyArray<Named<Node>>
  readonly tags: ReadonlyArray<string>
}

/** Where the rows of a data-driven scenario come from. */
export type DataSource =
  | { readonly _tag: "Rows"; readonly rows: ReadonlyArray<Node>; readonly span: Span }
  | {
    readonly _tag: "File"
    readonly format: "csv" | "json" | "jsonl"
    readonly file: string
    readonly delimiter: string
    readonly span: Span
  }
  | { readonly _tag: "Query"; readonly query: string; readonly url?: Node | undefined; readonly span: Span }

/** Of a trend the distribution is kept, of a rate how often it was true, of a counter the sum. */
export interface Metric {
  readonly kind: MetricKind
  /** An expression over the output. */
  readonly value: Node
}

export const metricKinds = ["trend", "rate", "counter"] as const
export type MetricKind = typeof metricKinds[number]

export interface Step {
  readonly spelling: Spelling
  readonly span: Span
  readonly id?: string | undefined
  /** May hold templates. */
  readonly name?: Node | undefined
  readonly body: Body
  readonly if?: Node | undefined
  readonly for?: Loop | undefined
  readonly while?: { readonly condition: Node; readonly max: number } | undefined
  readonly needs?: ReadonlyArray<{ readonly id: string; readonly span: Span }> | undefined
  readonly retry?: Retry | undefined
  readonly timeout?: Duration.Duration | undefined
  readonly expect: ReadonlyArray<Expectation>
  readonly expectError?: ExpectError | undefined
  readonly extract?: Node | undefined
  /** Names to be set from expressions over the output. */
  readonly save: ReadonlyArray<Named<Node>>
  /** What a load measures of the output, beside latencies. */
  readonly metrics?: ReadonlyArray<Named<Metric>> | undefined
  /** Robogo: the name that receives the whole output. */
  readonly result?: { readonly name: string; readonly span: Span } | undefined
  readonly continue: boolean
  readonly skip?: string | undefined
  readonly noLog: boolean
  readonly sensitiveFields: ReadonlyArray<string>
  readonly summary: boolean
}

export type Body =
  | {
    readonly _tag: "Call"
    readonly action: string
    readonly actionSpan: Span
    /** The native input; in a Robogo file a list of `args`. */
    readonly input: Node | undefined
    /** Robogo's `options`. */
    readonly options?: Node | undefined
  }
  | { readonly _tag: "Group"; readonly steps: ReadonlyArray<Step> }
  | { readonly _tag: "Branch"; readonly then: ReadonlyArray<Step>; readonly else: ReadonlyArray<Step> }
  | {
    readonly _tag: "Include"
    readonly file: string
    readonly fileSpan: Span
    readonly vars: ReadonlyArray<Named<Node>>
    /** The file's steps, once it has been loaded; `undefined` when that failed (a problem says why). */
    readonly included?: Scenario | undefined
  }

/** What a step repeats over. `items` is a bare expression (list or count), a `1..5` range, a number, or a list of values. */
export interface Loop {
  readonly items: Node
  readonly as?: string | undefined
  /** The most passes; more is an error. */
  readonly max: number
}

export interface Retry extends RetryPolicy {
  /** Kinds of failure that are tried again; `undefined` means every error, but no failed expectation. */
  readonly on?: ReadonlyArray<string> | undefined
  /** Tried again only while this holds. */
  readonly if?: Node | undefined
  /** Robogo: a step that passed is tried again too, while `if` holds or when the answer's status is one of `on`. */
  readonly polls?: boolean | undefined
}

export type Expectation =
  | { readonly _tag: "Expression"; readonly node: Node }
  | { readonly _tag: "JsonSchema"; readonly file: string; readonly span: Span }
  | { readonly _tag: "OpenApi"; readonly file: string; readonly operation: string; readonly span: Span }
  | {
    readonly _tag: "Snapshot"
    readonly name?: string | undefined
    readonly mask: ReadonlyArray<string>
    readonly span: Span
  }

export interface ExpectError {
  /** One of `NativeStep.errorTypes`; in Robogo files any word, and one that is none of them fails the step. */
  readonly type: string
  readonly message?: Node | undefined
  readonly span: Span
}

/** Names that a file cannot give to a variable. */
export const reservedNames = [
  "env",
  "vars",
  "secrets",
  "mocks",
  "item",
  "row",
  "index",
  "vu",
  "iteration",
  "steps"
] as const
