/** The command line in a folder of its own: as a process, or in this one. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Layer, Metric, Sink, Stdio } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import * as NodeConsole from "node:console"
import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Writable } from "node:stream"
import { setTimeout } from "node:timers/promises"
import { pathToFileURL } from "node:url"
import { Machine } from "../../src/cli/Machine.ts"
import { main } from "../../src/cli/main.ts"
import * as FakeServers from "../../src/layers/embedded/FakeServers.ts"
import * as Live from "../../src/layers/Live.ts"
import * as FileJournal from "../../src/layers/live/FileJournal.ts"
import * as NodeActionModules from "../../src/layers/live/NodeActionModules.ts"
import * as LoadMachine from "../../src/layers/LoadMachine.ts"
import { compiled, program } from "../support/built.ts"
import { invocation } from "./invocation.ts"

const bin = await program("bin")

/** A folder with files, gone when it is disposed. */
export const folder = (files: Readonly<Record<string, string>>) => {
  const path = mkdtempSync(join(tmpdir(), "skein-cli-"))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return {
    path,
    has: (name: string) => existsSync(join(path, name)),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true })
  }
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A process under way. */
export interface Running {
  readonly child: ChildProcess
  /** Resolves when it has ended and its output was read. */
  readonly ended: Promise<Ended>
}

const environment = { ...process.env, NO_COLOR: "1", CI: "", npm_command: undefined, NODE_COMPILE_CACHE: compiled }
const given = Object.fromEntries(
  Object.entries(environment).filter((one): one is [string, string] => one[1] !== undefined)
)

/**
 * What `skein` with `args` prints and how it ends, without the start of a process: for tests in which signals, pipes and what
 * lies around are not the point. The layers are those of `bin.ts`; nothing comes on stdin.
 */
export const call = (
  args: ReadonlyArray<string>,
  cwd: string,
  environment: Readonly<Record<string, string>> = {}
): Promise<Ended> => Effect.runPromise(calling(args, cwd, machine(environment), environment))

/** The same on another machine, and by the clock of who runs it. */
export const calling = Effect.fnUntraced(function*(
  args: ReadonlyArray<string>,
  cwd: string,
  machine: Layer.Layer<Machine>,
  environment: Readonly<Record<string, string>> = {}
) {
  const said = { stdout: "", stderr: "" }
  const sink = (name: keyof typeof said) => () =>
    Sink.forEach((chunk: string | Uint8Array) =>
      Effect.sync(() => {
        said[name] += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString()
      })
    )
  const stream = (name: keyof typeof said) =>
    new Writable({
      write: (chunk, _encoding, done) => {
        said[name] += String(chunk)
        done()
      }
    })
  const code = yield* main(args).pipe(
    Effect.provide(Layer.mergeAll(
      NodeServices.layer,
      Stdio.layerTest({ stdout: sink("stdout"), stderr: sink("stderr") }),
      machine,
      invocation({ directory: cwd, environment: { ...given, ...environment } })
    )),
    Effect.provideService(Metric.MetricRegistry, new Map()),
    Effect.provideService(
      Console.Console,
      new NodeConsole.Console({ stdout: stream("stdout"), stderr: stream("stderr") })
    )
  )
  return { code: code ?? null, signal: null, ...said } satisfies Ended
})

const worker = pathToFileURL(await program("worker"))
const machine = (environment: Readonly<Record<string, string>>) =>
  Layer.succeed(Machine, {
    services: (options) => Live.layer({ ...options, worker }),
    modules: NodeActionModules.layer,
    load: LoadMachine.watched({ worker, environment }),
    fakeServers: FakeServers.layer.pipe(Layer.provide(FileJournal.layer())),
    staySmall: Effect.void,
    bundled: false
  })

/** Starts `skein` with `args`. */
export const start = (args: ReadonlyArray<string>, cwd: string): Running =>
  running(spawn(process.execPath, [bin, ...args], { cwd, env: environment, stdio: ["ignore", "pipe", "pipe"] }))

/** Starts a line of sh in which `$SKEIN` is the command. */
export const shell = (line: string, cwd: string): Running =>
  running(spawn("sh", ["-c", line.replaceAll("$SKEIN", `'${process.execPath}' '${bin}'`)], {
    cwd,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"]
  }))

const running = (child: ReturnType<typeof spawn>): Running => {
  let stdout = ""
  let stderr = ""
  child.stdout!.setEncoding("utf8").on("data", (text: string) => stdout += text)
  child.stderr!.setEncoding("utf8").on("data", (text: string) => stderr += text)
  const ended = once(child, "close").then(([code, signal]): Ended => ({ code, signal, stdout, stderr }))
  return { child, ended }
}

/** Waits for a file that the process makes. */
export const appears = async (path: string): Promise<void> => {
  for (let i = 0; i < 5_000 && !existsSync(path); i++) await setTimeout(10)
  if (!existsSync(path)) throw new Error(`${path} did not appear within 50 s`)
}

/** The first line on stdout: a server says there that clients may connect. Fails when the process ends before. */
export const firstLine = ({ child, ended }: Running): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ""
    child.stdout!.on("data", (more: string) => {
      text += more
      if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")).trim())
    })
    void ended.then(({ stderr }) => reject(new Error(stderr)))
  })
