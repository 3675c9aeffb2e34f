/** Every live and embedded layer together: what the command line runs on. Nothing opens before its first use. */
import { Layer } from "effect"
import { Masking } from "../core/Masking.ts"
import * as NodeMockServer from "./embedded/NodeMockServer.ts"
import * as InspectorProfiler from "./live/InspectorProfiler.ts"
import * as NodeMetricsServer from "./live/NodeMetricsServer.ts"
import * as NodeNetworkProbe from "./live/NodeNetworkProbe.ts"
import * as PgPostgres from "./live/PgPostgres.ts"
import * as SystemSecrets from "./live/SystemSecrets.ts"
import * as UndiciHttpClient from "./live/UndiciHttpClient.ts"
import * as WorkerJq from "./live/WorkerJq.ts"

export interface Options {
  /** The file of the root `worker.ts`, or its bundle. */
  readonly worker: URL
  /** Where proxies are named. */
  readonly environment: Readonly<Record<string, string>>
}

/** Needs files and processes, and a masking sink that its user shares. */
export const layer = (options: Options) =>
  Layer.mergeAll(
    UndiciHttpClient.layer({ environment: options.environment }),
    PgPostgres.layer,
    NodeMockServer.layer,
    SystemSecrets.layer,
    WorkerJq.layer({ entry: options.worker }),
    NodeNetworkProbe.layer,
    NodeMetricsServer.layer,
    InspectorProfiler.layer
  ).pipe(Layer.provideMerge(Masking.layer))
