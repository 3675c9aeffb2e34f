import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Result, Schema } from "effect"
import { Masking } from "../../../src/core/Masking.ts"
import type { Value } from "../../../src/core/Value.ts"
import * as SnapshotText from "../../../src/scenario/contract/SnapshotText.ts"
import * as Snapshots from "../../../src/scenario/run/Snapshots.ts"
import { processorMillis } from "../../support/processorTime.ts"

const folder = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.realPath(yield* files.makeTempDirectoryScoped())
  const request = (value: Value, more: Partial<Snapshots.SnapshotRequest> = {}): Snapshots.SnapshotRequest => ({
    file: "cases/shop.yaml",
    directory,
    name: "order",
    mask: [],
    value,
    update: false,
    ...more
  })
  const stored = files.readFileString(`${directory}/__snapshots__/shop.yaml.snap.yaml`)
  return { files, directory, request, stored }
})

/** One run: its own layer. */
const run = <A, E, R>(effect: Effect.Effect<A, E, R>, options?: Snapshots.Options) =>
  Effect.provide(effect, Snapshots.layer(options).pipe(Layer.provide(Masking.layer)), { local: true })

const checkAndFlush = (request: Snapshots.SnapshotRequest, options?: Snapshots.Options) =>
  run(
    Effect.gen(function*() {
      const { flush } = yield* Snapshots.Snapshots
      return [yield* Snapshots.check(request), yield* flush] as const
    }),
    options
  )

it.layer(NodeServices.layer)("Snapshots", (it) => {
  it.effect("writes what is missing at the end of the run, and compares with it in the next", () =>
    Effect.gen(function*() {
      const { files, directory, request, stored } = yield* folder

      yield* run(Snapshots.check(request({ b: 1, a: "x" })))
      assert.deepStrictEqual(yield* files.readDirectory(directory), [], "no flush, no file")
      assert.deepStrictEqual(yield* checkAndFlush(request({ b: 1, a: "x" })), [[], [
        { file: "cases/__snapshots__/shop.yaml.snap.yaml", name: "order", kind: "written" }
      ]])
      assert.strictEqual(
        yield* stored,
        "# Written by skein; review it like code. To rewrite it: skein run --update-snapshots\n\n" +
          "order: |\n  {\n    \"a\": \"x\",\n    \"b\": 1\n  }\n"
      )
      assert.deepStrictEqual(yield* checkAndFlush(request({ a: "x", b: 1 })), [[], []])
      assert.deepStrictEqual(yield* checkAndFlush(request({ a: "y", b: 1 })), [[
        "the answer differs from the snapshot \"order\" (- stored, + now)\n" +
        "@@ -1,4 +1,4 @@\n {\n-  \"a\": \"x\",\n+  \"a\": \"y\",\n   \"b\": 1\n }"
      ], []])
    }))

  it.effect("a missing snapshot fails on a build machine, unless it is to be updated", () =>
    Effect.gen(function*() {
      const { files, directory, request } = yield* folder
      const ci = { writeMissing: false }

      assert.deepStrictEqual(yield* checkAndFlush(request(1), ci), [[
        "there is no snapshot \"order\" in cases/__snapshots__/shop.yaml.snap.yaml; make it with --update-snapshots and commit the file"
      ], []])
      assert.deepStrictEqual(yield* files.readDirectory(directory), [])
      assert.strictEqual((yield* checkAndFlush(request(1, { update: true }), ci))[1].length, 1)
      assert.deepStrictEqual(yield* checkAndFlush(request(1), ci), [[], []])
    }))

  it.effect("updates what differs and leaves the rest", () =>
    Effect.gen(function*() {
      const { request, stored } = yield* folder
      yield* checkAndFlush(request(1))
      yield* checkAndFlush(request(2, { name: "another" }))

      const [faults, changes] = yield* checkAndFlush(request(3, { update: true }))

      assert.deepStrictEqual(faults, [])
      assert.deepStrictEqual(changes.map(({ kind }) => kind), ["updated"])
      assert.include(yield* stored, "another: |\n  2\norder: |\n  3\n")
      assert.deepStrictEqual((yield* checkAndFlush(request(3, { update: true })))[1], [])
    }))

  it.effect("loses no snapshot of many steps at once, nor what another process wrote meanwhile", () =>
    Effect.gen(function*() {
      const { request } = yield* folder
      const names = Array.from({ length: 50 }, (_, at) => `case ${at}`)

      yield* run(Effect.gen(function*() {
        const { flush } = yield* Snapshots.Snapshots
        yield* Effect.forEach(names, (name) => Snapshots.check(request(name, { name })), { concurrency: 10 })
        yield* checkAndFlush(request("theirs", { name: "their case" }))
        assert.strictEqual((yield* flush).length, 50)
      }))

      for (const name of names) assert.deepStrictEqual(yield* checkAndFlush(request(name, { name })), [[], []])
      assert.deepStrictEqual(yield* checkAndFlush(request("theirs", { name: "their case" })), [[], []])
    }))

  it.effect("two steps must agree on a name; a retried one may change its mind", () =>
    Effect.gen(function*() {
      const { request } = yield* folder
      yield* run(Effect.gen(function*() {
        assert.deepStrictEqual(yield* Snapshots.check(request(1, { owner: "a" })), [])
        assert.deepStrictEqual(yield* Snapshots.check(request(2, { owner: "a" })), [])
        assert.deepStrictEqual(yield* Snapshots.check(request(2, { owner: "b" })), [])
        const [fault] = yield* Snapshots.check(request(3, { owner: "b" }))
        assert.include(fault!, "two steps of this run gave different values for the snapshot \"order\"")
        assert.include((yield* Snapshots.check(request(3)))[0]!, "two steps")
      }))
    }))

  it.effect("R15 no secret is kept, and a changed secret is no difference", () =>
    Effect.gen(function*() {
      const { request, stored } = yield* folder
      const withSecret = (secret: string) =>
        Effect.gen(function*() {
          const masking = yield* Masking
          const { flush } = yield* Snapshots.Snapshots
          masking.add(secret)
          const value = { token: secret, text: `Bearer ${secret}`, [secret]: 1 }
          return [yield* Snapshots.check(request(value, { name: `order ${secret}` })), yield* flush] as const
        }).pipe(Effect.provide(Snapshots.layer().pipe(Layer.provideMerge(Masking.layer)), { local: true }))

      yield* withSecret("hunter2-hunter2")

      assert.notInclude(yield* stored, "hunter2")
      assert.deepStrictEqual(yield* withSecret("other-secret-9"), [[], []])
    }))

  it.effect("says what is wrong with a broken file, a mask, and a value that is too long", () =>
    Effect.gen(function*() {
      const { directory, files, request } = yield* folder
      const path = yield* Effect.flip(checkAndFlush(request(1, { mask: ["a["] })))
      assert.strictEqual(path.message, "mask: \"a[\" is no path such as body.items[*].id")
      assert.strictEqual((yield* Effect.flip(checkAndFlush(request("x".repeat(1_000_000))))).reason, "Refused")

      yield* files.makeDirectory(`${directory}/__snapshots__`)
      for (const text of ["a: [", "- 1\n", "a: 1\na: 2\n"]) {
        yield* files.writeFileString(`${directory}/__snapshots__/shop.yaml.snap.yaml`, text)
        assert.strictEqual((yield* Effect.flip(checkAndFlush(request(1)))).reason, "Invalid")
      }
    }))

  it.effect("R06 snapshots do not follow a link out of the scenario's folder", () =>
    Effect.gen(function*() {
      const { directory, files, request } = yield* folder
      yield* files.makeDirectory(`${directory}/in`)
      yield* files.symlink("..", `${directory}/in/__snapshots__`)

      const error = yield* Effect.flip(checkAndFlush(request(1, { directory: `${directory}/in` })))

      assert.strictEqual(error.reason, "Refused")
    }))

  it.effect.prop(
    "whatever the name and the value, the next run finds no difference",
    { name: Schema.String, value: Schema.Json },
    ({ name, value }) =>
      Effect.gen(function*() {
        const { request } = yield* folder
        yield* checkAndFlush(request(value as Value, { name }))
        assert.deepStrictEqual(yield* checkAndFlush(request(value as Value, { name })), [[], []])
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 50 } }
  )
})

describe("SnapshotText", () => {
  const value = { id: 1, at: "now", items: [{ id: 2, n: { id: 3 } }], headers: { "x-id": "4" } }
  const rows: ReadonlyArray<readonly [string, Value]> = [
    ["id", { ...value, id: "<number>" }],
    ["none.of.this", value],
    ["items[0].id", { ...value, items: [{ id: "<number>", n: { id: 3 } }] }],
    ["items[*].id", { ...value, items: [{ id: "<number>", n: { id: 3 } }] }],
    ["items[1].id", value],
    ["items.*.n", { ...value, items: [{ id: 2, n: "<object>" }] }],
    ["headers[\"x-id\"]", { ...value, headers: { "x-id": "<text>" } }],
    ["headers['x-id']", { ...value, headers: { "x-id": "<text>" } }],
    ["headers.x-id", { ...value, headers: { "x-id": "<text>" } }],
    ["**.id", { ...value, id: "<number>", items: [{ id: "<number>", n: { id: "<number>" } }] }],
    ["items.**", { ...value, items: ["<object>"] }]
  ]
  for (const [path, expected] of rows) {
    it(`masks ${path}`, () => {
      const parsed = Result.getOrThrow(SnapshotText.parsePath(path))
      assert.strictEqual(SnapshotText.write(value, [parsed]), SnapshotText.write(expected, []))
    })
  }

  it("refuses what is no path", () => {
    for (const path of ["", ".", "a..b", "a[", "a[x]", "[\"", "a***", ".a", "a[0]b"]) {
      assert.isTrue(Result.isFailure(SnapshotText.parsePath(path)), path)
    }
  })

  it("keeps of an http answer what does not differ each time", () => {
    const answer = { status: 200, headers: { date: "x" }, body: { a: 1 }, duration_ms: 3 }
    assert.strictEqual(SnapshotText.write(answer, []), SnapshotText.write({ body: { a: 1 }, status: 200 }, []))
    assert.strictEqual(SnapshotText.write({ rows: [], duration_ms: 3 }, []), "{\n  \"rows\": []\n}\n")
  })

  it("writes big integers, bytes and characters that nobody can see", () => {
    assert.strictEqual(
      SnapshotText.write([9007199254740993n, Uint8Array.of(1, 2), "\u2028\u0085\ufeff\u001b"], []),
      "[\n  9007199254740993,\n  \"AQI=\",\n  \"\\u2028\\u0085\\ufeff\\u001b\"\n]\n"
    )
  })

  it("cuts a long difference", () => {
    const started = processorMillis()
    const lines = SnapshotText.difference(numbers(0), numbers(100_000)).split("\n")
    assert.isBelow(processorMillis() - started, 1_000)
    assert.strictEqual(lines.length, 61)
    assert.match(lines[60]!, /^\.\.\. \d+ more lines$/)
  })
})

const numbers = (from: number) => Array.from({ length: 5_000 }, (_, at) => `${from + at}\n`).join("")
