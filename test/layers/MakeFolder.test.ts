import { assert, describe, it } from "@effect/vitest"
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { makeFolder } from "../../src/layers/MakeFolder.ts"

const within = (use: (folder: string) => void) => () => {
  const folder = mkdtempSync(join(tmpdir(), "skein-folder-"))
  try {
    use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe("makeFolder", () => {
  it(
    "makes the folders above, and is content with one that is there",
    within((folder) => {
      makeFolder(join(folder, "a/b/c"))
      makeFolder(join(folder, "a/b/c"))

      assert.isTrue(statSync(join(folder, "a/b/c")).isDirectory())
    })
  )

  it(
    "says what is in the way",
    within((folder) => {
      writeFileSync(join(folder, "file"), "")

      assert.throws(() => makeFolder(join(folder, "file")), /EEXIST/)
      assert.throws(() => makeFolder(join(folder, "file/below")), /ENOTDIR/)
    })
  )

  it.skipIf(!existsSync("/proc/self"))("comes back from a file system that makes no folders", () => {
    assert.throws(() => makeFolder("/proc/skein/journal"), /ENOENT/)
  })
})
