import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as fc from "fast-check"
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import * as Json from "../../src/core/Json.ts"
import * as JsonStream from "../../src/core/JsonStream.ts"
import type { Value } from "../../src/core/Value.ts"
import { program } from "../support/built.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

/** In pieces of `size` bytes. */
const pieces = (all: Uint8Array, size: number) =>
  Stream.fromIterable(
    Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.subarray(at * size, (at + 1) * size))
  )

const read = (format: JsonStream.Format, text: string | Uint8Array, size = 7, options: JsonStream.Options = {}) =>
  Stream.runCollect(
    pieces(typeof text === "string" ? bytes(text) : text, size).pipe(JsonStream.decode(format, options))
  )

const written = (format: JsonStream.Format, values: ReadonlyArray<Value>) =>
  Stream.fromIterable(values).pipe(JsonStream.encode(format), Stream.decodeText, Stream.mkString)

describe("JSON streams", () => {
  const texts: ReadonlyArray<
    readonly [format: JsonStream.Format, text: string, values: ReadonlyArray<Value>, because: string]
  > = [
    ["json", "[]", [], "no items"],
    ["json", " \n[ \t]\r\n", [], "space anywhere"],
    ["json", "\ufeff[1]", [1], "the mark of some editors"],
    ["json", "[1]", [1], "one"],
    [
      "json",
      "[1, \"a,]\", [2, [3]], {\"b\": {\"c\": \"}\"}}, null]",
      [1, "a,]", [2, [3]], { b: { c: "}" } }, null],
      "every kind"
    ],
    ["json", "[\"\\\\\", \"\\\"\", \"é☃𝄞\"]", ["\\", "\"", "é☃𝄞"], "escapes, and letters of several bytes"],
    ["json", "[9007199254740993, 0.14285714285714285]", [9007199254740993n, 1 / 7], "exact integers"],
    ["jsonl", "", [], "no lines"],
    ["jsonl", "1\n\n {\"a\": \"b\"} \r\n[2]", [1, { a: "b" }, [2]], "blank lines, and no end of the last"],
    ["jsonl", "\ufeff9007199254740993\n", [9007199254740993n], "a mark, and exact integers"]
  ]

  for (const [format, text, values, because] of texts) {
    it.effect(`${format} is read whatever the pieces: ${because}`, () =>
      Effect.gen(function*() {
        for (let size = 1; size <= text.length + 3; size++) {
          const found = yield* read(format, text, size)
          assert.strictEqual(Json.stringify(found), Json.stringify(values), `in pieces of ${size}`)
        }
      }))
  }

  const wrong: ReadonlyArray<readonly [format: JsonStream.Format, text: string, message: RegExp]> = [
    ["json", "", /^the text is empty$/],
    ["json", "{\"a\": []}", /one object, not an array/],
    ["json", "null", /does not begin with \[/],
    ["json", "[1, 2", /no end; it was cut off after item/],
    ["json", "[\"a", /no end/],
    ["json", "[1,]", /^item 2: the text is empty$/],
    ["json", "[,1]", /^item 1: the text is empty$/],
    ["json", "[1,,2]", /^item 2: the text is empty$/],
    ["json", "[1, 2, x, 4]", /^item 3: unexpected token/],
    ["json", "[1, {\"a\" 1}]", /^item 2: /],
    ["json", "[1}", /ends with }/],
    ["json", "[1][2]", /something follows/],
    ["json", "[1] 2", /something follows the array of 1 items/],
    ["json", "[1e999]", /^item 1: a number is too large/],
    ["jsonl", "1\n\n{\n", /^line 3: /],
    ["jsonl", "1 2\n", /^line 1: /]
  ]

  for (const [format, text, message] of wrong) {
    it.effect(`${format} that is wrong says where, whatever the pieces: ${text}`, () =>
      Effect.gen(function*() {
        for (let size = 1; size <= text.length + 1; size++) {
          const error = yield* Effect.flip(read(format, text, size))
          assert.match(error.message, message, `in pieces of ${size}`)
        }
      }))
  }

  it.effect("bytes that are not UTF-8 are an error", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(read("json", Uint8Array.of(91, 34, 0xff, 34, 93)))

      assert.include(error.message, "UTF-8")
    }))

  it.effect("an item beyond the limit is an error, before all of it is in memory", () =>
    Effect.gen(function*() {
      let pulled = 0
      const endless = Stream.fromIterable([bytes("[\"")]).pipe(
        Stream.concat(Stream.forever(Stream.sync(() => {
          pulled++
          return bytes("x".repeat(1_000))
        })))
      )

      const error = yield* Effect.flip(
        Stream.runDrain(endless.pipe(JsonStream.decode("json", { maxItemBytes: 10_000 })))
      )

      assert.include(error.message, "longer than 10000 bytes")
      assert.isBelow(pulled, 15)
    }))

  it.effect("values before a fault are emitted", () =>
    Effect.gen(function*() {
      const found: Array<Value> = []
      yield* Effect.flip(
        Stream.runForEach(pieces(bytes("[1, 2, 3, x]"), 4).pipe(JsonStream.decode("json")), (value) =>
          Effect.sync(() => void found.push(value)))
      )

      assert.deepStrictEqual(found, [1, 2])
    }))

  it.effect("what is written is plain JSON", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* written("json", [1, { a: 9007199254740993n }]), "[\n1,\n{\"a\":9007199254740993}\n]\n")
      assert.strictEqual(yield* written("json", []), "[]\n")
      assert.strictEqual(yield* written("jsonl", [1, "a\nb"]), "1\n\"a\\nb\"\n")
      assert.strictEqual(yield* written("jsonl", []), "")
    }))

  for (const format of JsonStream.formats) {
    it(`any values come back from ${format}, in pieces of any size`, () =>
      fc.assert(fc.asyncProperty(fc.array(fc.jsonValue()), fc.integer({ min: 1, max: 50 }), async (values, size) => {
        const back = await Effect.runPromise(
          Effect.flatMap(written(format, values as ReadonlyArray<Value>), (text) => read(format, text, size))
        )
        assert.strictEqual(Json.stringify(back), JSON.stringify(values))
      })))
  }

  it.effect("50 MB are read within a heap of 64 MB, in which they do not fit", () =>
    Effect.gen(function*() {
      const reader = yield* Effect.promise(() => program("streamReader"))
      const { stdout } = yield* Effect.promise(() =>
        promisify(execFile)(process.execPath, ["--max-old-space-size=64", reader])
      )

      assert.strictEqual(stdout, "items 560001\n")
    }))
})
