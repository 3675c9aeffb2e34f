import { assert, describe, it } from "@effect/vitest"
import { MongoClient } from "mongodb"
import { createServer } from "node:net"
import { call, firstLine, folder, start } from "./commandLine.ts"

const counted = async (url: string): Promise<number> => {
  const client = await MongoClient.connect(url)
  const orders = client.db("shop").collection("orders")
  await orders.insertOne({ number: 7 })
  const count = await orders.countDocuments({ number: 7 })
  await client.close()
  return count
}

describe.concurrent("skein fake mongo", () => {
  it("prints where it listens, serves drivers, and ends at Ctrl-C with 130", async () => {
    using files = folder({})
    const server = start(["fake", "mongo", "--port", "0"], files.path)
    const url = await firstLine(server)

    assert.match(url, /^mongodb:\/\/127\.0\.0\.1:\d+$/)
    assert.strictEqual(await counted(url), 1)

    server.child.kill("SIGINT")
    assert.strictEqual((await server.ended).code, 130)
  })

  it("keeps the data in --folder for the next time", async () => {
    using files = folder({})
    for (const times of [1, 2]) {
      const server = start(["fake", "mongo", "--port", "0", "--folder", "data"], files.path)
      assert.strictEqual(await counted(await firstLine(server)), times)
      server.child.kill("SIGTERM")
      assert.strictEqual((await server.ended).code, 143)
    }
  })

  it("a port that is taken is said with the port, and exits 5", async () => {
    using files = folder({})
    const other = createServer().listen(0, "127.0.0.1")
    await new Promise((resolve) => other.once("listening", resolve))
    const { port } = other.address() as { readonly port: number }

    const { code, stderr, stdout } = await call(["fake", "mongo", "--port", `${port}`], files.path)
    other.close()

    assert.strictEqual(code, 5)
    assert.strictEqual(stdout, "")
    assert.include(stderr, `error: cannot listen on 127.0.0.1:${port}`)
    assert.include(stderr, "take another port")
  })

  it("--format json says the same to a program", async () => {
    using files = folder({})
    const server = start(["fake", "mongo", "--port", "0", "--format", "json"], files.path)
    let text = ""
    for await (const more of server.child.stdout!) {
      text += String(more)
      if (text.trimEnd().endsWith("}")) break
    }
    server.child.kill("SIGINT")
    await server.ended

    assert.match((JSON.parse(text) as { readonly url: string }).url, /^mongodb:\/\/127\.0\.0\.1:\d+$/)
  })

  it("refuses what is no port", async () => {
    using files = folder({})
    const { code, stderr } = await call(["fake", "mongo", "--port", "70000"], files.path)
    assert.strictEqual(code, 2)
    assert.include(stderr, "--port")
  })
})

/** The exports that the command prints, as an environment. */
const environmentOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries([...text.matchAll(/^export (\w+)=(\S+)$/gm)].map(([, name, value]) => [name!, value!]))

const started = async (args: ReadonlyArray<string>, cwd: string) => {
  const server = start(["fake", "pantheon", "--port", "0", ...args], cwd)
  let text = ""
  server.child.stdout!.on("data", (more: string) => text += more)
  await firstLine(server)
  // The rest of the lines came with the first.
  const { TERMINUS_HOST: host, TERMINUS_MACHINE_TOKEN: token, TERMINUS_PORT: port } = environmentOf(text)
  return { server, text, token, url: `http://${host}:${port}` }
}

const post = async (url: string, json: unknown) => {
  const headers = { "content-type": "application/json" }
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(json) })
  return { status: response.status, body: await response.json() as Record<string, unknown> }
}

describe.concurrent("skein fake pantheon", () => {
  it("prints its address and token as exports, is logged into, counts, and ends at Ctrl-C", async () => {
    using files = folder({})
    const { server, text, token, url } = await started([], files.path)

    assert.match(text, /^# http:\/\/127\.0\.0\.1:\d+\nexport TERMINUS_PROTOCOL=http\n/)
    const login = await post(`${url}/api/authorize/machine-token`, { machine_token: token, client: "test" })
    assert.strictEqual(login.status, 200)
    const sites = await fetch(`${url}/api/users/${String(login.body["user_id"])}/memberships/sites`, {
      headers: { authorization: `Bearer ${String(login.body["session"])}` }
    })
    assert.isNotEmpty(await sites.json())
    const counts = await (await fetch(`${url}/_fake/counters`)).json() as { byRoute: Record<string, number> }
    assert.deepStrictEqual(counts.byRoute, {
      "POST authorize/machine-token": 1,
      "GET users/:user/memberships/sites": 1
    })

    server.child.kill("SIGINT")
    assert.strictEqual((await server.ended).code, 130)
  })

  it("takes sizes and switches, and switches while it runs", async () => {
    using files = folder({})
    const { server, token, url } = await started(["--sites", "3", "--switch", "fault=504*1"], files.path)
    const login = () => post(`${url}/api/authorize/machine-token`, { machine_token: token }).catch(() => undefined)

    // A 504 in HTML.
    assert.isUndefined(await login())
    assert.strictEqual((await login())?.status, 200)
    assert.strictEqual((await post(`${url}/_fake/switches`, { fault: "reset" })).status, 200)
    assert.isUndefined(await login())
    const wrong = await post(`${url}/_fake/switches`, { fault: "gremlins", latncy: 1 })
    assert.strictEqual(wrong.status, 400)
    assert.include(String(wrong.body), "did you mean \"latency\"?")

    server.child.kill("SIGTERM")
    assert.strictEqual((await server.ended).code, 143)
  })

  it("a switch that is none is wrong usage, with what was meant", async () => {
    using files = folder({})
    const { code, stderr } = await call(["fake", "pantheon", "--switch", "latncy=1s"], files.path)
    assert.strictEqual(code, 2)
    assert.include(stderr, "there is no switch \"latncy\"; did you mean \"latency\"?")
  })
})
