/** Folders for downloads on a disk in memory, which can be full, forbidden, or another's. */
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { gunzipSync } from "node:zlib"
import { FileTransferError, type Folder, type Found, type Part, type Wanted } from "../../../services/FileTransfer.ts"
import * as PartFolder from "../../live/transfer/PartFolder.ts"

/** A part and where its content is written. */
export interface MemoryPart extends Part {
  /** Writes bytes at a position. Fails with `DiskFull`; what fits is written then. */
  readonly write: (bytes: Uint8Array, at: number) => Effect.Effect<void, FileTransferError>
}

interface StoredPart {
  /** Of which the first `length` bytes are there; grown now and then. */
  room: Buffer
  length: number
  note: string | undefined
  held: boolean
}

export class MemoryFolders {
  /** Bytes that fit on the disk. */
  capacity = Infinity
  /** Where nothing may be written. */
  readonly forbidden = new Set<string>()
  /** Who holds which `NAME.part`, beside this process. */
  readonly holders = new Map<string, string>()
  readonly files = new Map<string, Uint8Array>()
  readonly links = new Set<string>()
  readonly #parts = new Map<string, StoredPart>()

  readonly folder = (path: string): Effect.Effect<Folder, FileTransferError> =>
    Effect.andThen(
      this.#allowed(path),
      Effect.succeed<Folder>({
        path,
        size: (name) => this.#sizeOf(`${path}/${name}`),
        examine: (name, wanted) =>
          Effect.suspend(() => {
            const bytes = this.files.get(`${path}/${name}`)
            return bytes === undefined ? system("ENOENT", `${path}/${name}`) : Effect.succeed(examine(bytes, wanted))
          }),
        part: (name) => this.#part(path, name)
      })
    )

  /** Names in a folder, sorted; parts are among them. */
  names(folder: string): ReadonlyArray<string> {
    return [...this.files.keys(), ...this.links, ...this.#parts.keys()].filter((path) => path.startsWith(`${folder}/`))
      .map((path) => path.slice(folder.length + 1)).toSorted()
  }

  #allowed(path: string): Effect.Effect<void, FileTransferError> {
    return Effect.suspend(() => this.forbidden.has(path) ? system("EACCES", path) : Effect.void)
  }

  #sizeOf(path: string): Effect.Effect<number | undefined, FileTransferError> {
    return Effect.suspend(() =>
      this.links.has(path)
        ? Effect.fail(new FileTransferError({ reason: "Link", message: `${path} is in the way: it is a link` }))
        : Effect.succeed(this.files.get(path)?.length)
    )
  }

  #part(folder: string, name: string) {
    const path = `${folder}/${name}.part`
    return Effect.acquireRelease(
      Effect.suspend(() => {
        if (this.links.has(path) || this.files.has(path)) {
          return new FileTransferError({ reason: "Link", message: `${path} is in the way: it is no folder` })
        }
        const stored = this.#parts.get(path)
        const holder = this.holders.get(path) ?? (stored?.held === true ? "this process" : undefined)
        if (holder !== undefined) {
          return new FileTransferError({ reason: "Busy", message: `${name} is being downloaded by ${holder}` })
        }
        const opened = stored ?? { room: none, length: 0, note: undefined, held: false }
        opened.held = true
        this.#parts.set(path, opened)
        return Effect.as(this.#allowed(folder), opened)
      }),
      (opened) =>
        Effect.sync(() => {
          opened.held = false
          if (opened.note === undefined) this.#parts.delete(path)
        })
    ).pipe(Effect.map((opened): MemoryPart => this.#handle(opened, path, `${folder}/${name}`)))
  }

  #handle(part: StoredPart, path: string, target: string): MemoryPart {
    return {
      size: Effect.sync(() => part.length),
      note: Effect.sync(() => part.note),
      remember: (note) => Effect.sync(() => void (part.note = note)),
      reset: Effect.sync(() => {
        part.note = undefined
        empty(part)
      }),
      examine: (wanted) => Effect.sync(() => examine(contentOf(part), wanted)),
      finish: ({ replace }) =>
        Effect.suspend(() => {
          if (!replace && (this.files.has(target) || this.links.has(target))) return system("EEXIST", target)
          this.links.delete(target)
          this.files.set(target, contentOf(part))
          part.note = undefined
          empty(part)
          return Effect.void
        }),
      write: (bytes, at) => Effect.suspend(() => this.#write(part, path, bytes, at))
    }
  }

  #write(part: StoredPart, path: string, bytes: Uint8Array, at: number): Effect.Effect<void, FileTransferError> {
    const used = [...this.files.values(), ...this.#parts.values()].reduce((sum, { length }) => sum + length, 0)
    const left = this.capacity - used + part.length - at
    const fits = bytes.subarray(0, Math.max(0, Math.min(bytes.length, left)))
    part.length = Math.max(part.length, at + fits.length)
    if (part.length > part.room.length) part.room = Buffer.concat([part.room], 2 * part.length)
    part.room.set(fits, at)
    return fits.length < bytes.length ? system("ENOSPC", path) : Effect.void
  }
}

const none = Buffer.alloc(0)

const contentOf = ({ length, room }: StoredPart): Uint8Array => room.subarray(0, length)

const empty = (part: StoredPart): void => {
  part.room = none
  part.length = 0
}

const system = (code: string, path: string): Effect.Effect<never, FileTransferError> =>
  Effect.fail(PartFolder.fromSystem(Object.assign(new Error(`${code}: on demand`), { code }), path))

const examine = (bytes: Uint8Array, wanted: Wanted): Found => {
  const digests = (["md5", "sha256"] as const).filter((kind) => wanted[kind] === true)
  const damage = wanted.gzip === true ? damageOf(bytes) : undefined
  return {
    ...Object.fromEntries(digests.map((kind) => [kind, createHash(kind).update(bytes).digest("hex")])),
    ...(damage === undefined ? {} : { gzipDamage: damage })
  }
}

const damageOf = (bytes: Uint8Array): string | undefined => {
  try {
    gunzipSync(bytes)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
