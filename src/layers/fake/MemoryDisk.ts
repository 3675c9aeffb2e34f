/** Files in memory for `MemoryJournal`: what is written is only safe once it is synced, and writing can be made to fail. */
import type { Files } from "../live/journal/JournalDisk.ts"

interface File {
  bytes: Buffer
  length: number
  /** What a loss of power leaves. Enough to know, since journals only add at the end and cut it. */
  safe: number
}

interface Open {
  readonly file: File
  /** Of the machine: one that was opened before a crash is gone after it. */
  readonly life: number
}

export class MemoryDisk {
  /** Bytes of the next write that still reach the disk before it fails; `undefined` for one that works. */
  tear: number | undefined
  /** Bytes that fit on the disk. */
  capacity = Infinity
  /** Syncs that are going to fail. */
  failingSyncs = 0
  readonly #files = new Map<string, File>()
  readonly #open = new Map<number, Open>()
  #life = 0
  #fd = 100

  /** Ends every open file. Without power, what was not synced is lost. */
  crash(power: "kept" | "lost"): void {
    this.#life++
    if (power === "kept") return
    for (const file of this.#files.values()) file.length = Math.min(file.length, file.safe)
  }

  readonly files: Files = {
    open: ((path: string, flags: string, done: Callback<number>) => {
      const old = this.#files.get(path)
      if (flags === "r+" && old === undefined) return done(failure("ENOENT", `no such file, open '${path}'`))
      if (flags === "wx" && old !== undefined) return done(failure("EEXIST", `file already exists, open '${path}'`))
      const file = flags === "r+" && old !== undefined ? old : { bytes: Buffer.alloc(0), length: 0, safe: 0 }
      // "r" is for folders, which are nothing here.
      if (flags !== "r") this.#files.set(path, file)
      this.#open.set(++this.#fd, { file, life: this.#life })
      done(null, this.#fd)
    }) as Files["open"],
    close: ((fd: number, done: Callback) => {
      this.#open.delete(fd)
      done(null)
    }) as Files["close"],
    fstat:
      ((fd: number, done: Callback<{ size: number }>) =>
        this.#with(fd, done, (file) => ({ size: file.length }))) as Files["fstat"],
    read:
      ((fd: number, into: Buffer, offset: number, length: number, at: number, done: Callback<number>) =>
        this.#with(fd, done, (file) => file.bytes.copy(into, offset, at, Math.min(at + length, file.length)))) as Files[
          "read"
        ],
    write:
      ((fd: number, from: Buffer, offset: number, length: number, at: number, done: Callback<number>) =>
        this.#with(fd, done, (file) => this.#write(file, from.subarray(offset, offset + length), at))) as Files[
          "write"
        ],
    writeSync:
      ((fd: number, from: Buffer, offset: number, length: number, at: number) =>
        this.#write(this.#fileOf(fd), from.subarray(offset, offset + length), at)) as Files["writeSync"],
    fsync: ((fd: number, done: Callback) => this.#with(fd, done, (file) => this.#sync(file))) as Files["fsync"],
    fdatasync: ((fd: number, done: Callback) => this.#with(fd, done, (file) => this.#sync(file))) as Files["fdatasync"],
    ftruncate: ((fd: number, length: number, done: Callback) =>
      this.#with(fd, done, (file) => {
        file.length = length
      })) as Files["ftruncate"],
    rename: ((from: string, to: string, done: Callback) => {
      this.#files.set(to, this.#files.get(from)!)
      this.#files.delete(from)
      done(null)
    }) as Files["rename"],
    rm: ((path: string, _options: object, done: Callback) => {
      this.#files.delete(path)
      done(null)
    }) as Files["rm"]
  }

  #fileOf(fd: number): File {
    const open = this.#open.get(fd)
    if (open === undefined || open.life !== this.#life) throw failure("EIO", "the machine went down")
    return open.file
  }

  #with<A>(fd: number, done: Callback<A>, use: (file: File) => A): void {
    let value: A
    try {
      value = use(this.#fileOf(fd))
    } catch (error) {
      return done(error as NodeJS.ErrnoException)
    }
    done(null, value)
  }

  /** Like a real one: a write that does not fit is cut, and the next one fails. */
  #write(file: File, bytes: Buffer, at: number): number {
    const used = [...this.#files.values()].reduce((sum, { length }) => sum + length, 0)
    const fits = Math.min(bytes.length, this.tear ?? Infinity, Math.max(0, this.capacity - used))
    if (fits === 0 && bytes.length > 0) {
      const torn = this.tear !== undefined
      this.tear = undefined
      throw torn ? failure("EIO", "i/o error, write") : failure("ENOSPC", "no space left on device, write")
    }
    if (this.tear !== undefined) this.tear -= fits
    const length = Math.max(file.length, at + fits)
    if (length > file.bytes.length) {
      const grown = Buffer.alloc(Math.max(length, 2 * file.bytes.length))
      file.bytes.copy(grown, 0, 0, file.length)
      file.bytes = grown
    }
    bytes.copy(file.bytes, at, 0, fits)
    file.length = length
    return fits
  }

  #sync(file: File): void {
    if (this.failingSyncs > 0) {
      this.failingSyncs--
      throw failure("EIO", "i/o error, fsync")
    }
    file.safe = file.length
  }
}

type Callback<A = void> = (error: NodeJS.ErrnoException | null, value?: A) => void

const failure = (code: string, message: string) => Object.assign(new Error(`${code}: ${message}`), { code })
