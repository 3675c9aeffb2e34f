/** What one run of a case knows while it runs: its variables, what its steps answered, and where its events go. */
import { type Clock, Effect, Exit, Scope } from "effect"
import { randomFrom } from "../../core/Seeded.ts"
import { emptyRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as Code from "../compile/Code.ts"
import type { CompiledMetric, NamedCode } from "../compile/Compiled.ts"
import type { Event, Phase } from "../Event.ts"
import type { RobogoMasking } from "../robogo/RobogoMasking.ts"

/** What the runner hands to a case; the same for all cases of a run unless said otherwise. */
export interface CaseSettings {
  /** Unique in the run. */
  readonly caseId: string
  /** The id that stays the same when a case is repeated. */
  readonly baseId: string
  readonly directory: string
  readonly root: string
  readonly allowOutside: boolean
  readonly environment: Readonly<Record<string, string>>
  /** Settings of `skein.yaml` by action family. */
  readonly settings: ValueRecord
  /** A number that depends on the run's seed and the case only. */
  readonly seed: number
  readonly updateSnapshots: boolean
  /** Keep what steps exchanged also when they pass. */
  readonly keepExchanges: boolean
  /** Hears what steps measure by `metrics:`. @default nobody, and nothing is measured */
  readonly measure?: ((metric: CompiledMetric, value: number) => void) | undefined
  /** Tell every attempt of a step. */
  readonly debug: boolean
  /** The scenario file, as shown. */
  readonly file: string
  /** Replaces secrets in plain data. What is emitted is masked anyhow; this is for texts that are changed before. */
  readonly mask: <A>(value: A) => A
  /** Masks and publishes. */
  readonly emit: (event: Event) => Effect.Effect<void>
}

/** How a finished step is seen by `steps.<id>` and by Robogo's history. */
export interface StepRecord {
  readonly status: string
  readonly output: Value
  readonly error: string | null
  readonly duration_ms: number
}

/** One of many passes through the steps of a case, under load. */
export interface Pass {
  readonly row: Value | undefined
  readonly rowIndex: number
  readonly seed: number
  /** Counted from 1, for the virtual user. */
  readonly iteration: number
}

export class CaseState {
  readonly settings: CaseSettings
  readonly scope: Scope.Scope
  readonly machine: Code.Machine
  readonly names: Code.Names
  /** Set by `save`, `result` and actions; over the pending ones. */
  readonly variables: { [name: string]: Value } = emptyRecord()
  steps: { [id: string]: Value } = emptyRecord()
  readonly history: Array<Value> = []
  /** Ids and places of steps that did not pass, for `needs`. */
  readonly notPassed = new Set<string>()
  readonly secrets: { [name: string]: Value } = emptyRecord()
  /** Read when asked, since the calls of a mock grow. */
  readonly mocks = new Map<string, () => Value>()
  row: Value | undefined
  rowIndex: number
  /** The virtual user under load, from 1; a case that is run is the only one. */
  readonly vu: number
  iteration = 1
  phase: Phase = "setup"
  /** Settings by action family, with what the case itself says about them. */
  actionSettings: ValueRecord
  private readonly robogo: boolean
  private readonly masking: RobogoMasking | undefined
  private readonly savedNames = new Set<string>()
  private readonly pending = new Map<string, Code.Code>()
  private readonly first: ReadonlyArray<NamedCode>
  private readonly evaluating: Array<string> = []
  private seed: number
  private random: () => number
  private readonly kept = new Map<string, Effect.Effect<unknown, unknown>>()

  constructor(options: {
    readonly settings: CaseSettings
    readonly scope: Scope.Scope
    readonly clock: Clock.Clock
    /** Layers of first values; later ones win. Evaluated when first read, so they may refer to each other in any order. */
    readonly variables: ReadonlyArray<NamedCode>
    readonly values: ValueRecord
    readonly row: Value | undefined
    readonly rowIndex: number
    /** In a Robogo file no name is reserved: its variables come before `env`, `steps` and the like. */
    readonly robogo: boolean
    /** Hides values of a Robogo case by the names of their variables. */
    readonly masking?: RobogoMasking | undefined
    readonly vu?: number | undefined
  }) {
    const { masking, settings } = options
    this.robogo = options.robogo
    this.actionSettings = settings.settings
    this.masking = masking
    this.settings = masking === undefined
      ? settings
      : {
        ...settings,
        mask: (value) => masking.value(settings.mask(value)),
        emit: (event) => settings.emit(masking.event(event))
      }
    this.scope = options.scope
    this.row = options.row
    this.rowIndex = options.rowIndex
    this.vu = options.vu ?? 1
    this.seed = options.settings.seed
    this.random = randomFrom(this.seed)
    this.machine = { now: () => options.clock.currentTimeMillisUnsafe(), random: () => this.random() }
    this.first = options.variables.filter(({ name }) => !Object.hasOwn(options.values, name))
    for (const { code, name } of this.first) this.pending.set(name, code)
    for (const [name, value] of Object.entries(options.values)) {
      this.set(name, value)
    }
    this.names = { get: (name) => this.get(name), list: () => this.list() }
  }

  /**
   * Evaluates the first values that nothing has read yet. Throws `CodeFailure`; in a Robogo case a variable that cannot be
   * made waits until somebody reads it: there it may refer to a result that is not there yet.
   */
  settle(): void {
    for (const name of Array.from(this.pending.keys())) {
      try {
        this.variable(name)
      } catch (error) {
        if (!this.robogo || !(error instanceof Code.CodeFailure)) throw error
      }
    }
  }

  /**
   * Begins another pass: first values are made anew, and random numbers are those of the pass. What steps have saved under other names
   * stays, and so does what was made `once`, such as cookies.
   */
  begin(pass: Pass): void {
    this.row = pass.row
    this.rowIndex = pass.rowIndex
    this.iteration = pass.iteration
    this.seed = pass.seed
    this.random = randomFrom(pass.seed)
    this.steps = emptyRecord()
    this.history.length = 0
    this.notPassed.clear()
    for (const { code, name } of this.first) {
      if (code.constant !== undefined) this.variables[name] = code.constant
      else {
        delete this.variables[name]
        this.pending.set(name, code)
      }
    }
    if (this.pending.size > 0) this.settle()
  }

  set(name: string, value: Value): void {
    this.pending.delete(name)
    this.masking?.learn(name, value)
    this.variables[name] = value
  }

  /** Sets a variable from a step: what a suite's setup saves so, its cases see. */
  save(name: string, value: Value): void {
    this.set(name, value)
    this.savedNames.add(name)
  }

  /** What steps have saved. */
  get saved(): ValueRecord {
    return Object.fromEntries([...this.savedNames].map((name) => [name, this.variables[name]!]))
  }

  /** True when the name has a value, or will have one when it is read. */
  has(name: string): boolean {
    return this.pending.has(name) || Object.hasOwn(this.variables, name)
  }

  /** Numbers that depend on the seed, the case and the step only. */
  randomFor(path: string): () => number {
    return randomFrom(hash(path) ^ this.seed)
  }

  /** Answers with what was made under `key`, making it once per case. What failed is made again when asked again. */
  once<A, E>(key: string, make: Effect.Effect<A, E, Scope.Scope>): Effect.Effect<A, E> {
    return Effect.suspend(() => {
      const known = this.kept.get(key) as Effect.Effect<A, E> | undefined
      if (known !== undefined) return known
      const making = Effect.onExit(
        Scope.provide(make, this.scope),
        (exit) => Exit.isFailure(exit) ? Effect.sync(() => this.kept.delete(key)) : Effect.void
      )
      return Effect.flatMap(Effect.cached(making), (cached) => {
        const other = this.kept.get(key) as Effect.Effect<A, E> | undefined
        if (other !== undefined) return other
        this.kept.set(key, cached)
        return cached
      })
    })
  }

  private get(name: string): Value | undefined {
    const own = this.robogo ? this.variable(name) : undefined
    if (own !== undefined) return own
    switch (name) {
      case "env":
        return this.settings.environment
      case "vars":
        return this.allVariables()
      case "secrets":
        return this.secrets
      case "ENV":
        return this.robogo ? this.settings.environment : this.variable(name)
      case "SECRETS":
        return this.robogo ? this.secrets : this.variable(name)
      case "mocks":
        return Object.fromEntries([...this.mocks].map(([key, read]) => [key, read()]))
      case "steps":
        return this.steps
      case "row":
        return this.row
      case "index":
        return this.rowIndex
      case "vu":
        return this.vu
      case "iteration":
        return this.iteration
      case "__robogo_steps":
        return this.history
      default:
        return this.variable(name)
    }
  }

  private variable(name: string): Value | undefined {
    return Object.hasOwn(this.variables, name) ? this.variables[name] : this.evaluate(name)
  }

  private evaluate(name: string): Value | undefined {
    const code = this.pending.get(name)
    if (code === undefined) return undefined
    if (this.evaluating.includes(name)) {
      const cycle = [...this.evaluating.slice(this.evaluating.indexOf(name)), name].join(" -> ")
      throw new Code.CodeFailure(
        "variable-cycle",
        `these variables need each other: ${cycle}`,
        undefined,
        code.node.span
      )
    }
    this.evaluating.push(name)
    try {
      const value = code.run(this.names, this.machine)
      this.set(name, value)
      return value
    } finally {
      this.evaluating.pop()
    }
  }

  private allVariables(): ValueRecord {
    this.settle()
    return this.variables
  }

  private list(): ReadonlyArray<string> {
    return [...Object.keys(this.variables), ...this.pending.keys(), "env", "secrets", "mocks", "steps", "row"]
  }
}

/** FNV-1a over UTF-16 units, for seeds and stable orders; not for security. */
export const hash = (text: string): number => {
  let state = 0x811c9dc5
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193)
  return state >>> 0
}
