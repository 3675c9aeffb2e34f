/** `skein load`: load on a URL or on scenarios, at a number of connections or virtual users, or at a rate. */
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import * as ExitCode from "./ExitCode.ts"
import * as Flags from "./Flags.ts"
import { loadCompare } from "./loadCompare.ts"
import { making, margin } from "./LoadFlags.ts"

const flags = {
  target: Argument.String("target").pipe(
    Argument.withDescription("What is loaded: a URL such as http://127.0.0.1:8080/, or scenario files")
  ),
  more: Argument.String("files").pipe(
    Argument.withDescription("Further scenario files, run beside the first or mixed with it"),
    Argument.variadic()
  ),
  ...making,
  vus: Flags.count("vus", 1, "Virtual users of scenarios; in an open load at most so many at once"),
  iterations: Flags.count("iterations", 1, "How often scenarios are run in all, instead of how long"),
  var: Flags.reading.var,
  root: Flags.reading.root,
  allowOutside: Flags.reading.allowOutside,
  threshold: Flags.texts("threshold", "rule", "What must hold, such as \"http.p95 < 300ms\"; may be repeated"),
  report: Flags.texts(
    "report",
    "file",
    "Write a report, by its extension: html, json, csv, xml (JUnit), md, prom, hlog (HdrHistogram); may be repeated"
  ),
  dashboard: Flags.onOff("dashboard", "Serve a page on 127.0.0.1 that follows the load"),
  saveBaseline: Flags.text("save-baseline", "name", "Keep the result under this name, to compare others with"),
  baseline: Flags.text("baseline", "name", "Compare with the result of that name; slower is a failure"),
  margin
}

/** The flags of `load` as they were given. */
export type LoadFlags = Command.Command.Config.Infer<typeof flags>

export const load = Command.make("load", flags, (flags) =>
  Effect.promise(() => import("./runLoad.ts")).pipe(
    Effect.flatMap(({ execute }) => execute(flags)),
    Effect.flatMap((code) => code === ExitCode.ok ? Effect.void : new ExitCode.Exit({ code }))
  )).pipe(
    Command.withDescription("Put load on a URL or on scenarios, and measure how it answers"),
    Command.withExamples([
      {
        command: "skein load --rate 200/s --duration 30s --threshold 'http.p95 < 300ms' http://127.0.0.1:8080/",
        description: "Two hundred requests a second; fails when one in twenty takes 300 ms or more from when it was due"
      },
      {
        command: "skein load -c 64 -z 5s http://127.0.0.1:8080/",
        description: "As much as 64 connections can get: the closed model"
      },
      {
        command: "skein load examples/load/checkout.yaml --rate 50/s --duration 5s",
        description: "A scenario as its load: block says, but at another rate and for a shorter time"
      }
    ]),
    Command.withSubcommands([loadCompare])
  )
