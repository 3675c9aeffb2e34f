import { layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as FileJournal from "../../src/layers/live/FileJournal.ts"
import { TestFolder, tests } from "../services/JournalSuite.ts"

const folders = Layer.effect(
  TestFolder,
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "skein-journal-"))),
      (base) => Effect.sync(() => rmSync(base, { recursive: true }))
    ),
    (base) => {
      let number = 0
      return { next: Effect.sync(() => join(base, String(++number), "data")) }
    }
  )
)

layer(Layer.merge(FileJournal.layer(), folders), { excludeTestServices: true })("a journal in files", (it) => tests(it))
