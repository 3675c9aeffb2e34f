/** What flags and configuration say about how files are read: the same for every command that reads them. */
import { Effect, Option } from "effect"
import * as Config from "../programs/Config.ts"
import * as OwnActions from "../programs/OwnActions.ts"
import type * as Action from "../scenario/Action.ts"
import { builtin } from "../scenario/actions/builtin.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"
import { Machine, type MachineServices } from "./Machine.ts"
import * as Problems from "./Problems.ts"

/** The flags of `Flags.reading`, as they were given. */
export interface ReadingFlags {
  readonly config: Option.Option<string>
  readonly root: Option.Option<string>
  readonly allowOutside: boolean
  readonly env: Option.Option<string>
  readonly var: ReadonlyArray<readonly [string, string]>
  readonly envFile: ReadonlyArray<string>
}

/** What commands that read no scenarios leave out. */
export const noFlags = {
  root: Option.none(),
  env: Option.none(),
  allowOutside: false,
  var: [],
  envFile: []
} satisfies Partial<ReadingFlags>

/** Reads the configuration. `over` has the settings that other flags of the command give. */
export const configuration = Effect.fnUntraced(function*(flags: ReadingFlags, over: Config.Flags = {}) {
  const config = yield* silently(flags, over)
  yield* Problems.note(config.warnings)
  return config
})

/** The same without a word, for who reads again what was read before. */
export const silently = Effect.fnUntraced(function*(flags: ReadingFlags, over: Config.Flags = {}) {
  const { cores, directory, environment } = yield* Invocation
  return yield* Config.load({
    directory,
    environment,
    config: Option.getOrUndefined(flags.config),
    envFiles: flags.envFile,
    flags: { ...over, root: Option.getOrUndefined(flags.root), env: Option.getOrUndefined(flags.env) },
    cores
  })
})

/** What `Runner.plan` wants to know. Loads own actions. */
export const compileOptions = Effect.fnUntraced(function*(flags: ReadingFlags, config: Config.Loaded) {
  const { directory } = yield* Invocation
  return {
    actions: yield* actions(config),
    workingDirectory: directory,
    root: config.settings.root ?? (config.file === undefined ? directory : parentOf(config.file)),
    allowOutside: flags.allowOutside,
    variables: { ...config.variables, ...Object.fromEntries(flags.var) },
    defaults: config.defaults,
    secrets: config.secrets,
    connections: config.connections
  }
})

/** The actions that files may use: the built-in ones and, after them, those of the configuration. */
export const actions = Effect.fnUntraced(function*(config: Config.Loaded) {
  const files = config.settings.actions
  if (files.length === 0) return builtin
  const { bundled, modules } = yield* Machine
  if (bundled) return yield* new ExitCode.HandOver()
  const own = yield* Effect.provide(OwnActions.load(files, builtin), modules)
  // What own actions need is checked when they are used in code; in files they have what the built-in ones have.
  return [...builtin, ...own as ReadonlyArray<Action.Action<string, never>>]
})

/** Builds the machine's services as configured, for the life of `effect`. `polite` are its limits, where they are not all of them. */
export const withMachine = (
  config: Config.Loaded,
  polite: ReturnType<typeof Config.politeSettings> = Config.politeSettings(config.settings)
) =>
<A, E, R>(effect: Effect.Effect<A, E, R | MachineServices>) =>
  Effect.gen(function*() {
    const { services } = yield* Machine
    const { directory } = yield* Invocation
    const connection = yield* Config.httpConnection(config.settings)
    const options = {
      http: Config.httpSettings(config.settings),
      connection,
      polite,
      vault: Config.vaultOptions(config.settings),
      environment: config.environment,
      directory
    }
    return yield* Effect.provide(effect, services(options))
  })

/** The files named, or the working directory. */
export const paths = (files: ReadonlyArray<string>): ReadonlyArray<string> => files.length === 0 ? ["."] : files

const parentOf = (file: string): string => file.replace(/[\\/][^\\/]*$/, "") || "/"
