/** Keeps two processes out of one folder. A lock whose process is gone is taken over. */
import { Effect, type Scope } from "effect"
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"

/** Who holds a folder. */
export interface Held {
  readonly by: string
}

/** Makes the folder when it is not there, and holds it until the scope closes. Fails with who holds it, or why it cannot be made. */
export const hold = (folder: string): Effect.Effect<void, Held, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => acquire(folder, 2)),
    (path) => Effect.sync(() => rmSync(path, { force: true }))
  )
    .pipe(Effect.asVoid)

const acquire = (folder: string, attempts: number): Effect.Effect<string, Held> => {
  const path = join(folder, "skein.lock")
  try {
    mkdirSync(folder, { recursive: true })
    const file = openSync(path, "wx")
    writeSync(file, `${process.pid} ${hostname()}\n`)
    closeSync(file)
    return Effect.succeed(path)
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) {
      return Effect.fail({ by: String(error) })
    }
  }
  const owner = read(path)
  if (owner === undefined || isAlive(owner) || attempts === 0) {
    return Effect.fail({ by: owner === undefined ? "somebody" : `process ${owner.pid} on ${owner.host}` })
  }
  rmSync(path, { force: true })
  return acquire(folder, attempts - 1)
}

interface Owner {
  readonly pid: number
  readonly host: string
}

const read = (path: string): Owner | undefined => {
  try {
    const [pid, host] = readFileSync(path, "utf8").trim().split(" ")
    return { pid: Number(pid), host: host ?? "" }
  } catch {
    return undefined
  }
}

/** A process of another machine counts as alive: we cannot know. */
const isAlive = ({ host, pid }: Owner): boolean => {
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}
