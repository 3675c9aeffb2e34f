/** What one run knows while it runs, and the events that frame its cases. */
import { Clock, type Deferred, Duration, Effect } from "effect"
import type { Masking } from "../../core/Masking.ts"
import type { Problem } from "../../core/SourceText.ts"
import type { ValueRecord } from "../../core/Value.ts"
import type { CompiledSuite } from "../../scenario/compile/Compiled.ts"
import type { Event, Status, Summary } from "../../scenario/Event.ts"
import type { StepServices } from "../../scenario/run/Attempt.ts"
import type { CaseResult } from "../../scenario/run/CaseRun.ts"
import { type CaseSettings, hash } from "../../scenario/run/CaseState.ts"
import type { MockServer } from "../../services/MockServer.ts"
import type { Postgres } from "../../services/Postgres.ts"
import * as SecretCache from "../../services/SecretCache.ts"
import * as Secrets from "../../services/Secrets.ts"
import type * as Cases from "./Cases.ts"
import * as CaseSecrets from "./CaseSecrets.ts"
import type * as Suites from "./Suites.ts"

/** What cases need beside the services of their actions. */
export type RunnerServices = StepServices | MockServer | Postgres | Secrets.Secrets | Masking

/** Cases ready to run, in the order of their files. Plain data; may be filtered. */
export interface Plan<R> {
  readonly cases: ReadonlyArray<Cases.Case>
  /** Errors forbid the run; warnings do not. */
  readonly problems: ReadonlyArray<Problem>
  /** YAML files of folders that are no scenarios. */
  readonly leftOut: ReadonlyArray<string>
  readonly options: Cases.CompileOptions
  readonly secrets: ValueRecord
  /** Only in the type: the services that the actions need. */
  readonly services?: (services: R) => void
}

export interface RunOptions {
  /** How many cases run at once. */
  readonly concurrency: number
  /** Makes random data the same again. @default from the Random service */
  readonly seed?: number | undefined
  /** Stop after this many cases that did not pass. @default never */
  readonly failFast?: number | undefined
  /** Run a case that did not pass again this often; one that passes then is flaky. @default 0, or what its file says */
  readonly retries?: number | undefined
  /** Run every case this often. @default 1 */
  readonly repeat?: number | undefined
  /** For cases whose file sets none. @default none */
  readonly caseTimeout?: Duration.Duration | undefined
  /** After this time no case begins and running ones are stopped. @default none */
  readonly runTimeout?: Duration.Duration | undefined
  /** The longest time for teardowns after a stop. @default 30 s */
  readonly grace?: Duration.Duration | undefined
  /** @default empty */
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** Settings of actions by family: `http`, `postgres`. @default empty */
  readonly settings?: ValueRecord | undefined
  /** @default false */
  readonly updateSnapshots?: boolean | undefined
  /** Whether an answer without a stored snapshot passes and is stored; not on a build machine. @default true */
  readonly writeMissingSnapshots?: boolean | undefined
  /** Bound on fetching the secrets of a case. @default 10 s */
  readonly secretsTimeout?: Duration.Duration | undefined
  /** How long a secret is used before it is fetched again. @default 5 minutes */
  readonly secretsTimeToLive?: Duration.Duration | undefined
  /** Tell every attempt of every step as a log line of level debug. @default false */
  readonly debug?: boolean | undefined
  /** Keep requests and answers of steps that passed. @default false */
  readonly keepExchanges?: boolean | undefined
}

export interface RunState<R> {
  readonly plan: Plan<R>
  readonly options: RunOptions
  readonly seed: number
  readonly emit: (event: Event) => Effect.Effect<void>
  readonly mask: <A>(value: A) => A
  /** Completed when no further case begins; carries whether running ones are stopped too. */
  readonly stop: Deferred.Deferred<void>
  readonly suites: ReadonlyMap<CompiledSuite, Suites.SuiteHandle>
  readonly secrets: SecretCache.Fetch
  readonly summary: { -readonly [K in keyof Summary]: number }
  /** Why no further case begins, and how those that did not begin are reported. */
  ending: { readonly reason: string; readonly status: "skipped" | "interrupted" } | undefined
  interrupted: boolean
}

export const millisSince = (clock: Clock.Clock, started: bigint): number =>
  Number((clock.monotonicTimeNanosUnsafe() - started) / 1_000n) / 1_000

/** Secrets are fetched once, and again when they are old, however many cases name them. */
export const secretsOnce = (options: RunOptions): Effect.Effect<SecretCache.Fetch, never, Secrets.Secrets> =>
  Effect.map(Secrets.Secrets, (secrets) =>
    SecretCache.make(secrets, {
      environment: options.environment ?? {},
      timeout: options.secretsTimeout,
      timeToLive: options.secretsTimeToLive
    }))

export const graceOf = <R>(state: RunState<R>): Duration.Duration => state.options.grace ?? Duration.seconds(30)

export const settingsOf = <R>(
  caseId: string,
  file: string,
  directory: string,
  root: string,
  state: RunState<R>,
  emit: CaseSettings["emit"],
  secrets: ValueRecord,
  baseId: string = caseId
): CaseSettings => ({
  caseId,
  baseId,
  directory,
  root,
  allowOutside: state.plan.options.allowOutside,
  environment: state.options.environment ?? {},
  settings: {
    ...state.options.settings,
    connections: CaseSecrets.fillIn(state.plan.options.connections, secrets)
  },
  seed: hash(caseId) ^ state.seed,
  updateSnapshots: state.options.updateSnapshots ?? false,
  keepExchanges: state.options.keepExchanges ?? false,
  debug: state.options.debug ?? false,
  file,
  mask: state.mask,
  emit
})

export const caseStarted = (
  id: string,
  name: string,
  file: string,
  line: number,
  suite: string | undefined,
  tags: ReadonlyArray<string>,
  attempt: number,
  clock: Clock.Clock
): Event => ({
  _tag: "CaseStarted",
  case: id,
  name,
  file,
  line,
  ...suite === undefined ? {} : { suite },
  tags,
  attempt,
  at: clock.currentTimeMillisUnsafe()
})

export const finish = <R>(
  id: string,
  name: string,
  file: string,
  status: Status,
  attempt: number,
  result: Pick<CaseResult, "failures" | "reason">,
  started: bigint,
  state: RunState<R>,
  last = true
) =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    if (last) {
      state.summary.total++
      state.summary[status]++
    }
    yield* state.emit({
      _tag: "CaseFinished",
      case: id,
      name,
      file,
      status,
      attempt,
      at: clock.currentTimeMillisUnsafe(),
      duration_ms: millisSince(clock, started),
      ...result.reason === undefined ? {} : { reason: result.reason },
      failures: result.failures
    })
  })
