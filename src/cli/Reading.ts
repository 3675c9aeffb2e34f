/** What decides how files are read, from flags and configuration: the same for every command that reads them. */
import { Effect, Option, Path } from "effect"
import { builtin } from "../scenario/actions/builtin.ts"
import { Invocation } from "./Invocation.ts"

/** The flags of `Flags.reading`, as they were given. */
export interface ReadingFlags {
  readonly config: Option.Option<string>
  readonly root: Option.Option<string>
  readonly allowOutside: boolean
  readonly env: Option.Option<string>
  readonly var: ReadonlyArray<readonly [string, string]>
  readonly envFile: ReadonlyArray<string>
}

export const resolve = Effect.fnUntraced(function*(flags: ReadingFlags) {
  const { directory, environment } = yield* Invocation
  const path = yield* Path.Path
  return {
    environment,
    compile: {
      actions: builtin,
      workingDirectory: directory,
      root: path.resolve(directory, Option.getOrElse(flags.root, () => ".")),
      allowOutside: flags.allowOutside,
      variables: Object.fromEntries(flags.var)
    }
  }
})

/** The files named, or the working directory. */
export const paths = (files: ReadonlyArray<string>): ReadonlyArray<string> => files.length === 0 ? ["."] : files
