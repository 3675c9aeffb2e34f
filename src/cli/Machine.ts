/**
 * The services of the machine, as the root builds them for a command: after the configuration is known, and only for
 * commands that touch files and servers.
 */
import type { Effect, Layer } from "effect"
import { Context } from "effect"
import type { Command } from "effect/cli"
import type { Masking } from "../core/Masking.ts"
import type { Needs } from "../programs/Runner.ts"
import type { BuiltinServices } from "../scenario/actions/builtin.ts"
import type { ActionModules } from "../services/ActionModules.ts"
import type { DashboardServer } from "../services/DashboardServer.ts"
import type { FakeServer } from "../services/FakeServer.ts"
import type { FileTransfer } from "../services/FileTransfer.ts"
import type { GeneratorHealth } from "../services/GeneratorHealth.ts"
import type * as HttpPolicy from "../services/HttpPolicy.ts"
import type { Journal } from "../services/Journal.ts"
import type { LoadClock } from "../services/LoadClock.ts"
import type { LoadTransport } from "../services/LoadTransport.ts"
import type { LoadWorkers } from "../services/LoadWorkers.ts"
import type { MetricsServer } from "../services/MetricsServer.ts"
import type * as PoliteHttp from "../services/PoliteHttp.ts"
import type { Profiler } from "../services/Profiler.ts"
import type * as Vault from "../services/Vault.ts"

/** What the configuration says about services. */
export interface MachineOptions {
  readonly http: Partial<HttpPolicy.Settings>
  readonly connection: HttpPolicy.ConnectionOptions
  /** How servers are spared. Empty: requests are sent as they come. */
  readonly polite: Partial<PoliteHttp.Settings>
  readonly vault: Vault.Options
  /** Where proxies are named. */
  readonly environment: Readonly<Record<string, string>>
  /** Absolute working directory. */
  readonly directory: string
}

/** All that commands need beside what every command line has (files, processes, terminal). */
export type MachineServices = Exclude<
  Needs<BuiltinServices> | FileTransfer | Journal | MetricsServer | Profiler,
  Command.Environment
>

export class Machine extends Context.Service<Machine, {
  readonly services: (options: MachineOptions) => Layer.Layer<MachineServices, never, Command.Environment>
  /** Own actions: modules of the user. */
  readonly modules: Layer.Layer<ActionModules>
  /** For `skein load`. */
  readonly load: Layer.Layer<
    LoadClock | LoadTransport | LoadWorkers | GeneratorHealth | DashboardServer,
    never,
    Masking
  >
  /** For `skein fake`. */
  readonly fakeServers: Layer.Layer<FakeServer, never, Command.Environment>
  /** Collects garbage early from now on: for commands through which more data flows than memory should hold. */
  readonly staySmall: Effect.Effect<void>
  /**
   * True in the bundle, which holds a copy of Effect of its own. Own actions need the unbundled one: a command that has some
   * fails with {@link ExitCode.HandOver}, and the root starts again there.
   */
  readonly bundled: boolean
}>()("skein/cli/Machine") {}
