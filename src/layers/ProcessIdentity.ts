/**
 * Which process this is, so that another one can tell later whether it still runs.
 *
 * A number of a process is given again after a while, and after a restart of the machine; so it comes with the boot and the
 * moment of the start, where the system tells them (`/proc` of Linux). Elsewhere a reused number looks alive, which is the
 * safe mistake.
 */
import { readFileSync, readlinkSync } from "node:fs"
import { hostname } from "node:os"

export interface ProcessIdentity {
  readonly pid: number
  readonly host: string
  /** Random, of the machine's last start. */
  readonly boot?: string | undefined
  /** Containers number their processes each for themselves; this names the one that `pid` is of. */
  readonly space?: string | undefined
  /** Clock ticks from boot to the start of the process. */
  readonly started?: string | undefined
}

/** This process. */
export const current = (): ProcessIdentity => ({
  pid: process.pid,
  host: hostname(),
  boot: attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
  space: attempt(() => readlinkSync("/proc/self/ns/pid")),
  started: statusOf("self")?.started
})

/** True when the process has certainly ended. One of another machine or container never has: we cannot know. */
export const isGone = (other: ProcessIdentity): boolean => {
  const self = current()
  if (other.host !== self.host) return false
  if (other.boot !== self.boot) return other.boot !== undefined && self.boot !== undefined
  if (other.space !== self.space) return false
  if (!isNumbered(other.pid)) return true
  const status = statusOf(String(other.pid))
  if (status === undefined || other.started === undefined) return false
  return status.ended || status.started !== other.started
}

/** `process 4711 on host`. */
export const describe = ({ host, pid }: ProcessIdentity): string => `process ${pid} on ${host}`

/** Whether any process has this number. */
const isNumbered = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It is there and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

/** @see proc_pid_stat(5): the second field is a name in parentheses that may hold anything; state is the third, start the 22nd. */
const statusOf = (pid: string): { readonly ended: boolean; readonly started: string } | undefined => {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "utf8"))
  const [state, ...fields] = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? []
  // Z and X: it ended, and its parent has not asked how yet.
  return state === undefined ? undefined : { ended: state === "Z" || state === "X", started: fields[18] ?? "" }
}

/** What a system without `/proc` cannot say is absent. */
const attempt = (read: () => string): string | undefined => {
  try {
    return read()
  } catch {
    return undefined
  }
}
