/** The command line as a process of its own, in a folder of its own; bundled from the sources as they are now. */
import { afterAll } from "@effect/vitest"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { threadId } from "node:worker_threads"
import { buildCli } from "../../scripts/bundle.ts"

// Inside the repository, so that the bundle finds the packages that are not in it.
const built = join(import.meta.dirname, `../../.cache/cli-${process.pid}-${threadId}`)
const bin = join(built, "bin.js")
await buildCli(built)
afterAll(() => rmSync(built, { recursive: true, force: true }))

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

// The cache halves the time that the command takes to load.
const cache = join(tmpdir(), "skein-test-cache")
const environment = { ...process.env, NO_COLOR: "1", CI: "", npm_command: undefined, NODE_COMPILE_CACHE: cache }

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
  for (let i = 0; i < 1_000 && !existsSync(path); i++) await setTimeout(10)
  if (!existsSync(path)) throw new Error(`${path} did not appear within 10 s`)
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
