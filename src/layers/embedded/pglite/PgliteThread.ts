/**
 * The side of `PgliteInstance` that runs inside the worker thread: a PGlite that does one order after the other. While it
 * works, nothing else happens in this thread; a statement ends early only because Postgres looks at the clock.
 *
 * The one file that knows the driver.
 */
import type { PGlite, PGliteOptions } from "@electric-sql/pglite"
import * as Schemas from "./PgliteSchemas.ts"
import * as Snapshot from "./PgliteSnapshot.ts"

/** `workerData` of the thread. */
export interface Start {
  readonly kind: "pglite"
  /** Absolute folder that keeps the database; without it, it lives in memory. */
  readonly folder: string | undefined
  /** Where the snapshot of a fresh database is kept. */
  readonly cacheFolder: string
  /** One 32-bit number: the order that shall end early, 0 for none. */
  readonly cancelled: SharedArrayBuffer
}

/** Messages of the wire protocol to be done together, up to a Sync. */
export interface Order {
  readonly id: number
  readonly bytes: Uint8Array
}

export type Report =
  | { readonly kind: "opened"; readonly version: string }
  /** A snapshot was made, which took much memory: start a new thread, it will be fast and small. */
  | { readonly kind: "prepared" }
  | { readonly kind: "refused"; readonly reason: "NotInstalled" | "Failed"; readonly message: string }
  | { readonly kind: "data"; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: "done"; readonly id: number }
  | { readonly kind: "broken"; readonly id: number; readonly message: string }

/** The part of a `MessagePort` that is used here. */
export interface Port {
  readonly on: (event: "message", listener: (order: Order) => void) => unknown
  readonly postMessage: (report: Report, transfer?: ReadonlyArray<ArrayBuffer>) => void
}

/** Opens the database, says so, and does orders until the thread ends. */
export const serve = async (port: Port, start: Start): Promise<void> => {
  const opened = await open(start).catch((error: unknown): Report => ({
    kind: "refused",
    reason: isNotInstalled(error) ? "NotInstalled" : "Failed",
    message: messageOf(error)
  }))
  if ("kind" in opened) return port.postMessage(opened)
  const cancelling = watchClock(opened, new Int32Array(start.cancelled))
  const { rows } = await opened.query<{ readonly version: string }>(
    "select current_setting('server_version') as version"
  )
  if (start.folder === undefined) await opened.exec(Schemas.preparation)
  port.on("message", (order) => perform(opened, port, order, cancelling))
  port.postMessage({ kind: "opened", version: rows[0]?.version ?? "" })
}

/** Small buffers and little write-ahead log: the database is one test's, and its memory is ours. */
const settings = ["shared_buffers = 16MB", "max_wal_size = 16MB", "min_wal_size = 2MB", "autovacuum = off", "jit = off"]

const open = async ({ cacheFolder, folder }: Start): Promise<PGlite | Report> => {
  const { PGlite } = await import("@electric-sql/pglite")
  const create = (options: PGliteOptions) => PGlite.create({ postgresqlconf: settings, ...options })
  if (folder !== undefined && Snapshot.isDatabase(folder)) return create({ dataDir: folder })

  const path = Snapshot.pathIn(cacheFolder, import.meta.resolve("@electric-sql/pglite"))
  const kept = await Snapshot.read(path)
  if (kept !== undefined) {
    try {
      return await create({ loadDataDir: new Blob([kept]), ...(folder === undefined ? {} : { dataDir: folder }) })
    } catch (error) {
      // A sound file that this version cannot load: make a new one, unless the folder is what failed.
      if (folder !== undefined) throw error
    }
  }
  const fresh = await PGlite.create({ initDbStartParams: ["--wal-segsize=1"] })
  const dump = await fresh.dumpDataDir("none")
  const written = await Snapshot.write(path, new Uint8Array(await dump.arrayBuffer()))
  if (written) return { kind: "prepared" }
  // Nowhere to keep it: do without.
  return folder === undefined ? fresh : create({ loadDataDir: dump, dataDir: folder })
}

const isNotInstalled = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND" &&
  error.message.includes("@electric-sql/pglite")

interface Cancelling {
  /** Names the order in hand, and forgets what was asked of earlier ones. */
  readonly begin: (id: number) => void
  /** Ends the order in hand if that was asked for. */
  readonly look: () => void
}

/** What the module of PGlite exports beside its declared types. */
interface Memory {
  readonly wasmMemory: WebAssembly.Memory
  readonly _InterruptPending: number
  readonly _QueryCancelPending: number
  /** Where the pointer to the latch is; its first word says that somebody set it. */
  readonly _MyLatch: number
}

/**
 * Makes statements cancellable. The thread is inside WebAssembly while one runs and hears no message; but Postgres reads the
 * clock while it waits, sorts or writes, which calls back into JavaScript. That is the moment to look at the shared number
 * and to set what a server's signal handler would set.
 */
const watchClock = (db: PGlite, cancelled: Int32Array): Cancelling => {
  const { _InterruptPending, _MyLatch, _QueryCancelPending, wasmMemory } = db.Module as unknown as Memory
  const set = (flag: number) => {
    const memory = new Int32Array(wasmMemory.buffer)
    memory[_QueryCancelPending >> 2] = flag
    memory[_InterruptPending >> 2] = flag
    // Ends a wait, such as that of pg_sleep.
    if (flag === 1) memory[memory[_MyLatch >> 2]! >> 2] = 1
  }
  let current = 0
  const look = () => {
    if (current !== 0 && Atomics.load(cancelled, 0) === current) {
      current = 0
      set(1)
    }
  }
  for (const clock of [Date, performance]) {
    const read = clock.now.bind(clock)
    clock.now = () => {
      look()
      return read()
    }
  }
  return {
    begin: (id) => {
      set(0)
      current = id
    },
    look
  }
}

const perform = (db: PGlite, port: Port, { bytes, id }: Order, cancelling: Cancelling): void => {
  const onRawData = (data: Uint8Array) => {
    // Sending much takes long and reads no clock.
    cancelling.look()
    const copy = data.slice()
    port.postMessage({ kind: "data", id, bytes: copy }, [copy.buffer])
  }
  cancelling.begin(id)
  db.execProtocolRawStream(bytes, { onRawData }).then(
    () => port.postMessage({ kind: "done", id }),
    (error: unknown) => port.postMessage({ kind: "broken", id, message: messageOf(error) })
  )
}

/** PGlite throws errors, and objects of Emscripten that only look like them. */
const messageOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "message" in error ? String(error.message) : String(error)
