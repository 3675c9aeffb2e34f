/** A scenario under load by a single virtual user, on real sockets and without an executor: what it recorded, iteration by iteration. */
import { Clock, Deferred, Effect, Layer, Schema } from "effect"
import type { ValueRecord } from "../../src/core/Value.ts"
import * as SocketLoadTransport from "../../src/layers/live/SocketLoadTransport.ts"
import * as UndiciHttpClient from "../../src/layers/live/UndiciHttpClient.ts"
import type { Recording } from "../../src/programs/load/figures/Recording.ts"
import * as LoadScenarios from "../../src/programs/load/LoadScenarios.ts"
import * as ScenarioUser from "../../src/programs/load/ScenarioUser.ts"
import * as Runner from "../../src/programs/Runner.ts"
import type * as Action from "../../src/scenario/Action.ts"
import { builtin } from "../../src/scenario/actions/builtin.ts"
import { LoadClock, ticksPerMilli } from "../../src/services/LoadClock.ts"
import { NetworkProbe } from "../../src/services/NetworkProbe.ts"
import * as Scenarios from "./runScenarios.ts"

/** A clock without an alarm, which users do not need. */
export const clock: Layer.Layer<LoadClock> = Layer.effect(
  LoadClock,
  Effect.map(Clock.Clock, (clock) => {
    const origin = clock.monotonicTimeNanosUnsafe()
    return LoadClock.of({
      now: () => Number(clock.monotonicTimeNanosUnsafe() - origin) / 100,
      originMillis: 0,
      alarm: () => Effect.die("nobody waits for an arrival here")
    })
  })
)

export const layer = Layer.mergeAll(
  Scenarios.layer,
  Layer.mock(NetworkProbe)({}),
  SocketLoadTransport.layer.pipe(Layer.provideMerge(clock)),
  UndiciHttpClient.layer()
)

/** What the users wrote down, in its order: `GET things 200`, `GET things failed: status 500`, `GET things check true`. */
export const recorder = () => {
  const lines: Array<string> = []
  const lateMillis: Array<number> = []
  const recording: Recording = {
    step: ({ name }) => ({
      response: (intended, started, _ended, status) => {
        lines.push(`${name} ${status}`)
        lateMillis.push((started - intended) / ticksPerMilli)
      },
      error: (_intended, _started, _ended, kind, example) => lines.push(`${name} error: ${kind}: ${example()}`),
      failed: (kind, example) => lines.push(`${name} failed: ${kind}: ${example()}`),
      check: (passed) => lines.push(`${name} check ${passed}`)
    }),
    metric: () => ({ add: () => {} })
  }
  return { lines, lateMillis, recording }
}

export interface Options extends Partial<Omit<ScenarioUser.Options, "mix">> {
  readonly variables?: ValueRecord | undefined
  /** How many iterations each user makes, one after the other; all users at once. @default 1 */
  readonly iterations?: number | undefined
  /** @default 1 */
  readonly users?: number | undefined
  /** Whether users come one after the other. @default false */
  readonly inTurn?: boolean | undefined
  readonly weights?: ReadonlyArray<number> | undefined
}

/** Puts the scenarios of files under load; answers with what was recorded, and which iterations passed or found no way to their target. */
export const load = Effect.fnUntraced(function*(
  files: string | Readonly<Record<string, string>>,
  options: Options = {}
) {
  const directory = yield* Scenarios.write(typeof files === "string" ? { "scenario.yaml": files } : files)
  const plan = yield* Runner.checked(
    yield* Runner.plan([directory], {
      actions: builtin,
      workingDirectory: directory,
      variables: options.variables
    })
  )
  const scenarios = yield* LoadScenarios.open(plan, { run: { seed: 1 } })
  const { lateMillis, lines, recording } = recorder()
  const exhausted = yield* Deferred.make<never, LoadScenarios.LoadScenarioError>()
  const users = yield* ScenarioUser.make<Action.Services<(typeof builtin)[number]>>({
    feeder: { order: "sequential", per: "iteration" },
    seed: 1,
    share: { index: 0, of: 1 },
    recording,
    exhausted: (error) => Deferred.doneUnsafe(exhausted, Effect.fail(error)),
    ...options,
    mix: scenarios.map((scenario, index) => ({ scenario, weight: options.weights?.[index] ?? 1 }))
  })
  const loadClock = yield* LoadClock
  let number = 0
  const unreached: Array<boolean> = []
  const passed = yield* Effect.forEach(
    Array.from({ length: options.users ?? 1 }, (_, user) => user),
    Effect.fnUntraced(function*(index) {
      let ended: ((passed: boolean) => void) | undefined
      const user = yield* users.make(index, (passed, _ended, isMissed = false) => {
        unreached.push(isMissed)
        ended?.(passed)
      })
      const passed: Array<boolean> = []
      for (let count = options.iterations ?? 1; count > 0; count--) {
        passed.push(
          yield* Effect.callback<boolean>((resume) => {
            ended = (passed) => resume(Effect.succeed(passed))
            const now = loadClock.now()
            user.start(number++, now, now)
          })
        )
      }
      return passed
    }),
    { concurrency: options.inTurn === true ? 1 : "unbounded" }
  ).pipe(Effect.raceFirst(Deferred.await(exhausted)))
  return { lines, lateMillis, passed: passed.flat(), unreached, interpreted: users.interpreted, scenarios }
})

/** The calls that a scenario's own mock got, as `METHOD path body`. */
export const callsOf = (scenarios: ReadonlyArray<LoadScenarios.LoadScenario>, mock = "api"): ReadonlyArray<string> =>
  Schema.decodeUnknownSync(Seen)(scenarios[0]?.mocks.get(mock)?.()).calls.map(({ body, method, path }) =>
    body === null ? `${method} ${path}` : `${method} ${path} ${JSON.stringify(body)}`
  )

const Seen = Schema.Struct({
  calls: Schema.Array(Schema.Struct({ method: Schema.String, path: Schema.String, body: Schema.Json }))
})
