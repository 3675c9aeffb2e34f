import { assert, describe, it } from "@effect/vitest"
import { MongoClient } from "mongodb"
import { createServer } from "node:net"
import { firstLine, folder, start } from "./commandLine.ts"

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

    const { code, stderr, stdout } = await start(["fake", "mongo", "--port", `${port}`], files.path).ended
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
    const { code, stderr } = await start(["fake", "mongo", "--port", "70000"], files.path).ended
    assert.strictEqual(code, 2)
    assert.include(stderr, "--port")
  })
})
