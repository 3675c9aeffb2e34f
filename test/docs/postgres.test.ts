/** Every example of docs/postgres.md runs as it stands. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as PglitePostgres from "../../src/layers/embedded/PglitePostgres.ts"
import { assert as assertAction } from "../../src/scenario/actions/assert.ts"
import { postgres } from "../../src/scenario/actions/postgres.ts"
import { entry } from "../support/embedded.ts"
import * as Scenarios from "../support/runScenarios.ts"

const page = await readFile(join(import.meta.dirname, "../../docs/postgres.md"), "utf8")
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, text]) => text!)

const services = Layer.mergeAll(Scenarios.layer, PglitePostgres.layer({ entry }))

describe("docs/postgres.md", () => {
  layer(services, { excludeTestServices: true, timeout: "30 seconds" })((it) => {
    it.effect("its scenarios pass", () =>
      Effect.gen(function*() {
        const files = Object.fromEntries(blocks("yaml").map((text, at) => [`example-${at}.yaml`, text]))
        const { report } = yield* Scenarios.run(files, [postgres, assertAction])

        const bad = report.cases.filter(({ status }) => status !== "passed")
        assert.deepStrictEqual(bad.map(({ name, steps }) => [name, steps.flatMap(({ failures }) => failures)]), [])
        assert.isAtLeast(report.cases.length, 2)
      }))

    it.effect("its program answers", () =>
      Effect.gen(function*() {
        const [text] = blocks("ts")
        const folder = yield* Effect.acquireRelease(
          Effect.promise(() => mkdtemp(join(import.meta.dirname, "snippet-"))),
          (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
        )
        const file = join(folder, "program.ts")
        yield* Effect.promise(() => writeFile(file, text!.replaceAll(/"skein\/(.*?)"/g, "\"../../../src/$1.ts\"")))

        const { result } = (yield* Effect.promise(() => import(file))) as { readonly result: Effect.Effect<unknown> }

        assert.deepStrictEqual(yield* result, ["A1", 5])
      }))
  })
})
