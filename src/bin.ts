/** The executable: picks the live layers, hands the process in, ends it with the exit code. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer } from "effect"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { setFlagsFromString } from "node:v8"
import * as ExitCode from "./cli/ExitCode.ts"
import * as Failure from "./cli/Failure.ts"
import { Invocation } from "./cli/Invocation.ts"
import { Machine } from "./cli/Machine.ts"
import { main } from "./cli/main.ts"
import { version } from "./core/Version.ts"
import { workerEntry } from "./core/WorkerEntry.ts"
import * as ProcessStopSignal from "./layers/live/ProcessStopSignal.ts"

const { stderr, stdout } = process
const showCursor = "\u001b[?25h"

const say = (text: string): void => {
  if (stderr.writable) stderr.write(text)
}

const exitNow = (code: number): never => {
  if (stderr.isTTY) say(showCursor)
  process.exit(code)
}

const stopSignal = ProcessStopSignal.layer({
  onForce: (signal) => exitNow(ExitCode.ofSignal(signal)),
  // npm and npx, which set this, send a terminal's Ctrl-C a second time.
  repeatWithinMillis: process.env["npm_command"] === undefined ? 0 : 100
})

const environment = Object.fromEntries(
  Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)
)

const invocation = Layer.succeed(Invocation, {
  version: version,
  environment,
  directory: process.cwd(),
  profiles: fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../profiles" : "../../profiles", import.meta.url)),
  cores: availableParallelism(),
  terminal: { stdout: stdout.isTTY === true, stderr: stderr.isTTY === true },
  columns: Effect.sync(() => stderr.columns || 80)
})

/** The worker's file is beside this one, as source and as bundle. */
const worker = workerEntry(import.meta.url, "./")

/** Layers are loaded when a command needs them. */
const machine = Layer.succeed(Machine, {
  services: (options) =>
    Layer.unwrap(Effect.map(
      Effect.promise(() => import("./layers/Live.ts")),
      (Live) => Live.layer({ ...options, worker })
    )),
  modules: Layer.unwrap(
    Effect.map(Effect.promise(() => import("./layers/live/NodeActionModules.ts")), ({ layer }) => layer)
  ),
  load: Layer.unwrap(
    Effect.map(
      Effect.promise(() => {
        // The young generation stays as large as it is now: what a request leaves behind is gone with the next one.
        setFlagsFromString("--semi-space-growth-factor=1")
        return import("./layers/LoadMachine.ts")
      }),
      ({ watched }) => watched({ worker, environment })
    )
  ),
  fakeServers: Layer.unwrap(Effect.map(
    Effect.promise(() =>
      Promise.all([import("./layers/embedded/FakeServers.ts"), import("./layers/live/FileJournal.ts")])
    ),
    ([FakeServers, Journal]) => FakeServers.layer.pipe(Layer.provide(Journal.layer()))
  )),
  // Half again as much processor time, half the memory. Node has no way to bound the young generation of a running process, but
  // it can be kept from growing, which saves time too.
  staySmall: Effect.sync(() => {
    setFlagsFromString("--optimize-for-size")
    setFlagsFromString("--semi-space-growth-factor=1")
  }),
  bundled: import.meta.url.endsWith("/dist/cli/bin.mjs")
})

/** A full disk behind stdout is not success; a reader that went away is none of our business. */
let lost: NodeJS.ErrnoException | undefined
const onLost = (error: NodeJS.ErrnoException | null | undefined): void => {
  if (error?.code !== undefined && !gone.has(error.code)) lost ??= error
}
const gone = new Set(["EPIPE", "EIO", "ECONNRESET", "ERR_STREAM_DESTROYED"])
stdout.on("error", onLost)
stderr.on("error", () => {})

const finish = (code: number): void => {
  // Both streams may be pipes with text still on its way.
  stdout.write("", (error) => {
    onLost(error)
    if (lost !== undefined) say(`error: the result could not be written to stdout: ${lost.message}\n`)
    stderr.write("", () => process.exit(lost !== undefined && code === ExitCode.ok ? ExitCode.unavailable : code))
  })
}

const fiber = Effect.runFork(
  main(process.argv.slice(2)).pipe(
    Effect.provide([NodeServices.layer, invocation, machine, stopSignal]),
    Effect.catchTag("HandOver", () => Effect.sync(handOver))
  )
)
fiber.addObserver((exit) => {
  if (exit._tag === "Failure") finish(ExitCode.bug)
  else if (exit.value !== undefined) finish(exit.value)
})

/** Starts again without the bundle; the signals are free by now. */
function handOver(): undefined {
  process.off("uncaughtException", onStray)
  process.off("unhandledRejection", onStray)
  import(new URL("../lib/bin.js", import.meta.url).href).catch(onStray)
}

/** Thrown outside of every fiber, by a callback of a driver: tell, run finalizers, and do not wait for ever. */
function onStray(error: unknown): void {
  say(`${Failure.bugReport(error, version, (process.env["SKEIN_DEBUG"] ?? "") !== "")}\n`)
  fiber.addObserver(() => exitNow(ExitCode.bug))
  fiber.interruptUnsafe()
  setTimeout(() => exitNow(ExitCode.bug), 5_000).unref()
}
process.on("uncaughtException", onStray)
process.on("unhandledRejection", onStray)

// Nothing is left that could wake the fiber: Node would end here, with 0.
process.once("beforeExit", () => {
  if (fiber.pollUnsafe() !== undefined) return
  process.exitCode = ExitCode.bug
  onStray(new Error("the work waits for something that cannot come any more"))
})
