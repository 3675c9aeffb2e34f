/** A Redis of the test's own, on a port of its own, that may be killed, frozen and started again. Needs `redis-server`. */
import { Effect, type Scope } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { createConnection, createServer } from "node:net"
import type { AddressInfo } from "node:net"

export interface RealRedis {
  readonly url: string
  /** Ready for commands when it returns. What an earlier one kept is gone. */
  readonly start: Effect.Effect<void>
  /** `SIGKILL`; returns when it is gone. */
  readonly kill: Effect.Effect<void>
  /** It goes on listening, and answers nothing. */
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
}

/** Not started yet; killed with the scope. */
export const make = (args: ReadonlyArray<string> = []): Effect.Effect<RealRedis, never, Scope.Scope> =>
  Effect.gen(function*() {
    const port = yield* freePort
    let child: ChildProcess | undefined
    const kill = Effect.callback<void>((resume) => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
      child.once("exit", () => resume(Effect.void))
      child.kill("SIGKILL")
    })
    yield* Effect.addFinalizer(() => kill)
    const launch = Effect.sync(() => {
      const fixed = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
      child = spawn("redis-server", [...fixed, ...args], { stdio: "ignore" })
    })
    return {
      url: `redis://127.0.0.1:${port}`,
      start: Effect.andThen(launch, Effect.retry(answers(port), { times: 400 })).pipe(Effect.orDie),
      kill,
      freeze: Effect.sync(() => void child?.kill("SIGSTOP")),
      thaw: Effect.sync(() => void child?.kill("SIGCONT"))
    }
  })

const freePort = Effect.callback<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** One command without the driver under test; with a password set, that it is wanted is an answer too. */
const answers = (port: number): Effect.Effect<void, string> =>
  Effect.callback((resume) => {
    const socket = createConnection(port, "127.0.0.1", () => socket.write("PING\r\n"))
    const end = (outcome: Effect.Effect<void, string>) => {
      socket.destroy()
      resume(outcome)
    }
    socket.on("data", (data) => end(/^(\+PONG|-NOAUTH)/.test(String(data)) ? Effect.void : Effect.fail("not ready")))
    socket.on("error", () => setTimeout(() => end(Effect.fail("not there")), 25))
  })
