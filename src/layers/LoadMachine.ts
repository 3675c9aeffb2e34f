/** What makes load on a real machine: clock, sockets, threads, health. Nothing opens before its first use. */
import { Layer } from "effect"
import { workerEntry } from "../core/WorkerEntry.ts"
import { DashboardServer } from "../services/DashboardServer.ts"
import * as Late from "./Late.ts"
import * as NodeGeneratorHealth from "./live/NodeGeneratorHealth.ts"
import * as NodeLoadTransport from "./live/NodeLoadTransport.ts"
import * as OtlpTelemetry from "./live/OtlpTelemetry.ts"
import * as ThreadLoadClock from "./live/ThreadLoadClock.ts"
import * as ThreadLoadWorkers from "./live/ThreadLoadWorkers.ts"

export interface Options {
  /** The file of the root `worker.ts`. @default the one that comes with this file */
  readonly worker?: URL | undefined
}

export const layer = ({ worker: entry = besideThis }: Options = {}) =>
  Layer.mergeAll(NodeLoadTransport.layer, NodeGeneratorHealth.layer, ThreadLoadWorkers.layer({ entry })).pipe(
    Layer.provideMerge(ThreadLoadClock.layer({ entry }))
  )

/** The same with what follows a load: a dashboard, and metrics for an OpenTelemetry collector where `environment` names one. */
export const watched = (options: Options & { readonly environment: Readonly<Record<string, string>> }) =>
  Layer.mergeAll(
    layer(options),
    Late.layer(DashboardServer, ["open"], () => import("./live/NodeDashboardServer.ts").then(({ layer }) => layer)),
    // No traces: a span for each request of a load would be a load of its own.
    OtlpTelemetry.metrics(options.environment)
  )

const besideThis = workerEntry(import.meta.url, "../")
