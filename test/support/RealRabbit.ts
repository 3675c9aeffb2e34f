/**
 * A RabbitMQ of a test's own, to be killed and starved: a node with folders, ports and an `epmd` of its own on the loopback,
 * from the binaries of the machine (`SKEIN_TEST_RABBITMQ_HOME`, by default those of Debian); gone with its scope.
 */
import { Effect, type Scope } from "effect"
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { connect as connectTo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { promisify } from "node:util"

const home = process.env["SKEIN_TEST_RABBITMQ_HOME"] ?? "/usr/lib/rabbitmq"

export interface RealRabbit {
  readonly url: string
  readonly port: number
  /** Ends it as a power cut would. */
  readonly kill: Effect.Effect<void>
  /** Starts it again on the same port and data, and waits until it takes connections. */
  readonly start: Effect.Effect<void>
  /** Runs `rabbitmqctl`. Takes a second or two. */
  readonly control: (...args: ReadonlyArray<string>) => Effect.Effect<string>
}

export const make: Effect.Effect<RealRabbit, never, Scope.Scope> = Effect.gen(function*() {
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "skein-rabbit-"))),
    (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
  )
  const [port = 0, distribution = 0, names = 0] = yield* Effect.promise(() => freePorts(3))
  yield* Effect.promise(() => writeFile(join(folder, "rabbit.conf"), configuration))
  const environment = {
    PATH: process.env["PATH"],
    HOME: folder,
    LANG: "C.UTF-8",
    RABBITMQ_NODENAME: `skein${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: join(folder, "data"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_PID_FILE: join(folder, "pid"),
    RABBITMQ_CONFIG_FILE: join(folder, "rabbit.conf"),
    RABBITMQ_CONF_ENV_FILE: "/dev/null",
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "plugins"),
    // Threads that wait do not spin: the machine is shared with what is tested.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",
    ERL_EPMD_PORT: String(names),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    // Makes the script become the server instead of its parent, so that a signal reaches it.
    RUNNING_UNDER_SYSTEMD: "1"
  }

  let missing: Error | undefined
  const child = (command: string, args: ReadonlyArray<string> = []) => {
    const child = spawn(command, args, { cwd: folder, env: environment, stdio: "ignore" })
    process.once("exit", () => child.kill("SIGKILL"))
    child.once("error", (error) => missing = error)
    return child
  }
  yield* Effect.acquireRelease(Effect.sync(() => child("epmd", ["-port", String(names)])), end)

  let server: ChildProcess | undefined
  const start = Effect.promise(async () => {
    server = child(join(home, "bin/rabbitmq-server"))
    await answers(port, server, () => missing)
  })
  const kill = Effect.suspend(() => server === undefined ? Effect.void : end(server))
  yield* Effect.acquireRelease(start, () => kill)

  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    port,
    kill,
    start,
    control: (...args) =>
      Effect.promise(() => promisify(execFile)(join(home, "bin/rabbitmqctl"), args, { cwd: folder, env: environment }))
        .pipe(Effect.map(({ stdout }) => stdout))
  }
})

const configuration = `
log.file = false
log.console = false
disk_free_limit.absolute = 1MB
collect_statistics_interval = 60000
`

/** Waits until the broker greets those who speak to it. */
const answers = async (port: number, server: ChildProcess, missing: () => Error | undefined): Promise<void> => {
  for (;;) {
    const error = missing()
    if (error !== undefined) throw new Error(`RabbitMQ is not installed in ${home}`, { cause: error })
    if (server.exitCode !== null) throw new Error(`rabbitmq-server ended with ${server.exitCode} before it was ready`)
    if (await greets(port)) return
    await pause(50)
  }
}

const greets = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connectTo(port, "127.0.0.1", () => socket.write("AMQP\0\0\u0009\u0001"))
    const done = (greeted: boolean) => {
      socket.destroy()
      resolve(greeted)
    }
    socket.once("data", () => done(true))
    socket.once("error", () => done(false))
    socket.setTimeout(2_000, () => done(false))
  })

const freePorts = async (count: number): Promise<ReadonlyArray<number>> => {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"))
  await Promise.all(servers.map((server) => once(server, "listening")))
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === "object" && address !== null ? address.port : 0
  })
  await Promise.all(servers.map((server) => promisify(server.close.bind(server))()))
  return ports
}

const end = (child: ChildProcess) =>
  Effect.promise(async () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, "exit")
    child.kill("SIGKILL")
    await ended
  })
