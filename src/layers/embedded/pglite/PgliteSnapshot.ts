/**
 * A fresh database kept as a file in the user's cache, so that the second start needs no initdb. The file is written whole
 * or not at all, and one that was damaged since is as good as none.
 */
import { randomUUID } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { crc32 } from "node:zlib"

/** Raised when our own part of the snapshot changes. */
const generation = 1
const headerLength = 8

/** The file for this version of PGlite: `resolved` is the URL of its module. */
export const pathIn = (cacheFolder: string, resolved: string): string =>
  join(cacheFolder, `pglite-${versionOf(resolved)}-${generation}.snapshot`)

/** True when the folder already holds a database. */
export const isDatabase = (folder: string): boolean => existsSync(join(folder, "PG_VERSION"))

/** Returns the snapshot, or `undefined` when there is none or it is not what was written. */
export const read = async (path: string): Promise<Uint8Array<ArrayBuffer> | undefined> => {
  const file = await readFile(path).catch(() => undefined)
  if (file === undefined || file.length <= headerLength) return undefined
  const body = file.subarray(headerLength)
  const sound = file.readUInt32BE(0) === body.length && file.readUInt32BE(4) === crc32(body)
  return sound ? new Uint8Array(body.buffer, body.byteOffset, body.length) : undefined
}

/** Writes the snapshot. False when it could not be: the folder is not ours, the disk is full. */
export const write = async (path: string, body: Uint8Array): Promise<boolean> => {
  const header = Buffer.alloc(headerLength)
  header.writeUInt32BE(body.length, 0)
  header.writeUInt32BE(crc32(body), 4)
  const unfinished = `${path}.${randomUUID()}`
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(unfinished, Buffer.concat([header, body]), { flag: "wx" })
    await rename(unfinished, path)
    return true
  } catch {
    await rm(unfinished, { force: true }).catch(() => undefined)
    return false
  }
}

const versionOf = (resolved: string): string => {
  for (let folder = dirname(fileURLToPath(resolved)); folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, "package.json")
    if (!existsSync(manifest)) continue
    const { name, version } = JSON.parse(readFileSync(manifest, "utf8")) as {
      readonly name?: string
      readonly version?: string
    }
    if (name === "@electric-sql/pglite" && version !== undefined) return version
  }
  return "unknown"
}
