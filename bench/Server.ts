/** A loopback server in a process of its own, which counts its requests: `/items/7` answers `{"id":7,...}` after `?delay=` ms. */
import { fork } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

export interface Server {
  readonly url: string
  /** Requests since it was asked last. */
  readonly taken: () => Promise<number>
  readonly close: () => void
}

export const start = async (): Promise<Server> => {
  const child = fork(import.meta.filename, { execArgv: [] })
  const [port] = await once(child, "message")
  return {
    url: `http://127.0.0.1:${port}`,
    taken: async () => {
      child.send("taken")
      const [count] = await once(child, "message")
      return count as number
    },
    close: () => void child.kill()
  }
}

const serve = (): void => {
  let taken = 0
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    taken++
    const url = new URL(request.url!, "http://127.0.0.1")
    const body = JSON.stringify({
      id: Number(url.pathname.slice(7)),
      sku: "A1",
      items: [{ amount: 2 }],
      text: "x".repeat(200)
    })
    const answer = (): void => {
      response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body)
    }
    const delay = Number(url.searchParams.get("delay"))
    if (delay > 0) setTimeout(answer, delay)
    else answer()
  })
  server.listen(0, "127.0.0.1", 4_096, () => process.send!((server.address() as AddressInfo).port))
  process.on("message", () => {
    process.send!(taken)
    taken = 0
  })
  process.on("disconnect", () => process.exit())
}

if (process.argv[1] === import.meta.filename) serve()
