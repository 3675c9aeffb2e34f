import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Value } from "../../../src/core/Value.ts"
import { ActionError } from "../../../src/scenario/Action.ts"
import * as DataFile from "../../../src/scenario/steps/DataFile.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "skein-data-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

const boundsOf = (root: string) => ({ directory: root, root, allowOutside: false })

/** What is read from a file of this content. */
const read = (name: string, content: string) =>
  Effect.gen(function*() {
    const root = yield* folder
    writeFileSync(join(root, name), content)
    return yield* Stream.runCollect(DataFile.read(name, boundsOf(root)))
  }).pipe(Effect.map((items) => JSON.parse(JSON.stringify(items)) as Value), Effect.provide(NodeServices.layer))

/** What is in a file of these items, and what was said about it. */
const write = (name: string, items: Stream.Stream<Value, ActionError>) =>
  Effect.gen(function*() {
    const root = yield* folder
    const written = yield* DataFile.write(name, items, boundsOf(root))
    return { written, text: readFileSync(join(root, name), "utf8") }
  }).pipe(Effect.provide(NodeServices.layer))

const rows: ReadonlyArray<Value> = [{ id: "1", name: "O'Hara" }, { id: "2", name: "a, \"b\"\nc" }]

describe("files of rows", () => {
  const files: ReadonlyArray<readonly [name: string, text: string]> = [
    ["rows.json", "[\n{\"id\":\"1\",\"name\":\"O'Hara\"},\n{\"id\":\"2\",\"name\":\"a, \\\"b\\\"\\nc\"}\n]\n"],
    ["rows.jsonl", "{\"id\":\"1\",\"name\":\"O'Hara\"}\n{\"id\":\"2\",\"name\":\"a, \\\"b\\\"\\nc\"}\n"],
    ["rows.csv", "id,name\n1,O'Hara\n2,\"a, \"\"b\"\"\nc\"\n"]
  ]

  for (const [name, text] of files) {
    it.effect(`${name} is written and read back`, () =>
      Effect.gen(function*() {
        const found = yield* write(name, Stream.fromIterable(rows))

        assert.deepStrictEqual(found, { text, written: { count: 2, size_bytes: text.length } })
        assert.deepStrictEqual(yield* read(name, text), rows)
      }))

    it.effect(`${name} without rows is read as none`, () =>
      Effect.gen(function*() {
        const { text, written } = yield* write(name, Stream.empty)

        assert.strictEqual(written.count, 0)
        assert.deepStrictEqual(yield* read(name, text), [])
      }))
  }

  it.effect("a table of many chunks is read row by row, quoted line ends included", () =>
    Effect.gen(function*() {
      const text = `n,text\r\n${
        Array.from({ length: 30_000 }, (_, n) => `${n},"line ${n}\nand, ""more"""\r\n`).join("")
      }`

      const found = yield* read("rows.csv", text)

      assert.deepStrictEqual(
        found,
        Array.from({ length: 30_000 }, (_, n) => ({ n: `${n}`, text: `line ${n}\nand, "more"` }))
      )
    }))

  const wrong: ReadonlyArray<readonly [name: string, content: string, message: RegExp]> = [
    ["rows.json", "{}", /"rows.json" is not valid JSON: it is one object/],
    ["rows.jsonl", "1\n{\n", /not valid JSONL: line 2: /],
    ["rows.csv", "a,b\n1,2\n3\n", /not valid CSV: /],
    ["rows.csv", "a,b\n1,\"2\n", /not valid CSV: /],
    ["rows.txt", "x", /must end with \.json, \.jsonl or \.csv/]
  ]
  for (const [name, content, message] of wrong) {
    it.effect(`what is wrong is said: ${name} with ${JSON.stringify(content)}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(read(name, content))

        assert.strictEqual(error.reason, "Invalid")
        assert.match(error.message, message)
      }))
  }

  it.effect("a row of another width in a later chunk is an error too", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(read("rows.csv", `a,b\n${"1,2\n".repeat(100_000)}3\n`))

      assert.match(error.message, /after row \d+: .*length/i)
    }))

  it.effect("rows of CSV have the fields of the first", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(write("rows.csv", Stream.make<ReadonlyArray<Value>>({ a: 1 }, { a: 2, b: 3 })))

      assert.match(error.message, /row 2 has a field "b" that the first row has not/)
    }))

  it.effect("when items fail, the old file stays and no draft is left", () =>
    Effect.gen(function*() {
      const root = yield* folder
      writeFileSync(join(root, "rows.jsonl"), "old")
      const items = Stream.concat(
        Stream.make(1, 2),
        Stream.fail(new ActionError({ reason: "Connection", message: "lost" }))
      )

      const error = yield* Effect.flip(DataFile.write("rows.jsonl", items, boundsOf(root)))

      assert.strictEqual(error.message, "lost")
      assert.strictEqual(readFileSync(join(root, "rows.jsonl"), "utf8"), "old")
      assert.deepStrictEqual(readdirSync(root), ["rows.jsonl"])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("nothing outside the root is read or written", () =>
    Effect.gen(function*() {
      const root = yield* folder
      const reading = yield* Effect.flip(Stream.runDrain(DataFile.read("../rows.json", boundsOf(root))))
      const writing = yield* Effect.flip(DataFile.write("../rows-outside.json", Stream.empty, boundsOf(root)))

      assert.deepStrictEqual([reading.reason, writing.reason], ["Refused", "Refused"])
      assert.isFalse(existsSync(join(root, "../rows-outside.json")))
    }).pipe(Effect.provide(NodeServices.layer)))
})
