/** A TCP server on loopback that passes bytes on, until it is told not to. */
import { Effect } from "effect"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

export interface TcpProxy {
  readonly port: number
  /** Keeps what the server says to itself from now on, or passes it on again, what was kept first. */
  readonly freeze: (frozen: boolean) => void
  /** How often clients have said something with this text in it since then. */
  readonly asked: (text: string) => number
  /** Ends each connection that asked for this (a text in the bytes) when the server answers, which the client does not get; so many times. */
  readonly swallow: (times: number, command: string) => void
  /** Connections that are open now. */
  readonly connections: () => number
  /** Ends all connections. */
  readonly cut: () => void
}

/** Passes on to a port of loopback. */
export const to = (target: number) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const pairs = new Set<Pair>()
        const state: State = { frozen: false, swallow: { times: 0, command: "" }, asked: [] }
        const server = createServer((client) => {
          const pair: Pair = { client, upstream: connect(target, "127.0.0.1"), kept: [] }
          pairs.add(pair)
          join(pair, state, () => pairs.delete(pair))
        })
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
        return { pairs, state, server }
      }),
      ({ pairs, server }) =>
        Effect.promise(() =>
          new Promise((resolve) => {
            server.close(resolve)
            for (const pair of pairs) end(pair)
          })
        )
    ),
    ({ pairs, server, state }): TcpProxy => ({
      port: (server.address() as AddressInfo).port,
      freeze: (frozen) => {
        state.frozen = frozen
        state.asked.length = 0
        if (!frozen) { for (const { client, kept } of pairs) for (const bytes of kept.splice(0)) client.write(bytes) }
      },
      asked: (text) => state.asked.filter((bytes) => bytes.includes(text)).length,
      swallow: (times, command) => state.swallow = { times, command },
      connections: () => pairs.size,
      cut: () => {
        for (const pair of pairs) end(pair)
      }
    })
  )

interface State {
  frozen: boolean
  swallow: { times: number; readonly command: string }
  /** What clients said while it was frozen. */
  readonly asked: Array<Buffer>
}

interface Pair {
  readonly client: Socket
  readonly upstream: Socket
  /** What the server said while it was frozen. */
  readonly kept: Array<Buffer>
}

const join = (pair: Pair, state: State, ended: () => void): void => {
  const { client, kept, upstream } = pair
  let isLost = false
  client.on("data", (bytes: Buffer) => {
    if (state.frozen) state.asked.push(bytes)
    isLost = state.swallow.times > 0 && bytes.includes(state.swallow.command)
    upstream.write(bytes)
  })
  upstream.on("data", (bytes: Buffer) => {
    if (state.frozen) kept.push(bytes)
    else if (isLost) {
      isLost = false
      state.swallow.times--
      end(pair)
    } else client.write(bytes)
  })
  for (const socket of [client, upstream]) {
    socket.on("error", () => end(pair))
    socket.on("close", () => {
      end(pair)
      ended()
    })
  }
}

const end = ({ client, upstream }: Pair): void => {
  client.destroy()
  upstream.destroy()
}
