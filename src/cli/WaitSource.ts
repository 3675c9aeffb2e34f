/** Where `skein wait` has states from: a workflow of a profile, or requests that flags describe. */
import { Effect, Option, Result } from "effect"
import type { HttpClient } from "effect/http"
import type { RemoteApiError } from "../profile/RemoteApi.ts"
import * as Thing from "../profile/Thing.ts"
import * as Config from "../programs/Config.ts"
import type { Source } from "../programs/wait/HandleFile.ts"
import type { Handle } from "../programs/wait/Handles.ts"
import * as UrlWorkflow from "../programs/wait/UrlWorkflow.ts"
import type * as WorkflowWait from "../programs/WorkflowWait.ts"
import * as Template from "../scenario/expression/Template.ts"
import * as Text from "../scenario/expression/Text.ts"
import * as PoliteClient from "../services/polite/Client.ts"
import * as PoliteHttp from "../services/PoliteHttp.ts"
import * as ExitCode from "./ExitCode.ts"
import * as RemoteApis from "./RemoteApis.ts"
import type { WaitFlags } from "./wait.ts"

export interface WaitSource {
  /** What a handle file keeps of it. */
  readonly source: Source
  /** The arguments that are handles. */
  readonly arguments: ReadonlyArray<string>
  readonly parse: (
    text: string
  ) => Effect.Effect<Handle, ExitCode.CommandError | RemoteApiError, HttpClient.HttpClient>
  readonly poll: (
    parent: string,
    ids: ReadonlyArray<string>
  ) => Effect.Effect<
    ReadonlyMap<string, WorkflowWait.Seen>,
    UrlWorkflow.LookError | RemoteApiError,
    HttpClient.HttpClient
  >
  readonly intervals: WorkflowWait.Options<never, never>["intervals"]
}

/** Reads the flags and opens what they name, until the scope ends; those that were not given are those of the handle file. */
export const make = Effect.fnUntraced(function*(flags: WaitFlags, config: Config.Loaded, kept: Source | undefined) {
  const given = sourceOf(flags)
  if (given.url === undefined && given.list === undefined) {
    const [first = "", ...others] = flags.what
    const named = Thing.parse(first)
    if (named !== undefined) return yield* fromProfile(named, first, others, config)
    const again = Thing.parse(kept?.thing ?? "")
    if (again !== undefined) return yield* fromProfile(again, kept!.thing!, flags.what, config)
  }
  return yield* fromUrls(flags, { ...kept, ...given }, config)
})

const fromProfile = Effect.fnUntraced(function*(
  { name, profile }: Thing.Thing,
  thing: string,
  handles: ReadonlyArray<string>,
  config: Config.Loaded
) {
  const api = yield* RemoteApis.open(profile, config)
  const { intervals, parse, poll } = yield* api.workflow(name)
  return {
    source: { thing },
    arguments: handles,
    // Names in it have become ids; it is shown as it was given.
    parse: (text) => Effect.map(parse(text), ({ id, parent }) => ({ id, parent, text })),
    poll,
    intervals
  } satisfies WaitSource
})

const names = ["url", "list", "rows", "id", "state", "done", "failed", "running", "progress", "message"] as const

const sourceOf = (flags: WaitFlags): Source =>
  Object.fromEntries(names.flatMap((name) => Option.isSome(flags[name]) ? [[name, flags[name].value]] : []))

const fromUrls = Effect.fnUntraced(function*(
  flags: WaitFlags,
  source: Source,
  config: Config.Loaded
) {
  if (source.url === undefined && source.list === undefined) {
    const [first] = flags.what
    return yield* ExitCode.wrongUsage(
      first !== undefined
        ? `${JSON.stringify(first)} is no workflow of a profile`
        : Option.isSome(flags.handles)
        ? `there is nothing to wait for: ${flags.handles.value} is not there yet`
        : "there is nothing to wait for",
      "write skein wait profile:workflow HANDLE, or say where to ask with --url or --list"
    )
  }
  if (source.state === undefined || source.done === undefined) {
    return yield* ExitCode.wrongUsage(
      "it takes --state and --done to know when a workflow is done",
      "such as --state body.status --done succeeded"
    )
  }
  const workflow = UrlWorkflow.make({
    url: source.url,
    list: source.list,
    rows: source.rows,
    id: source.id,
    state: source.state,
    done: wordsOf(source.done),
    failed: wordsOf(source.failed ?? ""),
    running: source.running === undefined ? undefined : wordsOf(source.running),
    progress: source.progress,
    message: source.message,
    headers: yield* headersOf(flags.header, config.environment)
  })
  if (Result.isFailure(workflow)) return yield* ExitCode.wrongUsage(workflow.failure.join("\n"))
  const { parse, poll } = workflow.success
  const http = yield* PoliteClient.make({ ...PoliteHttp.defaults, ...Config.politeSettings(config.settings) })
  const parent = Option.getOrUndefined(flags.parent)
  return {
    source,
    arguments: flags.what,
    parse: (text) => {
      const item = parse(parent === undefined ? text : `${parent}/${text}`)
      return item === undefined
        ? Effect.fail(ExitCode.wrongUsage(`${JSON.stringify(text)} is no handle`, "write parent/id, or give --parent"))
        : Effect.succeed({ ...item, text })
    },
    poll: (parent, ids) => Effect.provideService(poll(parent, ids), PoliteHttp.PoliteHttp, http),
    intervals: undefined
  } satisfies WaitSource
})

const wordsOf = (text: string): ReadonlyArray<string> =>
  text.split(",").map((word) => word.trim()).filter((word) => word !== "")

/** `authorization: Bearer ${env.TOKEN}`, several. */
const headersOf = Effect.fnUntraced(function*(
  texts: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>>
) {
  const headers: Record<string, string> = {}
  for (const text of texts) {
    const [, name, template] = /^([^:\s]+)\s*:\s*(.*)$/s.exec(text) ?? []
    if (name === undefined) return yield* ExitCode.wrongUsage("--header is not like name: value")
    const parsed = Template.parse(template!)
    const scope = { get: (name: string) => name === "env" ? environment : undefined, list: () => ["env"] }
    const value = Result.isSuccess(parsed)
      ? Template.evaluate(parsed.success, scope, { now: () => 0, random: () => 0 })
      : Result.fail(parsed.failure[0]!)
    if (Result.isFailure(value)) return yield* ExitCode.wrongUsage(`--header ${name}: ${value.failure.message}`)
    headers[name] = Text.write(value.success)
  }
  return headers
})
