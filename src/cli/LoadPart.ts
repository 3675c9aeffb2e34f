/**
 * `skein load FILE --threads`: one thread's part. It reads configuration and files and fetches secrets itself; what stands once around the
 * load (setup, mocks) has been put up by the main thread, which hands over what came of it.
 */
import { Effect, Layer, Option, Schema } from "effect"
import * as Config from "../programs/Config.ts"
import * as Generator from "../programs/load/Generator.ts"
import * as LoadScenarios from "../programs/load/LoadScenarios.ts"
import * as HandOver from "../programs/load/scenario/HandOver.ts"
import * as ThreadLimits from "../programs/load/ThreadLimits.ts"
import * as Runner from "../programs/Runner.ts"
import { Invocation } from "./Invocation.ts"
import * as LoadUsers from "./LoadUsers.ts"
import { Machine } from "./Machine.ts"
import * as Reading from "./Reading.ts"

const OptionalText = Schema.NullOr(Schema.String)

/** What a thread has to know beside the plan. */
const Handed = Schema.Struct({
  directory: Schema.String,
  environment: Schema.Record(Schema.String, Schema.String),
  files: Schema.Array(Schema.String),
  flags: Schema.Struct({
    config: OptionalText,
    root: OptionalText,
    env: OptionalText,
    envFile: Schema.Array(Schema.String),
    var: Schema.Array(Schema.Tuple([Schema.String, Schema.String])),
    allowOutside: Schema.Boolean
  }),
  scenarios: HandOver.Plain
})

/** Made by the main thread, for {@link run}. */
export const handOver = Effect.fnUntraced(function*(
  files: ReadonlyArray<string>,
  flags: Reading.ReadingFlags,
  open: ReadonlyArray<LoadScenarios.LoadScenario>
) {
  const { directory, environment } = yield* Invocation
  return {
    directory,
    environment,
    files,
    flags: {
      config: Option.getOrNull(flags.config),
      root: Option.getOrNull(flags.root),
      env: Option.getOrNull(flags.env),
      envFile: flags.envFile,
      var: flags.var,
      allowOutside: flags.allowOutside
    },
    scenarios: yield* HandOver.make(open)
  } satisfies typeof Handed.Type
})

/** Does a thread's part of a load on scenarios. */
export const run = Effect.fnUntraced(function*(work: Generator.Work, port: Generator.Port) {
  const { directory, environment, files, flags, scenarios } = decode(work.handed)
  const reading: Reading.ReadingFlags = {
    ...flags,
    config: Option.fromNullOr(flags.config),
    root: Option.fromNullOr(flags.root),
    env: Option.fromNullOr(flags.env)
  }
  const { load } = yield* Machine
  return yield* Effect.gen(function*() {
    const config = yield* Reading.silently(reading)
    const polite = ThreadLimits.partOf(Config.politeSettings(config.settings), work.share)
    yield* Effect.gen(function*() {
      const options = yield* Reading.compileOptions(reading, config)
      // The rows of queries are handed over: asked again, they might be others.
      const plan = yield* Runner.checked(yield* Runner.plan(files, options, false))
      const run = LoadUsers.runOptions(work.plan.seed, config)
      const open = yield* LoadScenarios.join(plan, { run }, HandOver.read(scenarios))
      yield* Generator.run({ ...work, scenarios: LoadUsers.usersOf(open) }, port)
    }).pipe(Effect.scoped, Effect.provide(load), Reading.withMachine(config, polite))
  }).pipe(Effect.provide(Layer.succeed(Invocation, {
    version: "",
    environment,
    directory,
    profiles: "",
    cores: 1,
    terminal: { stdout: false, stderr: false },
    columns: Effect.succeed(80)
  })))
})

const decode = Schema.decodeUnknownSync(Handed)
