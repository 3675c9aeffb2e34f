/**
 * One process that wants a folder. Writes `ready`, waits for a byte, then tries until it holds the folder once, writes
 * `held`, and ends: as told, by giving the lock back or by a kill. Says `BROKEN` when it was not alone.
 */
import { closeSync, openSync, readSync, rmSync, writeSync } from "node:fs"
import { join } from "node:path"
import * as LockFile from "../../src/layers/LockFile.ts"

const [folder = "", end] = process.argv.slice(2)
const alone = join(folder, "alone")

const pause = (millis: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis)

const hold = (token: string) => {
  try {
    closeSync(openSync(alone, "wx"))
  } catch {
    writeSync(1, "BROKEN\n")
  }
  pause(2)
  rmSync(alone, { force: true })
  writeSync(1, "held\n")
  if (end === "kill") process.kill(process.pid, "SIGKILL")
  LockFile.release(folder, token)
}

writeSync(1, "ready\n")
readSync(0, Buffer.alloc(1))
for (;;) {
  const outcome = LockFile.acquire(folder)
  if ("token" in outcome) {
    hold(outcome.token)
    break
  }
  pause(2)
}
