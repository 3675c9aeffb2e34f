/** Finds profiles: by name in folders, or by the path of a file. */
import { Effect, FileSystem, Path, Schema } from "effect"
import { suggest } from "../core/DidYouMean.ts"
import type { Problem } from "../core/SourceText.ts"
import * as Profile from "./Profile.ts"

export interface Where {
  /** Absolute; paths that users name are relative to it, and so are those that are shown. */
  readonly directory: string
  /** Absolute folders with profiles, and files that are some: the first that has a name wins. `directory/profiles` comes before them. */
  readonly places: ReadonlyArray<string>
}

/** There is no such profile, or it has mistakes; `problems` has every one, each with its place. */
export class ProfileError extends Schema.TaggedError<ProfileError>()("ProfileError", {
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  /** For code frames; empty when there is no file. */
  problems: Schema.declare((input: unknown): input is ReadonlyArray<Problem> => Array.isArray(input))
}) {}

type Files = FileSystem.FileSystem | Path.Path

/** A file that is meant to be a profile. */
export interface Found {
  /** That of the file, without its ending. */
  readonly name: string
  /** Absolute. */
  readonly path: string
}

/** Reads the profile of a name (`pantheon`) or a path (`./shop.yaml`). Fails when there is none, or when it has mistakes. */
export const find = Effect.fn("Profiles.find")(function*(
  name: string,
  where: Where
): Effect.fn.Return<Profile.Profile, ProfileError, Files> {
  const paths = yield* Path.Path
  const path = isPath(name) ? paths.resolve(where.directory, name) : yield* pathOf(name, where)
  const { problems, profile } = yield* read(path, where)
  if (profile !== undefined) return profile
  const count = problems.filter(({ severity }) => severity === "error").length
  const message = `the profile ${shown(paths, where, path)} has ${count} error${count === 1 ? "" : "s"}`
  return yield* new ProfileError({ message, problems })
})

/** Reads a file as a profile: what is wrong with it are problems. Fails when it cannot be read at all. */
export const read = Effect.fnUntraced(function*(
  path: string,
  where: Where
): Effect.fn.Return<Profile.Parsed, ProfileError, Files> {
  const files = yield* FileSystem.FileSystem
  const name = shown(yield* Path.Path, where, path)
  const text = yield* Effect.mapError(files.readFileString(path), (error) =>
    new ProfileError({
      message: error.reason._tag === "NotFound"
        ? `there is no file ${name}`
        : `${name} cannot be read: ${error.message}`,
      problems: []
    }))
  return Profile.parse({ path: name, text: text.replace(/^\uFEFF/, "") })
})

/** All profiles that can be used by name, in the order of the places; of one name only the one that wins. */
export const all = Effect.fn("Profiles.all")(function*(
  { directory, places }: Where
): Effect.fn.Return<ReadonlyArray<Found>, never, Files> {
  const files = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  const found = new Map<string, Found>()
  for (const place of [paths.join(directory, "profiles"), ...places]) {
    const names = yield* Effect.orElseSucceed(files.readDirectory(place), () => undefined)
    const candidates = names === undefined ? [place] : names.sort().map((name) => paths.join(place, name))
    for (const path of candidates) {
      const name = /^(.+)\.ya?ml$/.exec(paths.basename(path))?.[1]
      if (name !== undefined && !found.has(name)) found.set(name, { name, path })
    }
  }
  return [...found.values()]
})

/** True for what is a path and no name. */
export const isPath = (name: string): boolean => /[\\/]|\.ya?ml$/.test(name)

const pathOf = Effect.fnUntraced(function*(name: string, where: Where) {
  const known = yield* all(where)
  const found = known.find((one) => one.name === name)
  if (found !== undefined) return found.path
  const close = suggest(name, known.map(({ name }) => name))
  return yield* new ProfileError({
    message: `there is no profile ${JSON.stringify(name)}`,
    hint: close === undefined ? "skein profile list has all of them" : `did you mean ${close}?`,
    problems: []
  })
})

const shown = (paths: Path.Path, { directory }: Where, path: string): string => {
  const relative = paths.relative(directory, path)
  return relative.startsWith("..") ? path : relative
}
