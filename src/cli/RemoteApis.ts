/** Profiles as the command line finds and opens them: the same for every command that works on a remote API. */
import { Effect, Path } from "effect"
import * as Open from "../profile/Open.ts"
import * as Profiles from "../profile/Profiles.ts"
import * as Config from "../programs/Config.ts"
import { Invocation } from "./Invocation.ts"

/** Where profiles are looked for: `./profiles`, those of `skein.yaml`, those that come with skein. */
export const where = Effect.fnUntraced(
  function*(config: Config.Loaded): Effect.fn.Return<Profiles.Where, never, Invocation> {
    const { directory, profiles } = yield* Invocation
    return { directory, places: [...config.settings.profiles, profiles] }
  }
)

/**
 * Finds the profile of a name or path and opens it until the scope ends. The `limits` of the configuration come before those of
 * the profile. Run it within `Reading.withMachine`, and give programs its client: `Effect.provideService(PoliteHttp, api.http)`.
 */
export const open = Effect.fnUntraced(function*(name: string, config: Config.Loaded) {
  const paths = yield* Path.Path
  const places = yield* where(config)
  const profile = yield* Profiles.find(name, places)
  return yield* Open.open(profile, {
    environment: config.environment,
    directory: paths.dirname(paths.resolve(places.directory, profile.source.path)),
    limits: Config.politeSettings(config.settings)
  })
})
