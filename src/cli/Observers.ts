/** Metrics and profiles of a run, as its flags want them. */
import { Console, Effect, FileSystem, Option, Path } from "effect"
import * as RunMetrics from "../programs/RunMetrics.ts"
import * as SafePath from "../scenario/SafePath.ts"
import { MetricsServer } from "../services/MetricsServer.ts"
import { type ProfileKind, Profiler } from "../services/Profiler.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"

/** `:port` serves metrics while `run` goes on; anything else is a file that gets them at its end. */
export const withMetrics = (where: Option.Option<string>) => <A, E, R>(run: Effect.Effect<A, E, R>) =>
  Effect.scoped(Effect.gen(function*() {
    const port = /^:(\d+)$/.exec(Option.getOrElse(where, () => ""))
    if (port !== null && Number(port[1]) > 65_535) {
      return yield* ExitCode.wrongUsage(`--metrics: there is no port ${port[1]}`, "ports go from 0 to 65535")
    }
    if (port !== null) {
      const server = yield* MetricsServer
      yield* Console.error(`metrics: ${yield* server.serve(Number(port[1]), RunMetrics.text)}`)
    }
    const result = yield* run
    if (port === null && Option.isSome(where)) yield* write(where.value, yield* RunMetrics.text)
    return result
  }))

/** Records `run` and writes the profile into the working directory. */
export const withProfile = (kind: ProfileKind, wanted: boolean) => <A, E, R>(run: Effect.Effect<A, E, R>) =>
  Effect.scoped(Effect.gen(function*() {
    if (!wanted) return yield* run
    const profiler = yield* Profiler
    const stop = yield* profiler.record(kind)
    const result = yield* run
    const file = `skein.${kind}profile`
    yield* write(file, yield* stop)
    yield* Console.error(`profile: ${file}`)
    return result
  }))

const write = Effect.fnUntraced(function*(file: string, text: string) {
  const files = yield* FileSystem.FileSystem
  const { dirname, resolve } = yield* Path.Path
  const path = resolve((yield* Invocation).directory, file)
  yield* files.makeDirectory(dirname(path), { recursive: true }).pipe(
    Effect.andThen(files.writeFileString(path, text)),
    Effect.mapError((error) =>
      new ExitCode.CommandError({
        code: ExitCode.unavailable,
        message: `${file} could not be written: ${SafePath.explain(error)}`
      })
    )
  )
})
