/** Runs scenario texts as the runner would, on fakes, and answers with their events and report. */
import { NodeServices } from "@effect/platform-node"
import { Effect, FileSystem, Layer, Path, Stream } from "effect"
import { Masking } from "../../src/core/Masking.ts"
import * as NodeMockServer from "../../src/layers/embedded/NodeMockServer.ts"
import * as FakeSecrets from "../../src/layers/fake/FakeSecrets.ts"
import * as FakeStopSignal from "../../src/layers/fake/FakeStopSignal.ts"
import * as ReportFold from "../../src/programs/report/ReportFold.ts"
import * as Runner from "../../src/programs/Runner.ts"
import type * as Action from "../../src/scenario/Action.ts"
import * as Contract from "../../src/scenario/Contract.ts"
import type { Event } from "../../src/scenario/Event.ts"
import * as Snapshots from "../../src/scenario/Snapshots.ts"
import { Jq } from "../../src/services/Jq.ts"
import { Postgres } from "../../src/services/Postgres.ts"

/** What the runner needs, without jq and Postgres: tests that use those bring their own. */
export const layer = Layer.mergeAll(
  Contract.layer,
  Snapshots.layer(),
  NodeMockServer.layer,
  FakeSecrets.layer,
  FakeStopSignal.layer,
  Layer.mock(Jq)({}),
  Layer.mock(Postgres)({})
).pipe(Layer.provideMerge(Masking.layer), Layer.provideMerge(NodeServices.layer))

export interface Outcome {
  readonly events: ReadonlyArray<Event>
  readonly report: ReturnType<typeof ReportFold.fromEvents>
  /** Absolute folder that the files were in. */
  readonly directory: string
}

/** Writes files into a folder of their own; answers with its absolute path. */
export const write = Effect.fnUntraced(function*(files: Readonly<Record<string, string>>) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = yield* fileSystem.makeTempDirectoryScoped({ prefix: "skein-test-" })
  for (const [name, text] of Object.entries(files)) {
    yield* fileSystem.makeDirectory(path.dirname(path.join(directory, name)), { recursive: true })
    yield* fileSystem.writeFileString(path.join(directory, name), text)
  }
  return directory
}, Effect.orDie)

/** Runs all scenarios of a set of files. Files with errors are a defect: such tests look at `Runner.plan`. */
export const run = Effect.fnUntraced(function*<A extends Action.Any>(
  files: Readonly<Record<string, string>>,
  actions: ReadonlyArray<A>,
  options: Partial<Runner.RunOptions & Pick<Runner.CompileOptions<A>, "variables">> = {}
) {
  const directory = yield* write(files)
  const plan = yield* Runner.plan([directory], { actions, workingDirectory: directory, variables: options.variables })
  const errors = plan.problems.filter((problem) => problem.severity === "error")
  if (errors.length > 0) return yield* Effect.die(errors.map((problem) => problem.message).join("\n"))
  const events = yield* Stream.runCollect(Runner.events(plan, { concurrency: 4, seed: 1, ...options }))
  return { events, report: ReportFold.fromEvents(events), directory } satisfies Outcome
})
