/** The arrows of the house: who may import whom, and who may touch the machine. */
import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { builtinModules } from "node:module"
import { basename, join } from "node:path"

const roots = ["bin.ts", "index.ts", "testing.ts", "worker.ts"]

/** Each room and the rooms it may import from. */
const arrows: Readonly<Record<string, ReadonlyArray<string>>> = {
  cli: ["cli", "programs", "profile", "scenario", "services", "core"],
  programs: ["programs", "profile", "scenario", "services", "core"],
  profile: ["profile", "scenario", "services", "core"],
  scenario: ["scenario", "services", "core"],
  services: ["services", "core"],
  layers: ["layers", "services", "core"],
  core: ["core"]
}

/** Packages that open sockets, files, processes or threads; each has one layer file. */
const drivers = ["undici", "@effect/sql-pg", "@electric-sql/pglite", "jq-web", "mongodb", "redis", "amqplib"]

const src = join(import.meta.dirname, "../src")
const code = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|(?<![:"'`])\/\/.*$/gm, "")
const files = globSync("**/*.ts", { cwd: src }).map((path) => {
  const text = code(readFileSync(join(src, path), "utf8"))
  const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, name]) => name!)
  return { path, text, imports, room: roots.includes(path) ? "roots" : path.split("/")[0]! }
})
const packageOf = (name: string) => name.split("/").slice(0, name.startsWith("@") ? 2 : 1).join("/")
const isNode = (name: string) => name.startsWith("node:") || builtinModules.includes(name)
const violations = (find: (file: (typeof files)[number]) => ReadonlyArray<string>) =>
  files.flatMap((file) => find(file).map((what) => `${file.path}: ${what}`))

describe("architecture", () => {
  it("imports follow the arrows; only roots pick layers", () => {
    assert.deepStrictEqual(
      violations(({ imports, path, room }) =>
        room === "roots" ? [] : imports.filter((name) => name.startsWith(".")).filter((name) => {
          const target = join(path, "..", name).split("/")[0]!
          return !(arrows[room] ?? []).includes(target)
        })
      ),
      []
    )
  })

  it("only layers and roots know Node, and nobody else the process or the console", () => {
    const machine = /(?<![.\w"])(?:process|console)\s*[.[]/
    assert.deepStrictEqual(
      violations(({ imports, room, text }) =>
        room === "roots" || room === "layers"
          ? []
          : [
            ...imports.filter((name) => isNode(name) || packageOf(name) === "@effect/platform-node"),
            ...machine.exec(text) ?? []
          ]
      ),
      []
    )
  })

  it("a driver is imported by exactly one layer", () => {
    for (const driver of drivers) {
      const users = files.filter(({ imports }) => imports.some((name) => packageOf(name) === driver))
      assert.isAtMost(users.length, 1, `${driver}: ${users.map(({ path }) => path).join(", ")}`)
      assert.deepStrictEqual(users.filter(({ room }) => room !== "layers").map(({ path }) => path), [])
    }
  })

  it("relative imports end in .ts, and names of layers are unique", () => {
    assert.deepStrictEqual(
      violations(({ imports }) => imports.filter((name) => /^\.[^?]*$/.test(name) && !/\.(ts|json)$/.test(name))),
      []
    )
    const names = files.filter(({ room }) => room === "layers").map(({ path }) => basename(path))
    assert.deepStrictEqual(names.filter((name, index) => names.indexOf(name) !== index), [])
  })
})
