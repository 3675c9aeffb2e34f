/** Every example in a command's help, run as it stands, in a folder that has the files it names. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import type { Command } from "effect/cli"
import { once } from "node:events"
import { cpSync, mkdirSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { parse } from "shell-quote"
import { make } from "../../src/cli/main.ts"
import * as PantheonServer from "../../src/layers/fake/PantheonServer.ts"
import { call, type Ended, folder, shell, start } from "./commandLine.ts"
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
/** Loads that take seconds in help take less here. How the machine of a test fares is no matter: figures that cannot be believed, and thresholds, may say no. */
const isLoad = (example: string) => example.startsWith("skein load")
const shortened = (example: string) => {
  // A comparison is many loads.
  const duration = example.startsWith("skein load compare") ? "100ms" : "500ms"
  return isLoad(example) ? example.replaceAll(/(--duration|-z) \d+s/g, `$1 ${duration}`) : example
}

const withApi = (example: string) => example.replaceAll(":8090", `:${(tasks.address() as AddressInfo).port}`)

/** A line that has more than words (a pipe, a file for stdout) needs a shell. */
const run = (line: string): Promise<Ended> => {
  const words = parse(line, (variable) => ({ op: "glob", pattern: variable }))
  return words.every((word) => typeof word === "string")
    ? call(words.slice(1), files.path)
    : shell(line.replace(/^skein/, "$SKEIN"), files.path).ended
}

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
    cpSync(join(import.meta.dirname, "../../examples/load"), join(files.path, "examples/load"), { recursive: true })
    await once(tasks.listen(0, "127.0.0.1"), "listening")
    for (const result of ["before.json", "after.json"]) {
      const { code, stderr } = await run(
        withApi(`skein load http://127.0.0.1:8090/ --rate 100/s -z 500ms --report ${result}`)
      )
      assert.include([0, 6], code, stderr)
    }
    const scope = Scope.makeUnsafe()
    // What profile pantheon asks is a fake: `.env` says where it is.
    const { host, port, token } = await Effect.runPromise(Scope.provide(PantheonServer.start(), scope))
    const environment = {
      TERMINUS_PROTOCOL: "http",
      TERMINUS_HOST: host,
      TERMINUS_PORT: port,
      TERMINUS_MACHINE_TOKEN: token,
      TERMINUS_CACHE_DIR: files.path
    }
    writeFileSync(join(files.path, ".env"), Object.entries(environment).map((entry) => entry.join("=")).join("\n"))
    return async () => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      tasks.close()
      files[Symbol.dispose]()
    }
  })

  it.each(examples)("%s", async (example) => {
    // An API that has lists, in the place of one on the usual port.
    await using api = await ListServer.start({ rows: 25 })
    const { code, stderr, stdout } = await run(
      withApi(shortened(example)).replaceAll(/http:\/\/127\.0\.0\.1:808[01]/g, api.url)
    )

    assert.include(isLoad(example) ? [0, 1, 6] : [0], code, stderr)
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
