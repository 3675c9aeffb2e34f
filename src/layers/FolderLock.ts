/**
 * Keeps two processes out of one folder. The lock of a process that is gone is taken over.
 *
 * `skein.lock` says who holds the folder. It is made as a hard link to a file that is already written, so that nobody reads
 * half of it and only one process can make it. When its owner is gone, the one who follows is found the same way: by a link
 * `skein.lock.<token of the one who is gone>`, which only one can make. So owners form a chain, whose end holds the folder.
 *
 * The new owner makes the chain short again: it renames its file over `skein.lock`, and only then drops the links. So whoever
 * makes a link reads `skein.lock` once more: when it is still the same, no link of its chain was ever dropped.
 */
import { Effect, type Scope } from "effect"
import { randomUUID } from "node:crypto"
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as ProcessIdentity from "./ProcessIdentity.ts"

/** Why a folder cannot be held: somebody else does, or its lock cannot be made. */
export type Refusal =
  | { readonly _tag: "Held"; readonly by: string }
  | { readonly _tag: "Disk"; readonly cause: unknown }

/** Name of the file. Deleting it by hand ends a lock whose owner cannot be seen from here. */
export const fileName = "skein.lock"

/** Makes the folder when it is not there, and holds it until the scope closes. Two scopes of one process exclude each other too. */
export const hold = (folder: string): Effect.Effect<void, Refusal, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({ try: () => acquire(folder), catch: (cause): Refusal => ({ _tag: "Disk", cause }) }).pipe(
      Effect.flatMap((outcome) =>
        "holder" in outcome ? Effect.fail<Refusal>(heldBy(outcome.holder)) : Effect.succeed(outcome)
      )
    ),
    ({ token }) => Effect.sync(() => release(folder, token))
  )
    .pipe(Effect.asVoid)

/** A process, or `unreadable` for a lock that is not of this program. */
type Owner = ProcessIdentity.ProcessIdentity & { readonly token: string } | "unreadable"

type Outcome = { readonly token: string } | { readonly holder: Owner }

const heldBy = (owner: Owner): Refusal => ({
  _tag: "Held",
  by: owner === "unreadable" ? "somebody" : ProcessIdentity.describe(owner)
})

const acquire = (folder: string): Outcome => {
  mkdirSync(folder, { recursive: true })
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
  const chain: Array<string> = []
  let last = first
  while (last !== "unreadable") {
    const path = `${lock}.${last.token}`
    chain.push(path)
    const next = read(path)
    if (next === undefined) break
    last = next
  }
  if (last === "unreadable" || !ProcessIdentity.isGone(last)) return { holder: last }

  const mine = chain.at(-1)!
  if (!link(own, mine)) return undefined
  const again = read(lock)
  if (again === undefined || again === "unreadable" || first === "unreadable" || again.token !== first.token) {
    rmSync(mine, { force: true })
    return undefined
  }
  try {
    renameSync(own, lock)
  } catch (error) {
    rmSync(mine, { force: true })
    throw error
  }
  for (const name of readdirSync(folder)) {
    if (name.startsWith(`${fileName}.`)) rmSync(join(folder, name), { force: true })
  }
  return { token }
}

const release = (folder: string, token: string): void => {
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
