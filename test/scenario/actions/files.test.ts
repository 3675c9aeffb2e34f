import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, FileSystem, Layer } from "effect"
import { ActionError } from "../../../src/scenario/Action.ts"
import { fileDelete, fileExists, fileList, fileRead, fileWrite } from "../../../src/scenario/actions/files.ts"
import { makeContext, runAction } from "./context.ts"
import { runExamples } from "./examples.ts"

const folder = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.realPath(yield* files.makeTempDirectoryScoped())
  return { files, directory, context: yield* makeContext({ directory }) }
})

const reasonOf = <A, R>(effect: Effect.Effect<A, unknown, R>) =>
  Effect.map(Effect.flip(effect), (error) => error instanceof ActionError ? error.reason : error)

layer(NodeServices.layer)("file actions", (it) => {
  it.effect("file_read answers with data by the extension of the file", () =>
    Effect.gen(function*() {
      const { context, directory, files } = yield* folder
      const rows = [
        ["a.json", "{\"id\": 9007199254740993}", "json", { id: 9007199254740993n }],
        ["a.jsonl", "1\n\n{\"b\": 2}\n", "jsonl", [1, { b: 2 }]],
        ["a.yml", "list: [no, 012, 1]\n", "yaml", { list: ["no", 12, 1] }],
        ["a.CSV", "id;name\n", "csv", []],
        ["b.csv", "id,name\n1,\"A, \"\"b\"\"\"\n2,\n", "csv", [{ id: "1", name: "A, \"b\"" }, { id: "2", name: "" }]],
        ["a.txt", "1", "text", "1"],
        ["noextension", "x", "text", "x"]
      ] as const

      for (const [path, text, format, content] of rows) {
        yield* files.writeFileString(`${directory}/${path}`, text)
        const output = yield* runAction(fileRead, { path }, { context })
        assert.deepEqual(
          JSON.stringify(plain(output)),
          JSON.stringify(plain({
            content,
            file_path: path,
            format,
            size_bytes: text.length
          }))
        )
      }
    }))

  it.effect("file_read takes the format it is told, and keeps hostile keys as data", () =>
    Effect.gen(function*() {
      const { context, directory, files } = yield* folder
      yield* files.writeFileString(`${directory}/x.txt`, "{\"__proto__\": {\"polluted\": 1}}")

      const output = yield* runAction(fileRead, { path: "x.txt", format: "json" }, { context })
      const bytes = yield* runAction(fileRead, { path: "x.txt", format: "bytes" }, { context })

      assert.deepStrictEqual(Object.keys((output as { content: object }).content), ["__proto__"])
      assert.isUndefined(({} as { polluted?: unknown }).polluted)
      assert.instanceOf((bytes as { content: unknown }).content, Uint8Array)
    }))

  it.effect("file_read says what is wrong with a file it cannot use", () =>
    Effect.gen(function*() {
      const { context, directory, files } = yield* folder
      yield* files.writeFileString(`${directory}/bad.json`, "{\"a\": }")
      yield* files.writeFileString(`${directory}/bad.csv`, "a,b\n1,2,3\n")
      yield* files.writeFileString(`${directory}/bad.yaml`, "a: 1\na: 2\n")
      yield* files.writeFileString(`${directory}/big.txt`, "12345")
      const read = (input: object) => reasonOf(runAction(fileRead, input, { context }))

      assert.strictEqual(yield* read({ path: "bad.json" }), "Invalid")
      assert.strictEqual(yield* read({ path: "bad.csv" }), "Invalid")
      const yaml = yield* Effect.flip(runAction(fileRead, { path: "bad.yaml" }, { context }))
      assert.strictEqual(
        yaml.message,
        "\"bad.yaml\" is not valid YAML: bad.yaml:2:1: this key stands twice in the same map"
      )
      assert.strictEqual(yield* read({ path: "big.txt", max_size: 4 }), "Refused")
      assert.strictEqual(yield* read({ path: "none.txt" }), "Unavailable")
      assert.strictEqual(yield* read({ path: "../none.txt" }), "Refused")
    }))

  it.effect("R06 file actions leave what is outside the root alone", () =>
    Effect.gen(function*() {
      const { directory, files } = yield* folder
      const inner = `${directory}/root`
      yield* files.makeDirectory(inner)
      yield* files.writeFileString(`${directory}/secret.txt`, "secret")
      yield* files.symlink(directory, `${inner}/up`)
      const context = yield* makeContext({ directory: inner })

      for (const path of ["../secret.txt", "up/secret.txt", `${directory}/secret.txt`]) {
        assert.strictEqual(yield* reasonOf(runAction(fileRead, { path }, { context })), "Refused")
        assert.strictEqual(yield* reasonOf(runAction(fileWrite, { path, content: "x" }, { context })), "Refused")
        assert.strictEqual(yield* reasonOf(runAction(fileDelete, { path }, { context })), "Refused")
        assert.strictEqual(yield* reasonOf(runAction(fileExists, { path }, { context })), "Refused")
        assert.strictEqual(yield* reasonOf(runAction(fileList, { pattern: path }, { context })), "Refused")
      }
      assert.strictEqual(yield* reasonOf(runAction(fileList, { pattern: "../*" }, { context })), "Refused")
      assert.deepEqual(yield* runAction(fileList, { pattern: "{..,x}/*" }, { context }), { files: [], count: 0 })
      assert.strictEqual(yield* reasonOf(runAction(fileDelete, { path: ".", recursive: true }, { context })), "Refused")
      assert.strictEqual(yield* files.readFileString(`${directory}/secret.txt`), "secret")
    }))

  it.effect("file_write writes by kind and format, and makes folders", () =>
    Effect.gen(function*() {
      const { context, directory, files } = yield* folder
      const rows = [
        ["a/b/c.txt", "plain", "plain"],
        ["x.txt", { id: 1n }, "{\n  \"id\": 1\n}\n"],
        ["x.json", [1], "[\n  1\n]\n"],
        ["x.jsonl", [{ a: 1 }, 2], "{\"a\":1}\n2\n"],
        ["x.yaml", { a: "true", b: [null] }, "a: \"true\"\nb:\n  - null\n"],
        ["x.csv", [{ a: 1, b: "x,\"y\"" }, { b: null }], "a,b\n1,\"x,\"\"y\"\"\"\n,\n"],
        ["x.bin", Uint8Array.of(104, 105), "hi"]
      ] as const

      for (const [path, content, text] of rows) {
        yield* runAction(fileWrite, { path, content }, { context })
        assert.strictEqual(yield* files.readFileString(`${directory}/${path}`), text)
      }
    }))

  it.effect("file_write keeps the permissions of the old file or takes those given", () =>
    Effect.gen(function*() {
      const { context, directory, files } = yield* folder
      const modeOf = Effect.map(files.stat(`${directory}/x`), (info) => (info.mode & 0o777).toString(8))

      yield* runAction(fileWrite, { path: "x", content: "1", mode: "600" }, { context })
      assert.strictEqual(yield* modeOf, "600")
      yield* runAction(fileWrite, { path: "x", content: "2" }, { context })
      assert.strictEqual(yield* modeOf, "600")
      yield* runAction(fileWrite, { path: "x", content: "3", mode: 644 }, { context })
      assert.strictEqual(yield* modeOf, "644")
      assert.strictEqual(
        yield* reasonOf(runAction(fileWrite, { path: "x", content: "", mode: "999" }, { context })),
        "Invalid"
      )
    }))

  it.effect("file_write leaves the old file and no draft when it is interrupted or fails", () =>
    Effect.gen(function*() {
      const { context, directory, files } = yield* folder
      yield* files.writeFileString(`${directory}/x`, "old")
      const stuck = Layer.succeed(FileSystem.FileSystem, { ...files, rename: () => Effect.never })
      const fiber = yield* Effect.forkChild(
        Effect.provide(runAction(fileWrite, { path: "x", content: "new" }, { context }), stuck)
      )
      yield* files.readDirectory(directory).pipe(Effect.repeat({ until: (names) => names.length === 2 }))

      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(yield* files.readDirectory(directory), ["x"])
      assert.strictEqual(yield* files.readFileString(`${directory}/x`), "old")

      yield* files.makeDirectory(`${directory}/folder/full`, { recursive: true })
      const failure = yield* Effect.flip(runAction(fileWrite, { path: "folder", content: "new" }, { context }))
      assert.strictEqual(failure.message, "cannot write \"folder\": it is a folder")
      assert.deepStrictEqual((yield* files.readDirectory(directory)).sort(), ["folder", "x"])
    }))

  it.effect("file_write appends", () =>
    Effect.gen(function*() {
      const { context, directory, files } = yield* folder

      yield* runAction(fileWrite, { path: "log", content: "a", append: true }, { context })
      yield* runAction(fileWrite, { path: "log", content: "b", append: "true" }, { context })

      assert.strictEqual(yield* files.readFileString(`${directory}/log`), "ab")
    }))

  it.effect("file_exists, file_delete and file_list tell what is there", () =>
    Effect.gen(function*() {
      const { context, directory, files } = yield* folder
      yield* files.makeDirectory(`${directory}/d/e`, { recursive: true })
      for (const name of ["d/b.txt", "d/a.txt", "d/e/c.txt", "d/.hidden.txt"]) {
        yield* files.writeFileString(`${directory}/${name}`, "abc")
      }
      const run = (action: typeof fileExists | typeof fileDelete | typeof fileList, input: object) =>
        runAction(action, input, { context })

      assert.deepEqual(yield* run(fileExists, { path: "d" }), { exists: true, kind: "folder", size_bytes: null })
      assert.deepEqual(yield* run(fileList, { pattern: "d/**/*.txt" }), {
        files: ["d/a.txt", "d/b.txt", "d/e/c.txt"],
        count: 3
      })
      assert.deepEqual(yield* run(fileList, { pattern: "d/a.txt" }), { files: ["d/a.txt"], count: 1 })
      assert.deepEqual(yield* run(fileList, { pattern: "none/*" }), { files: [], count: 0 })
      assert.deepEqual(yield* run(fileDelete, { path: "d/a.txt" }), { deleted: true })
      assert.deepEqual(yield* run(fileDelete, { path: "d/a.txt" }), { deleted: false })
      assert.strictEqual(yield* reasonOf(run(fileDelete, { path: "d" })), "Unavailable")
      assert.deepEqual(yield* run(fileDelete, { path: "d", recursive: true }), { deleted: true })
      assert.deepEqual(yield* run(fileExists, { path: "d" }), { exists: false, kind: null, size_bytes: null })
    }))
})

runExamples([fileDelete, fileExists, fileList, fileRead, fileWrite])

/** Big integers as text, so that answers can be compared as JSON. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_key, item) => typeof item === "bigint" ? `${item}n` : item))
