/** `skein run`: runs scenario files and reports. */
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import * as ExitCode from "./ExitCode.ts"
import * as Flags from "./Flags.ts"

const flags = {
  files: Flags.files,
  concurrency: Flags.count("concurrency", 1, "Cases at once [default: twice the processor cores]").pipe(
    Flag.withAlias("c")
  ),
  filter: Flags.text("filter", "text", "Only cases with this in their name or file; /regular expression/ works too"),
  tag: Flags.texts("tag", "tag", "Only cases with this tag, or without it when it begins with !; may be repeated"),
  shard: Flags.text("shard", "i/n", "Only the i-th of n parts, of about the same duration"),
  lastFailed: Flags.onOff("last-failed", "Only cases that did not pass in the last run"),
  failFast: Flags.optionalCount("fail-fast", 1, "Begin no case after n that did not pass [default: 1 when given]"),
  keepGoing: Flags.onOff("keep-going", "Run everything, whatever the configuration says"),
  retries: Flags.count("retries", 0, "Run a case that did not pass again, so often [default: 0]"),
  failOnFlaky: Flags.onOff("fail-on-flaky", "A case that passed only when run again fails the run"),
  repeat: Flags.count("repeat", 1, "Run every case so often [default: 1]"),
  watch: Flags.onOff("watch", "Run again when a file changes"),
  seed: Flags.count("seed", 0, "Make random data the same again [default: another one each time]"),
  dryRun: Flags.onOff("dry-run", "Check and print what would run, and in which order"),
  caseTimeout: Flags.duration("case-timeout", "Time for a case that sets none [default: none]"),
  runTimeout: Flags.duration("run-timeout", "Time for the whole run [default: none]"),
  grace: Flags.duration("grace", "Time for teardowns after a stop [default: 30s]"),
  report: Flags.texts("report", "format=file", "Write a report: junit, tap, ctrf, json, jsonl, github, markdown, html"),
  updateSnapshots: Flags.onOff("update-snapshots", "Take the answers of this run as the right ones"),
  allowEmpty: Flags.onOff("allow-empty", "Nothing selected is no mistake"),
  metrics: Flags.text("metrics", "file|:port", "Write Prometheus metrics, or serve them on a port of 127.0.0.1"),
  cpuProf: Flags.onOff("cpu-prof", "Write skein.cpuprofile for Chrome's developer tools"),
  heapProf: Flags.onOff("heap-prof", "Write skein.heapprofile for Chrome's developer tools"),
  ...Flags.reading
}

/** The flags of `run` as they were given. */
export type RunFlags = Command.Command.Config.Infer<typeof flags>

export const run = Command.make("run", flags, (flags) =>
  Effect.promise(() => import("./runCases.ts")).pipe(
    Effect.flatMap(({ execute }) => execute(flags)),
    Effect.flatMap((code) => code === ExitCode.ok ? Effect.void : new ExitCode.Exit({ code }))
  )).pipe(
    Command.withDescription("Run scenario files in parallel, and report"),
    Command.withExamples([
      { command: "skein run examples", description: "Every scenario of a folder" },
      {
        command: "skein run examples --tag '!slow' --report junit=out/junit.xml --format json",
        description: "Without slow cases, with a report for a CI system"
      }
    ])
  )
