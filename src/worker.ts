/**
 * The root of every worker thread of skein: `workerData.kind` says which work it does. Each kind is loaded only when asked.
 */
import type { Effect } from "effect"
import { parentPort, workerData } from "node:worker_threads"
import type { Start } from "./layers/embedded/pglite/PgliteThread.ts"
import type { Start as LoadStart } from "./layers/live/LoadThread.ts"
import type { Start as Pacing } from "./layers/live/PacerThread.ts"
import type { Port, Work } from "./programs/load/Generator.ts"

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
  case "load": {
    const { serve } = await import("./layers/live/LoadThread.ts")
    const { entry, work } = workerData as LoadStart
    const program = await generator(work as Work, new URL(entry))
    serve(parentPort, program)
    break
  }
  case "pacer": {
    const { serve } = await import("./layers/live/PacerThread.ts")
    serve(parentPort, workerData as Pacing)
    break
  }
  default:
    throw new Error(`worker.ts has no work of the kind ${JSON.stringify(kind)}`)
}

/** Scenarios need what `skein run` has; a URL needs none of it, and begins sooner. */
async function generator(work: Work, worker: URL): Promise<(port: Port) => Effect.Effect<void, unknown>> {
  const [{ Effect, Layer }, LoadMachine] = await Promise.all([import("effect"), import("./layers/LoadMachine.ts")])
  if (work.plan.loads.every((load) => load.work.type === "url")) {
    const Generator = await import("./programs/load/Generator.ts")
    const scenarios = () => Effect.die(new Error("no scenarios here"))
    const layer = LoadMachine.layer({ worker })
    return (port) => Generator.run({ ...work, scenarios }, port).pipe(Effect.provide(layer))
  }
  const [LoadPart, { Machine }, Live, Modules, NodeServices] = await Promise.all([
    import("./cli/LoadPart.ts"),
    import("./cli/Machine.ts"),
    import("./layers/Live.ts"),
    import("./layers/live/NodeActionModules.ts"),
    import("@effect/platform-node/NodeServices")
  ])
  const machine = Layer.succeed(Machine, {
    services: (options) => Live.layer({ ...options, worker }),
    modules: Modules.layer,
    load: LoadMachine.watched({ worker, environment: {} }),
    fakeServers: Layer.effectContext(Effect.die(new Error("a thread of a load serves nothing"))),
    staySmall: Effect.void,
    // The bundle never gets here with own actions.
    bundled: false
  })
  return (port) => LoadPart.run(work, port).pipe(Effect.provide([machine, NodeServices.layer]))
}
