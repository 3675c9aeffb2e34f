/** Every live and embedded layer together: what the command line runs on. Nothing opens before its first use. */
import { Layer } from "effect"
import { Masking } from "../core/Masking.ts"
import type * as HttpPolicy from "../services/HttpPolicy.ts"
import * as Connections from "./Connections.ts"
import * as NodeMockServer from "./embedded/NodeMockServer.ts"
import * as InspectorProfiler from "./live/InspectorProfiler.ts"
import * as NodeMetricsServer from "./live/NodeMetricsServer.ts"
import * as NodeNetworkProbe from "./live/NodeNetworkProbe.ts"
import * as SystemSecrets from "./live/SystemSecrets.ts"
import * as UndiciHttpClient from "./live/UndiciHttpClient.ts"
import * as WorkerJq from "./live/WorkerJq.ts"

export interface Options {
  /** The file of the root `worker.ts`, or its bundle. */
  readonly worker: URL
  /** Settings of HTTP requests and of their connections. */
  readonly http: Partial<HttpPolicy.Settings>
  readonly connection: HttpPolicy.ConnectionOptions
  /** Where proxies are named. */
  readonly environment: Readonly<Record<string, string>>
  /** Absolute folder that folders of embedded databases start from. */
  readonly directory: string
}

/** Needs files and processes, and a masking sink that its user shares. */
export const layer = (options: Options) =>
  Layer.mergeAll(
    UndiciHttpClient.layer({
      settings: options.http,
      connection: options.connection,
      environment: options.environment
    }),
    Connections.layer({ embedded: { entry: options.worker, directory: options.directory } }),
    NodeMockServer.layer,
    SystemSecrets.layer,
    WorkerJq.layer({ entry: options.worker }),
    NodeNetworkProbe.layer,
    NodeMetricsServer.layer,
    InspectorProfiler.layer
  ).pipe(Layer.provideMerge(Masking.layer))
