/** Whole starts of the embedded Postgres that need an initdb of several seconds each. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtemp, readdir, rm, stat, truncate, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as PglitePostgres from "../../../src/layers/embedded/PglitePostgres.ts"
import { Postgres } from "../../../src/services/Postgres.ts"
import { entry } from "../../support/embedded.ts"

const start = (cacheFolder: string) =>
  Effect.flatMap(Postgres, (postgres) => postgres.connect("embedded:")).pipe(
    Effect.flatMap((client) => client.query("select 1 as n")),
    Effect.scoped,
    Effect.provide(PglitePostgres.layer({ entry, cacheFolder }), { local: true })
  )

describe("PglitePostgres with an empty cache", () => {
  it.live(
    "makes the snapshot, makes it again when it was damaged, and does without where it cannot be kept",
    () =>
      Effect.gen(function*() {
        const cache = yield* Effect.acquireRelease(
          Effect.promise(() => mkdtemp(join(tmpdir(), "skein-cache-"))),
          (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
        )
        yield* start(cache)
        const [name] = yield* Effect.promise(() => readdir(cache))
        const file = join(cache, name!)
        yield* Effect.promise(() => truncate(file, 1_000_000))

        yield* start(cache)
        const { size } = yield* Effect.promise(() => stat(file))
        yield* Effect.promise(() => writeFile(join(cache, "file"), ""))
        const { rows } = yield* start(join(cache, "file", "cache"))

        assert.isAbove(size, 10_000_000)
        assert.strictEqual(rows[0]?.["n"], 1)
      }),
    60_000
  )
})
