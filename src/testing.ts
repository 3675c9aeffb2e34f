/**
 * skein in tests: every service that a run needs, as a fake with controls, and a way to run scenarios on them.
 *
 * HTTP is answered and files are served by script, secrets come from a map, the network is described, Ctrl-C is pulled by the test, and time
 * is that of `Clock`, so `TestClock` moves it. Documents, messages and caches are in memory, with faults on demand. jq and
 * Postgres are real, in threads of their own that start when first used; files are real, in a folder that goes with the test. `import * as Testing from "skein/testing"`.
 */
import { NodeServices } from "@effect/platform-node"
import { Effect, FileSystem, Layer, Path, type PlatformError, type Scope, Stream } from "effect"
import type { HttpClient } from "effect/http"
import { Masking } from "./core/Masking.ts"
import type { SourceText } from "./core/SourceText.ts"
import type { ValueRecord } from "./core/Value.ts"
import { workerEntry } from "./core/WorkerEntry.ts"
import * as FakeCacheStore from "./layers/fake/FakeCacheStore.ts"
import * as FakeDocumentStore from "./layers/fake/FakeDocumentStore.ts"
import * as FakeFileTransfer from "./layers/fake/FakeFileTransfer.ts"
import * as FakeHttpClient from "./layers/fake/FakeHttpClient.ts"
import * as FakeMessageBroker from "./layers/fake/FakeMessageBroker.ts"
import * as FakeMockServer from "./layers/fake/FakeMockServer.ts"
import * as FakeNetworkProbe from "./layers/fake/FakeNetworkProbe.ts"
import * as FakePostgres from "./layers/fake/FakePostgres.ts"
import * as FakeSecrets from "./layers/fake/FakeSecrets.ts"
import * as FakeStopSignal from "./layers/fake/FakeStopSignal.ts"
import * as WorkerJq from "./layers/live/WorkerJq.ts"
import type { Report } from "./programs/report/Report.ts"
import * as ReportFold from "./programs/report/ReportFold.ts"
import * as Runner from "./programs/Runner.ts"
import type * as Action from "./scenario/Action.ts"
import { builtin } from "./scenario/actions/builtin.ts"
import type { Event } from "./scenario/Event.ts"
import type { CacheStore } from "./services/CacheStore.ts"
import type { DocumentStore } from "./services/DocumentStore.ts"
import type { FileTransfer } from "./services/FileTransfer.ts"
import type { Jq } from "./services/Jq.ts"
import type { MessageBroker } from "./services/MessageBroker.ts"
import type { Definition, MockServer } from "./services/MockServer.ts"
import type { NetworkProbe } from "./services/NetworkProbe.ts"
import type { Postgres } from "./services/Postgres.ts"
import type { Secrets } from "./services/Secrets.ts"

export { FakeCacheStore } from "./layers/fake/FakeCacheStore.ts"
export { FakeDocumentStore } from "./layers/fake/FakeDocumentStore.ts"
export { FakeFileTransfer } from "./layers/fake/FakeFileTransfer.ts"
export { FakeHttpClient } from "./layers/fake/FakeHttpClient.ts"
export { FakeMessageBroker } from "./layers/fake/FakeMessageBroker.ts"
export { certificateFor, FakeNetworkProbe } from "./layers/fake/FakeNetworkProbe.ts"
export { FakePantheon } from "./layers/fake/FakePantheon.ts"
export { FakePostgres } from "./layers/fake/FakePostgres.ts"
export { FakeSecrets } from "./layers/fake/FakeSecrets.ts"
export { FakeStopSignal } from "./layers/fake/FakeStopSignal.ts"

/** The controls of the fakes. */
export type Controls =
  | FakeCacheStore.FakeCacheStore
  | FakeDocumentStore.FakeDocumentStore
  | FakeFileTransfer.FakeFileTransfer
  | FakeHttpClient.FakeHttpClient
  | FakeMessageBroker.FakeMessageBroker
  | FakeNetworkProbe.FakeNetworkProbe
  | FakePostgres.FakePostgres
  | FakeSecrets.FakeSecrets
  | FakeStopSignal.FakeStopSignal

/** What the runner and every built-in action need, and the controls. */
export type Services =
  | Controls
  | CacheStore
  | DocumentStore
  | MessageBroker
  | FileTransfer
  | HttpClient.HttpClient
  | MockServer
  | NetworkProbe
  | Postgres
  | Secrets
  | Jq
  | Masking
  | NodeServices.NodeServices

export interface LayerOptions {
  /** What HTTP requests are answered, as in `mocks:`; a key with a host (`GET https://shop.test/x`) is for it alone. @default 404 */
  readonly routes?: NonNullable<Definition["routes"]> | undefined
}

/** Opens nothing until first use. Built for each test by `Effect.provide`, or once for several by `it.layer`. */
export const layer = (options: LayerOptions = {}): Layer.Layer<Services> =>
  Layer.mergeAll(
    FakeMockServer.layer.pipe(Layer.provideMerge(FakeHttpClient.layer(options.routes))),
    FakeFileTransfer.layer,
    FakeNetworkProbe.layer,
    FakeSecrets.layer,
    FakeStopSignal.layer,
    FakePostgres.layer({ entry: worker }),
    FakeDocumentStore.layer(),
    FakeMessageBroker.layer(),
    FakeCacheStore.layer,
    WorkerJq.layer({ entry: worker })
  ).pipe(Layer.provideMerge(Masking.layer), Layer.provideMerge(NodeServices.layer))

const worker = workerEntry(import.meta.url, "./")

/** Options of a run. Left out: four cases at once, seed 1, an empty environment. */
export interface Options<A extends Action.Any> extends Partial<Runner.RunOptions> {
  /** The actions that files may use. @default builtin */
  readonly actions?: ReadonlyArray<A> | undefined
  /** Values over those of the files, as `--var`. @default none */
  readonly variables?: ValueRecord | undefined
  /** Secrets beside those of the files, in the spelling of `secrets:`. @default none */
  readonly secrets?: ValueRecord | undefined
  /** URLs by name, as `connections:` of `skein.yaml`. @default none */
  readonly connections?: ValueRecord | undefined
}

export interface Outcome {
  readonly report: Report
  /** In the order in which they happened. */
  readonly events: ReadonlyArray<Event>
  /** Absolute folder that relative paths began at. */
  readonly directory: string
}

type Builtin = (typeof builtin)[number]

/**
 * Runs scenarios that the test writes down: the text of one, one from `Scenario.make`, or files by relative path, all of
 * which run. They stand in a new folder that is removed when the scope of the test ends.
 *
 * A case that does not pass is no error here: look at the report. Fails when there are mistakes in the scenarios.
 */
export const run = Effect.fnUntraced(function*<A extends Action.Any = Builtin>(
  scenarios: string | SourceText | Readonly<Record<string, string>>,
  options: Options<A> = {}
): Effect.fn.Return<
  Outcome,
  Runner.CompileError | PlatformError.PlatformError,
  Runner.Needs<Action.Services<A>> | Scope.Scope
> {
  const isOne = typeof scenarios === "string" || isSource(scenarios)
  const directory = yield* write(isOne ? {} : scenarios)
  const plan = isOne
    ? yield* Runner.compile(scenarios, compileOptions(directory, options))
    : yield* Runner.checked(yield* Runner.plan([directory], compileOptions(directory, options)))
  return yield* follow(plan, directory, options)
})

/** Runs scenario files, folders and globs where they stand. `directory` is absolute; paths begin there. Otherwise as {@link run}. */
export const runFiles = Effect.fnUntraced(function*<A extends Action.Any = Builtin>(
  paths: ReadonlyArray<string>,
  directory: string,
  options: Options<A> = {}
): Effect.fn.Return<Outcome, Runner.CompileError, Runner.Needs<Action.Services<A>>> {
  const plan = yield* Runner.plan(paths, compileOptions(directory, options))
  return yield* follow(yield* Runner.checked(plan), directory, options)
})

/** Writes files by relative path into a folder of their own, which goes with the scope; answers with its absolute path. */
export const write = Effect.fnUntraced(function*(
  files: Readonly<Record<string, string>>
): Effect.fn.Return<
  string,
  PlatformError.PlatformError,
  FileSystem.FileSystem | Path.Path | Scope.Scope
> {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = yield* fileSystem.makeTempDirectoryScoped({ prefix: "skein-test-" })
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(directory, name)
    yield* fileSystem.makeDirectory(path.dirname(file), { recursive: true })
    yield* fileSystem.writeFileString(file, text)
  }
  return directory
})

const isSource = (scenarios: SourceText | Readonly<Record<string, string>>): scenarios is SourceText =>
  Object.keys(scenarios).toSorted().join() === "path,text"

const compileOptions = <A extends Action.Any>(
  workingDirectory: string,
  { actions, connections, secrets, variables }: Options<A>
): Runner.CompileOptions<A> => ({
  // Without a list of its own, A is what the built-in ones are.
  actions: actions ?? builtin as unknown as ReadonlyArray<A>,
  workingDirectory,
  variables,
  secrets,
  connections
})

const follow = <R>(plan: Runner.Plan<R>, directory: string, options: Partial<Runner.RunOptions>) =>
  Stream.runCollect(Runner.events(plan, { concurrency: 4, seed: 1, ...options })).pipe(
    Effect.map((events): Outcome => ({ events, report: ReportFold.fromEvents(events), directory }))
  )
