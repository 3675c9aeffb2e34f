import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Stream } from "effect"
import { HttpClient } from "effect/http"
import type { Value } from "../../src/core/Value.ts"
import * as FileJournal from "../../src/layers/live/FileJournal.ts"
import * as Paginate from "../../src/programs/Paginate.ts"
import * as Pagination from "../../src/programs/Pagination.ts"
import { Jq } from "../../src/services/Jq.ts"
import { PoliteHttp } from "../../src/services/PoliteHttp.ts"

const found = { style: { _tag: "Single" }, rows: "", pageSize: 0, isFull: false } as const
const cut = new Pagination.PaginationError({ reason: "Request", page: 1, message: "the server went away" })

/** A list that is merged from several: it has its rows at once, and no pages. With `fails` its end does not come. */
const merged = (name: string, rows: ReadonlyArray<Value>, fails = false): Paginate.Source => ({
  name,
  resumable: false,
  events: () =>
    Stream.make<ReadonlyArray<Pagination.Event>>(
      { _tag: "StyleFound", found, because: "told" },
      { _tag: "Page", rows, ids: new Float64Array(0), checkpoint: { pages: 0, rows: rows.length } }
    ).pipe(Stream.concat(
      fails
        ? Stream.fail(cut)
        : Stream.make<[Pagination.Event]>({ _tag: "Ended", pages: 0, rows: rows.length, guards: [] })
    ))
})

const services = Layer.mergeAll(
  NodeServices.layer,
  FileJournal.layer(),
  Layer.mock(PoliteHttp)({}),
  Layer.mock(Jq)({}),
  Layer.succeed(HttpClient.HttpClient, HttpClient.make(() => Effect.die("nothing is asked of a server")))
)

describe("Paginate.toFile", () => {
  it.live("goes on at a list that is merged, reads that from its start, and says so", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const folder = yield* files.makeTempDirectoryScoped()
      const told: Array<Paginate.Event> = []
      const read = (fails: boolean) =>
        Paginate.toFile([merged("a", [1, 2]), merged("b", [3, 4], fails)], {
          file: `${folder}/rows.jsonl`,
          format: "jsonl",
          resume: { folder: `${folder}/journal`, key: "k" },
          onEvent: (event) => Effect.sync(() => told.push(event))
        })

      const error = yield* Effect.flip(read(true))
      assert.strictEqual(error, cut)
      const { rows } = yield* read(false)

      assert.strictEqual(rows, 4)
      assert.strictEqual(yield* files.readFileString(`${folder}/rows.jsonl`), "1\n2\n3\n4\n")
      assert.deepStrictEqual(told.filter(({ _tag }) => _tag === "Resumed"), [
        { _tag: "Resumed", rows: 2, fromStart: "b" }
      ])
    }).pipe(Effect.provide(services)))
})
