/**
 * The command line, and scripts that tests start as processes, as bundles of the sources as they are now: from the sources
 * themselves a process takes three times as long to start. They are made once a run, when the first test needs one.
 */
import { inject } from "@effect/vitest"
import { execFile } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { promisify } from "node:util"

const folder = inject("builtCommand")
const done = `${folder}.done`

/** Where Node keeps what it compiled of them. */
export const compiled = `${folder}.compiled`

/** The file of `bin`, or of a script of this folder. */
export const program = async (name: string): Promise<string> => {
  if (isFirst()) await bundle()
  while (!existsSync(done)) await setTimeout(20)
  const problem = readFileSync(done, "utf8")
  if (problem !== "") throw new Error(`what tests start could not be bundled: ${problem}`)
  return join(folder, `${name}.mjs`)
}

/** True once, for one of all threads. */
const isFirst = (): boolean => {
  try {
    mkdirSync(`${folder}.begun`)
    return true
  } catch {
    return false
  }
}

const bundle = async (): Promise<void> => {
  const problem = await promisify(execFile)(process.execPath, [join(import.meta.dirname, "bundle.ts"), folder]).then(
    () => "",
    String
  )
  writeFileSync(`${done}.new`, problem)
  renameSync(`${done}.new`, done)
}
