/** Every example in a command's help, run as it stands, in a folder that has the files it names. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import type { Command } from "effect/cli"
import { once } from "node:events"
import { mkdirSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { make } from "../../src/cli/main.ts"
import { folder, shell, start } from "./commandLine.ts"
import * as ListServer from "./ListServer.ts"

/** All commands below the root, with their path. */
const commandsOf = (
  command: Command.Command.Any,
  path: string
): ReadonlyArray<{ path: string; command: Command.Command.Any }> =>
  command.subcommands.flatMap(({ commands }) =>
    commands.flatMap((
      sub
    ) => [{ path: `${path} ${sub.name}`, command: sub }, ...commandsOf(sub, `${path} ${sub.name}`)])
  )

const commands = commandsOf(make(), "skein")
const all = commands.flatMap(({ command }) => command.examples.map((example) => example.command))
/** Servers run until Ctrl-C; the rest ends by itself. */
const isServer = (example: string) => example.startsWith("skein fake")
const examples = [...new Set(all)].filter((example) => !isServer(example))
const files = folder({
  "example.env": "",
  "items.csv": "id,name\n1,one\n2,two\n",
  "curl.txt": "curl http://127.0.0.1:1/orders"
})

const task = (id: string) => ({ id, status: "succeeded" })
/** The API of workflows, on a port of its own: tasks that have succeeded. */
const tasks = createServer((request, response) => {
  const [, id] = /^\/tasks\/(\w+)$/.exec(request.url ?? "") ?? []
  response.setHeader("content-type", "application/json")
  response.end(JSON.stringify(id === undefined ? [task("t1"), task("t2")] : task(id)))
})
const withApi = (example: string) => example.replaceAll(":8090", `:${(tasks.address() as AddressInfo).port}`)

describe("help", () => {
  it.each(commands)("$path has a description and at least two examples that begin with it", ({ command, path }) => {
    assert.isAbove(command.description?.length ?? 0, 10)
    assert.isAtLeast(command.examples.length, 2)
    for (const example of command.examples) assert.isTrue(example.command.startsWith(path), example.command)
  })
})

describe.concurrent("examples in help", () => {
  beforeAll(async () => {
    mkdirSync(join(files.path, "examples"))
    writeFileSync(join(files.path, "examples/a.yaml"), "name: A\ntags: [slow]\nsteps:\n  - log: hello\n")
    writeFileSync(join(files.path, "examples/b.yaml"), "name: B\nsteps:\n  - log: hello\n")
    const runs = [
      "--filter a.yaml --report json=shard-1.json",
      "--filter b.yaml --report json=shard-2.json --report jsonl=events.jsonl"
    ]
    for (const flags of runs) {
      assert.strictEqual((await shell(`$SKEIN run examples ${flags}`, files.path).ended).code, 0)
    }
    await shell("cp shard-1.json report.json", files.path).ended
    await once(tasks.listen(0, "127.0.0.1"), "listening")
    return () => {
      tasks.close()
      files[Symbol.dispose]()
    }
  })

  it.each(examples)("%s", async (example) => {
    // An API that has lists, in the place of one on the usual port.
    await using api = await ListServer.start({ rows: 25 })
    const line = withApi(example).replace(/^skein/, "$SKEIN").replaceAll("http://127.0.0.1:8080", api.url)
    const { code, stderr, stdout } = await shell(line, files.path).ended

    assert.strictEqual(code, 0, stderr)
    if (/--format json/.test(example)) assert.doesNotThrow(() => JSON.parse(stdout))
  })

  it.each([...new Set(all)].filter(isServer))("%s", async (example) => {
    // A port that nobody has, in the place of the usual one.
    const port = example.includes("--port") ? [] : ["--port", "0"]
    using own = folder({})
    const { child, ended } = start([...example.split(" ").slice(1), ...port], own.path)
    await once(child.stdout!, "data")
    child.kill("SIGINT")
    const { code, stderr, stdout } = await ended

    assert.strictEqual(code, 130, stderr)
    assert.match(stdout, /\w+:\/\/127\.0\.0\.1:\d+/)
    if (/--format json/.test(example)) assert.doesNotThrow(() => JSON.parse(stdout))
  })
})
