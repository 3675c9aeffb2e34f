/**
 * A file in a folder that says which process holds it, made and taken over so that two never hold it at a time.
 *
 * `skein.lock` says who holds the folder. It is made as a hard link to a file that is already written, so that nobody reads
 * half of it and only one process can make it. When its owner is gone, the one who follows is found the same way: by a link
 * `skein.lock.<token of the one who is gone>`, which only one can make. So owners form a chain, whose end holds the folder.
 *
 * The new owner makes the chain short again: it renames its file over `skein.lock`, and only then drops the links. So whoever
 * makes a link reads `skein.lock` once more: when it is still the same, no link of its chain was ever dropped.
 */
import { randomUUID } from "node:crypto"
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { makeFolder } from "./MakeFolder.ts"
import * as ProcessIdentity from "./ProcessIdentity.ts"

/** Name of the file. Deleting it by hand ends a lock whose owner cannot be seen from here. */
export const fileName = "skein.lock"

/** A process, or `unreadable` for a lock that is not of this program. */
export type Owner = ProcessIdentity.ProcessIdentity & { readonly token: string } | "unreadable"

/** Ours, under `token`; or that of the one who holds it. */
export type Outcome = { readonly token: string } | { readonly holder: Owner }

/** Tries once to get the lock, and makes the folder when it is not there. Throws what the file system says. */
export const acquire = (folder: string): Outcome => {
  makeFolder(folder)
  const token = randomUUID()
  const lock = join(folder, fileName)
  const own = `${lock}.${token}.new`
  try {
    let outcome: Outcome | undefined
    // Each turn but the last one lost a race against somebody who came further; nobody loses for ever.
    while (outcome === undefined) {
      writeFileSync(own, `${JSON.stringify({ ...ProcessIdentity.current(), token })}\n`)
      outcome = attempt(folder, own, token)
    }
    return outcome
  } finally {
    rmSync(own, { force: true })
  }
}

/** `undefined` when things changed on the way. */
const attempt = (folder: string, own: string, token: string): Outcome | undefined => {
  const lock = join(folder, fileName)
  if (link(own, lock)) return { token }
  const first = read(lock)
  if (first === undefined) return undefined
  if (first === "unreadable") return { holder: first }
  const { after, last } = follow(lock, first)
  if (last === "unreadable" || !ProcessIdentity.isGone(last)) return { holder: last }

  if (!link(own, after)) return undefined
  try {
    const again = read(lock)
    if (again === undefined || again === "unreadable" || again.token !== first.token) {
      rmSync(after, { force: true })
      return undefined
    }
    renameSync(own, lock)
  } catch (error) {
    rmSync(after, { force: true })
    throw error
  }
  // Links of the chain, and what killed processes left on the way.
  for (const name of readdirSync(folder)) {
    if (name.startsWith(`${fileName}.`)) rmSync(join(folder, name), { force: true })
  }
  return { token }
}

/** The end of the chain that begins with `first`, and the name of the link that would come after it. */
const follow = (
  lock: string,
  first: Exclude<Owner, "unreadable">
): { readonly last: Owner; readonly after: string } => {
  const after = `${lock}.${first.token}`
  const next = read(after)
  if (next === undefined) return { last: first, after }
  return next === "unreadable" ? { last: next, after } : follow(lock, next)
}

/** Gives back the lock that was acquired under `token`. */
export const release = (folder: string, token: string): void => {
  const lock = join(folder, fileName)
  const owner = read(lock)
  // Deleted by hand, it may be another's by now.
  if (owner !== undefined && owner !== "unreadable" && owner.token === token) rmSync(lock, { force: true })
}

/** Gives `file` a second name; false when that name is taken, or when `file` was cleared away. */
const link = (file: string, name: string): boolean => {
  try {
    linkSync(file, name)
    return true
  } catch (error) {
    if (codeOf(error) === "EEXIST" || codeOf(error) === "ENOENT") return false
    throw error
  }
}

const read = (path: string): Owner | undefined => {
  let text
  try {
    text = readFileSync(path, "utf8")
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined
    throw error
  }
  try {
    const found = JSON.parse(text) as Record<string, unknown>
    return typeof found["pid"] === "number" && typeof found["host"] === "string" && typeof found["token"] === "string"
      ? found as unknown as Owner
      : "unreadable"
  } catch {
    return "unreadable"
  }
}

const codeOf = (error: unknown): unknown => error instanceof Error && "code" in error ? error.code : undefined
