/** Pantheon's profile, opened against its fake in virtual time. */
import { NodeServices } from "@effect/platform-node"
import { Effect, FileSystem, Layer } from "effect"
import { join } from "node:path"
import { Masking } from "../../src/core/Masking.ts"
import { FakePantheon, type Options } from "../../src/layers/fake/FakePantheon.ts"
import * as FakeSecrets from "../../src/layers/fake/FakeSecrets.ts"
import * as MemoryJournal from "../../src/layers/fake/MemoryJournal.ts"
import * as Open from "../../src/profile/Open.ts"
import * as Profiles from "../../src/profile/Profiles.ts"
import type { Settings } from "../../src/services/PoliteHttp.ts"

const root = join(import.meta.dirname, "../..")

/** The fake and what a profile needs. */
export const layer = (options: Options = {}) =>
  Layer.mergeAll(FakePantheon.layer(options), FakeSecrets.layer, MemoryJournal.layer).pipe(
    Layer.provideMerge(Masking.layer),
    Layer.provideMerge(NodeServices.layer)
  )

/** Opens the profile that ships, with a home folder of its own, and logs in. */
export const open = Effect.fnUntraced(function*(limits: Partial<Settings> = {}) {
  const { token } = yield* FakePantheon
  const home = yield* FileSystem.FileSystem.use((files) => files.makeTempDirectoryScoped())
  const profile = yield* Profiles.find("pantheon", { directory: root, places: [] })
  const api = yield* Open.open(profile, {
    environment: {
      HOME: home,
      TERMINUS_PROTOCOL: "http",
      TERMINUS_HOST: "pantheon.test",
      TERMINUS_PORT: "80",
      TERMINUS_MACHINE_TOKEN: token
    },
    directory: home,
    limits
  })
  // So that nothing waits for the real disk afterwards.
  yield* api.list("organizations")
  return api
})
