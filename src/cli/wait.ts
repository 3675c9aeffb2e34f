/** `skein wait`: waits for remote workflows. */
import { Duration, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as DurationText from "../core/DurationText.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Flags from "./Flags.ts"

const { config, env, envFile } = Flags.reading

const durations = (name: string, description: string): Flag.Flag<Option.Option<ReadonlyArray<Duration.Duration>>> =>
  Flag.String(name).pipe(
    Flag.filterMap(
      (text) => {
        const parsed = text.split(",").map((part) => DurationText.parse(part))
        return parsed.every((one) => one !== undefined && Duration.toMillis(one) > 0)
          ? Option.some(parsed as ReadonlyArray<Duration.Duration>)
          : Option.none()
      },
      () => "durations between commas, such as 1s,2s,5s"
    ),
    Flag.withMetavar("durations"),
    Flag.withDescription(description),
    Flag.optional
  )

const flags = {
  what: Argument.String("what").pipe(
    Argument.withDescription("profile:workflow, then handles; with --url or --list only ids; - reads them from stdin"),
    Argument.variadic()
  ),
  file: Flags.texts("file", "file", "Read handles from a file, also what batch prints as JSON; may be repeated"),
  handles: Flags.text("handles", "file", "Keep handles and outcomes there, and go on from it after a crash"),
  url: Flags.text("url", "url", "Where to ask for one workflow: https://api/tasks/{id}"),
  list: Flags.text(
    "list",
    "url",
    "Where to ask for all workflows of a parent at once: https://api/sites/{parent}/tasks"
  ),
  rows: Flags.text("rows", "expression", "Where the list is in its answer [default: body]"),
  id: Flags.text("id", "expression", "The id of a row of the list [default: body.id]"),
  parent: Flags.text("parent", "name", "What all ids belong to, for {parent}"),
  state: Flags.text("state", "expression", "The state of a workflow, such as body.status"),
  done: Flags.text("done", "states", "States that are a success, between commas"),
  failed: Flags.text("failed", "states", "States that are a failure, between commas"),
  running: Flags.text("running", "states", "States that go on; all others are then unknown [default: all others]"),
  progress: Flags.text("progress", "expression", "How far it is, from 0 to 1 or to 100"),
  message: Flags.text("message", "expression", "What the API says of it"),
  header: Flags.texts("header", "name: value", "Sent with each request; ${env.NAME} is replaced; may be repeated"),
  any: Flags.onOff("any", "Wait for the first success only"),
  all: Flags.onOff("all", "Wait until all have ended, the default"),
  quorum: Flags.count("quorum", 1, "Wait for n successes only"),
  failFast: Flags.onOff("fail-fast", "End at the first failure"),
  watch: Flags.onOff("watch", "Tell of all workflows of what is named, such as a site, until Ctrl-C or --timeout"),
  timeout: Flags.duration("timeout", "Time for all of it [default: 1h; --watch has no end]"),
  itemTimeout: Flags.duration("item-timeout", "Time for each workflow [default: none]"),
  interval: durations("interval", "Waits between looks; the last one stays [default: the profile's, or 1s,2s,5s,10s]"),
  confirm: Flags.count("confirm", 1, "Looks in a row that must say that a workflow ended [default: 1]"),
  maxPolls: Flags.count("max-polls", 1, "Looks at most, then time is up [default: no bound]"),
  requestsPerSecond: Flags.count("requests-per-second", 1, "Requests a second to one host [default: 10]"),
  config,
  env,
  envFile
}

/** The flags of `wait` as they were given. */
export type WaitFlags = Command.Command.Config.Infer<typeof flags>

export const wait = Command.make("wait", flags, (flags) =>
  Effect.promise(() => import("./waitFor.ts")).pipe(
    Effect.flatMap(({ execute }) => execute(flags)),
    Effect.flatMap((code) => code === ExitCode.ok ? Effect.void : new ExitCode.Exit({ code }))
  )).pipe(
    Command.withDescription("Wait for remote workflows until they ended, and say what became of each"),
    Command.withExamples([
      {
        command: "skein wait pantheon:workflow site-001 site-002 --watch --timeout 2s",
        description: "Two seconds of all workflows of two sites, as profile pantheon tells of them"
      },
      {
        command:
          "skein wait --url 'http://127.0.0.1:8090/tasks/{id}' --state body.status --done succeeded --failed failed,aborted t1 t2",
        description: "Two tasks of any API"
      },
      {
        command:
          "skein wait --list 'http://127.0.0.1:8090/sites/{parent}/tasks' --state body.status --done succeeded --handles wait.json --format json blog/t1 blog/t2",
        description: "One request for all tasks of a site; goes on after a crash with: skein wait --handles wait.json"
      }
    ])
  )
