/** What `skein profile` does once its flags are read. */
import { Effect, Path } from "effect"
import * as DidYouMean from "../core/DidYouMean.ts"
import * as Profiles from "../profile/Profiles.ts"
import * as Thing from "../profile/Thing.ts"
import * as ProfileReference from "../programs/ProfileReference.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"
import * as Output from "./Output.ts"
import * as Problems from "./Problems.ts"
import type { CheckFlags, ListFlags, ShowFlags } from "./profile.ts"
import * as Reading from "./Reading.ts"
import * as RemoteApis from "./RemoteApis.ts"

/** Prints a line per profile; one with mistakes is listed with their number. */
export const list = Effect.fnUntraced(function*(flags: ListFlags) {
  const where = yield* RemoteApis.where(yield* Reading.configuration({ ...Reading.noFlags, ...flags }))
  const found = yield* Profiles.all(where)
  const rows = yield* Effect.forEach(
    found,
    ({ name, path }) =>
      Effect.map(Profiles.read(path, where), ({ problems, profile }) => ({
        name,
        summary: profile?.summary ?? "",
        file: path,
        errors: problems.filter(({ severity }) => severity === "error").length
      }))
  )
  const width = Math.max(0, ...rows.map(({ name }) => name.length))
  yield* Output.result({
    json: () => ({ profiles: rows }),
    text: () =>
      rows.map(({ errors, name, summary }) =>
        `${name.padEnd(width)}  ${errors === 0 ? summary : `has mistakes: skein profile check ${name}`}`
      ).join("\n")
  })
})

/** Prints what a profile offers, or one thing of it. */
export const show = Effect.fnUntraced(function*(flags: ShowFlags) {
  const where = yield* RemoteApis.where(yield* Reading.configuration({ ...Reading.noFlags, ...flags }))
  const thing = Thing.parse(flags.name)
  const info = ProfileReference.describe(yield* Profiles.find(thing?.profile ?? flags.name, where))
  if (thing === undefined) {
    return yield* Output.result({ json: () => info, text: () => ProfileReference.explain(info) })
  }
  const wanted = `${info.name}:${thing.name}`
  const found = info.things.filter(({ name }) => name === wanted)
  if (found.length === 0) {
    return yield* ExitCode.wrongUsage(
      `${info.name} has no ${JSON.stringify(thing.name)}`,
      DidYouMean.hint(wanted, info.things.map(({ name }) => name)) ??
        `skein profile show ${thing.profile} has all of them`
    )
  }
  yield* Output.result({
    json: () => ({ things: found }),
    text: () => found.map(ProfileReference.explainThing).join("\n\n")
  })
})

/** Prints every mistake. Fails with `Exit` when a profile cannot be used. */
export const check = Effect.fnUntraced(function*(flags: CheckFlags) {
  const { directory } = yield* Invocation
  const paths = yield* Path.Path
  const where = yield* RemoteApis.where(yield* Reading.configuration({ ...Reading.noFlags, ...flags }))
  const known = yield* Profiles.all(where)
  const files = flags.names.length === 0
    ? known.map(({ path }) => path)
    : flags.names.map((name) => known.find((one) => one.name === name)?.path ?? paths.resolve(directory, name))
  const parsed = yield* Effect.forEach(files, (file) => Profiles.read(file, where))
  const problems = parsed.flatMap(({ problems }) => problems)
  yield* Problems.print(problems, flags.format, files.length)
  if (problems.some(({ severity }) => severity === "error")) {
    return yield* new ExitCode.Exit({ code: ExitCode.usage })
  }
})
