/** Bundles the command line once for all test files that start it, from the sources as they are now. */
import { rmSync } from "node:fs"
import { join } from "node:path"
import type { TestProject } from "vitest/node"
import { buildCommands } from "../../scripts/bundle.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** Absolute path of the folder that has `bin.mjs`; gone when the tests end. */
    readonly builtCommand: string
  }
}

export default async ({ provide }: TestProject): Promise<() => void> => {
  // Inside the repository, so that the bundle finds the packages that are not in it.
  const folder = join(import.meta.dirname, `../../.cache/cli-${process.pid}`)
  await buildCommands(folder)
  provide("builtCommand", folder)
  return () => rmSync(folder, { recursive: true, force: true })
}
