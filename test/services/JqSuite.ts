import { assert, it } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import type { Value } from "../../src/core/Value.ts"
import { Jq } from "../../src/services/Jq.ts"

const rows: ReadonlyArray<{ program: string; input: Value; results: ReadonlyArray<Value>; because: string }> = [
  { program: ".a", input: { a: 1 }, results: [1], because: "a path reads a field" },
  { program: ".b", input: { a: 1 }, results: [null], because: "a missing field is null" },
  { program: ".[]", input: [1, 2], results: [1, 2], because: "several results keep their order" },
  { program: "empty", input: null, results: [], because: "no result is an empty list" },
  {
    program: ".a",
    input: { a: 12345678901234567890n },
    results: [12345678901234567890n],
    because: "big integers stay"
  },
  { program: ".s", input: { s: "a\nb\u2028é😀" }, results: ["a\nb\u2028é😀"], because: "text is not cut into lines" },
  { program: "# nothing\n.", input: 1, results: [1], because: "comments are allowed" },
  {
    program: "map(select(.n > 1) | .n) | add",
    input: [{ n: 1 }, { n: 2 }, { n: 3 }],
    results: [5],
    because: "it is jq"
  }
]

/** What every `Jq` must do. Each layer's test file calls it once. */
export const suite = <E>(name: string, layer: Layer.Layer<Jq, E>) =>
  it.layer(layer, { excludeTestServices: true })(`Jq (${name})`, (it) => {
    for (const row of rows) {
      it.effect(`${row.because}: ${JSON.stringify(row.program)}`, () =>
        Effect.gen(function*() {
          const jq = yield* Jq
          assert.deepEqual(yield* jq.run(row.program, row.input), row.results as Array<Value>)
        }))
    }

    it.effect("a program is never read as a flag of jq", () =>
      Effect.gen(function*() {
        const jq = yield* Jq
        const error = yield* Effect.flip(jq.run("--version", null))
        assert.strictEqual(error.reason, "Program")
      }))

    it.effect("a text that is no program fails with Program and says where", () =>
      Effect.gen(function*() {
        const jq = yield* Jq
        const error = yield* Effect.flip(jq.run(".a | nosuch(1)", null))
        assert.strictEqual(error.reason, "Program")
        assert.include(error.message, "nosuch/1 is not defined")
      }))

    it.effect("a program that fails on its input fails with Input and jq's own sentence", () =>
      Effect.gen(function*() {
        const jq = yield* Jq
        const error = yield* Effect.flip(jq.run(".a.b", { a: 1 }))
        assert.strictEqual(error.reason, "Input")
        assert.strictEqual(error.message, "Cannot index number with string \"b\"")
      }))

    it.effect("questions asked at once are each answered with their own results", () =>
      Effect.gen(function*() {
        const jq = yield* Jq
        const inputs = Array.from({ length: 20 }, (_, at) => at)
        const answers = yield* Effect.forEach(inputs, (n) => jq.run(". * 2", n), { concurrency: "unbounded" })
        assert.deepEqual(answers, inputs.map((n) => [n * 2]))
      }))
  })
