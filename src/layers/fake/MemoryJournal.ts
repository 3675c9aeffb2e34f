/**
 * The journal of files on a disk in memory, with faults on demand: what is found on the next opening is what a real disk would
 * have. Records live as long as the layer, so that a restart can be tested by opening once more.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import { Journal } from "../../services/Journal.ts"
import type { Refusal } from "../FolderLock.ts"
import * as FileJournal from "../live/FileJournal.ts"
import { MemoryDisk } from "./MemoryDisk.ts"

export class MemoryJournal extends Context.Service<MemoryJournal, {
  /** Lets so many more bytes be written; the write that goes beyond them fails there, half done. */
  readonly tearAfter: (bytes: number) => Effect.Effect<void>
  /** Bytes that fit on the disk from now on, in all journals together; beyond them it is full. `Infinity` ends that. */
  readonly limit: (bytes: number) => Effect.Effect<void>
  /** Makes the next `times` syncs fail. */
  readonly failSync: (times: number) => Effect.Effect<void>
  /** Lets another process hold `folder`, such as `process 4711 on host`; `undefined` ends that. */
  readonly heldBy: (folder: string, holder: string | undefined) => Effect.Effect<void>
  /**
   * Ends every process that has a journal open: their handles fail, and their folders are free. What was written stays; when
   * the power is `lost`, only what was synced.
   */
  readonly crash: (power: "kept" | "lost") => Effect.Effect<void>
}>()("skein/layers/MemoryJournal") {}

export const layer: Layer.Layer<Journal | MemoryJournal> = Layer.unwrap(Effect.sync(() => {
  const disk = new MemoryDisk()
  const holders = new Map<string, string>()

  const hold = (folder: string): Effect.Effect<void, Refusal, Scope.Scope> =>
    Effect.asVoid(Effect.acquireRelease(
      Effect.suspend(() => {
        const by = holders.get(folder)
        if (by !== undefined) return Effect.fail<Refusal>({ _tag: "Held", by })
        const mine = `process ${process.pid} on this host`
        holders.set(folder, mine)
        return Effect.succeed(mine)
      }),
      (mine) => Effect.sync(() => void (holders.get(folder) === mine && holders.delete(folder)))
    ))

  return Layer.merge(
    FileJournal.layer({ files: disk.files, hold }),
    Layer.succeed(MemoryJournal, {
      tearAfter: (bytes) => Effect.sync(() => void (disk.tear = bytes)),
      limit: (bytes) => Effect.sync(() => void (disk.capacity = bytes)),
      failSync: (times) => Effect.sync(() => void (disk.failingSyncs = times)),
      heldBy: (folder, holder) =>
        Effect.sync(() => void (holder === undefined ? holders.delete(folder) : holders.set(folder, holder))),
      crash: (power) =>
        Effect.sync(() => {
          disk.crash(power)
          holders.clear()
        })
    })
  )
}))
