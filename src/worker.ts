/**
 * The root of every worker thread of skein: `workerData.kind` says which work it does. Each kind is loaded only when asked.
 */
import { parentPort, workerData } from "node:worker_threads"
import type { Start } from "./layers/embedded/pglite/PgliteThread.ts"

const kind = (workerData as { readonly kind?: unknown } | null)?.kind

if (parentPort === null) throw new Error("worker.ts runs in a worker thread only")

switch (kind) {
  case "jq": {
    const { serve } = await import("./layers/live/JqThread.ts")
    await serve(parentPort)
    break
  }
  case "pglite": {
    const { serve } = await import("./layers/embedded/pglite/PgliteThread.ts")
    await serve(parentPort, workerData as Start)
    break
  }
  default:
    throw new Error(`worker.ts has no work of the kind ${JSON.stringify(kind)}`)
}
