/** Says where `built.ts` bundles to, and takes it away when the tests end. */
import { globSync, mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import type { TestProject } from "vitest/node"

declare module "vitest" {
  interface ProvidedContext {
    /** Absolute path of a folder of this run; gone when the tests end, and so is all whose name begins like it. */
    readonly builtCommand: string
  }
}

export default ({ provide }: TestProject): () => void => {
  // Inside the repository, so that a bundle finds the packages that are not in it, and as deep as `dist/cli`.
  const folder = join(import.meta.dirname, `../../.cache/cli-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  provide("builtCommand", folder)
  return () => {
    for (const path of globSync(`${folder}*`)) rmSync(path, { recursive: true, force: true })
  }
}
