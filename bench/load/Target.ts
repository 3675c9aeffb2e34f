/** An nginx of this bench's own: one worker on the second core, answers of 100 bytes, HTTP and HTTPS, and its own count of requests. */
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"

export interface Target {
  readonly url: string
  readonly tlsUrl: string
  /** Requests so far; asking is one more of them, which is counted with the next time. */
  readonly requests: () => Promise<number>
  /** Stops it for so long; answers with how long that really was. */
  readonly stall: (millis: number) => Promise<number>
  readonly close: () => Promise<void>
}

const fixtures = join(import.meta.dirname, "../../test/fixtures/tls")

/** Ends the bench, as one that was skipped, when the machine has not what it takes. */
export const need = (...tools: ReadonlyArray<string>): void => {
  const missing = ["taskset", "bash", ...tools].filter((tool) => spawnSync("which", [tool]).status !== 0)
  if (missing.length === 0 && availableParallelism() >= 2) return
  console.log(`skipped: two cores are needed${missing.length === 0 ? "" : `, and ${missing.join(", ")}`}`)
  process.exit()
}

const configuration = (folder: string, plain: number, tls: number): string => `
worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/errors;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
  ${
  ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")
}
  server {
    listen 127.0.0.1:${plain} backlog=4096;
    listen 127.0.0.1:${tls} ssl;
    ssl_certificate ${fixtures}/server.pem; ssl_certificate_key ${fixtures}/server-key.pem;
    location / { return 200 "${"0123456789".repeat(10)}"; }
    location = /status { stub_status; }
  }
}`

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export const sleep = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

/** Starts it, and waits until it answers. */
export const start = async (): Promise<Target> => {
  const folder = mkdtempSync(join(tmpdir(), "skein-bench-"))
  const [plain, tls] = [await freePort(), await freePort()]
  writeFileSync(join(folder, "conf"), configuration(folder, plain, tls))
  const child = spawn("taskset", ["-c", "1", "nginx", "-p", folder, "-c", join(folder, "conf")], { stdio: "inherit" })
  const requests = async (): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${plain}/status`)).text()
    // The look itself is among them.
    return Number(/\n \d+ \d+ (\d+)/.exec(text)?.[1]) - 1
  }
  for (let tries = 0; await requests().catch(() => undefined) === undefined; tries++) {
    if (tries === 50) throw new Error("nginx does not answer")
    await sleep(100)
  }
  const [worker] = spawnSync("pgrep", ["-P", String(child.pid)], { encoding: "utf8" }).stdout.trim().split("\n")
  return {
    url: `http://127.0.0.1:${plain}/`,
    tlsUrl: `https://127.0.0.1:${tls}/`,
    requests,
    stall: async (millis) => {
      process.kill(Number(worker), "SIGSTOP")
      const from = performance.now()
      await sleep(millis)
      process.kill(Number(worker), "SIGCONT")
      return performance.now() - from
    },
    close: async () => {
      child.kill()
      await once(child, "exit")
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
