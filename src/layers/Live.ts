/** Every live and embedded layer together: what the command line runs on. Nothing opens before its first use. */
import { Effect, Layer } from "effect"
import { Masking } from "../core/Masking.ts"
import { workerEntry } from "../core/WorkerEntry.ts"
import { FileTransfer } from "../services/FileTransfer.ts"
import type * as HttpPolicy from "../services/HttpPolicy.ts"
import { Journal } from "../services/Journal.ts"
import { MetricsServer } from "../services/MetricsServer.ts"
import { MockServer } from "../services/MockServer.ts"
import { NetworkProbe } from "../services/NetworkProbe.ts"
import * as PoliteHttp from "../services/PoliteHttp.ts"
import { Profiler } from "../services/Profiler.ts"
import type * as Vault from "../services/Vault.ts"
import * as Connections from "./Connections.ts"
import * as Late from "./Late.ts"
import * as OtlpTelemetry from "./live/OtlpTelemetry.ts"
import * as SystemSecrets from "./live/SystemSecrets.ts"
import * as UndiciHttpClient from "./live/UndiciHttpClient.ts"
import * as WorkerJq from "./live/WorkerJq.ts"

export interface Options {
  /** The file of the root `worker.ts`. @default the one that comes with this file */
  readonly worker?: URL | undefined
  /** Settings of HTTP requests. @default HttpPolicy.defaults */
  readonly http?: Partial<HttpPolicy.Settings> | undefined
  /** What HTTP connections want unless a request says otherwise. */
  readonly connection?: HttpPolicy.ConnectionOptions | undefined
  /** How servers are spared. @default requests are sent as they come */
  readonly polite?: Partial<PoliteHttp.Settings> | undefined
  /** Where secrets of a Vault are. @default as the environment of each call says */
  readonly vault?: Vault.Options | undefined
  /** Where proxies and an OpenTelemetry collector are named. @default neither */
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** Absolute folder that folders of embedded databases start from. @default the working directory */
  readonly directory?: string | undefined
}

/** Needs files and processes (`NodeServices.layer`); gives the masking sink that all of it shares too. */
export const layer = (options: Options = {}) => {
  const entry = options.worker ?? besideThis
  const http = UndiciHttpClient.layer({
    // Spans of single requests only where somebody collects them.
    settings: { ...options.http, spans: OtlpTelemetry.isWanted(options.environment ?? {}) },
    connection: options.connection,
    environment: options.environment
  })
  return Layer.mergeAll(
    http,
    Connections.layer({ embedded: { entry, directory: options.directory } }),
    Late.layer(MockServer, ["start"], () => import("./embedded/NodeMockServer.ts").then(({ layer }) => layer)),
    Layer.provide(SystemSecrets.layer({ vault: options.vault }), http),
    WorkerJq.layer({ entry }),
    Late.layer(
      NetworkProbe,
      ["connect", "certificate", "addresses", "records", "ping"],
      () => import("./live/NodeNetworkProbe.ts").then(({ layer }) => layer)
    ),
    Late.layer(Journal, ["open"], () => import("./live/FileJournal.ts").then(({ layer }) => layer())),
    Late.layer(
      FileTransfer,
      ["get", "folder"],
      () =>
        import("./live/SocketFileTransfer.ts").then(({ layer }) =>
          layer({ settings: options.http, connection: options.connection, environment: options.environment })
        )
    ),
    Late.layer(MetricsServer, ["serve"], () => import("./live/NodeMetricsServer.ts").then(({ layer }) => layer)),
    Late.layer(Profiler, ["record"], () => import("./live/InspectorProfiler.ts").then(({ layer }) => layer)),
    OtlpTelemetry.layer(options.environment ?? {}),
    polite(options.polite ?? {})
  ).pipe(Layer.provideMerge(Masking.layer))
}

/** Nothing at all, and nothing loaded, unless something is set. */
const polite = (settings: Partial<PoliteHttp.Settings>): Layer.Layer<never> =>
  Object.keys(settings).length === 0 ? Layer.empty : Layer.unwrap(
    Effect.map(
      Effect.promise(() => import("../services/polite/Client.ts")),
      ({ layer }) => layer({ ...PoliteHttp.unlimited, ...settings })
    )
  )

const besideThis = workerEntry(import.meta.url, "../")
