/** A profile opened against an API by script, in virtual time and a folder of its own. */
import { NodeServices } from "@effect/platform-node"
import { Effect, Layer, Stream } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Masking } from "../../src/core/Masking.ts"
import type { Value, ValueRecord } from "../../src/core/Value.ts"
import * as FakeHttpClient from "../../src/layers/fake/FakeHttpClient.ts"
import * as FakeSecrets from "../../src/layers/fake/FakeSecrets.ts"
import * as Open from "../../src/profile/Open.ts"
import * as Profile from "../../src/profile/Profile.ts"
import type { RemoteApi } from "../../src/profile/RemoteApi.ts"
import * as RemoteList from "../../src/programs/RemoteList.ts"
import type { Definition } from "../../src/services/MockServer.ts"
import { PoliteHttp } from "../../src/services/PoliteHttp.ts"
import { write } from "../../src/testing.ts"
import { inTime } from "../support/virtualTime.ts"

export { write }

export const shipped = (name: string): Profile.Profile => {
  const path = `profiles/${name}.yaml`
  return parse(readFileSync(join(import.meta.dirname, "../..", path), "utf8"), path)
}

/** Dies when there are mistakes. */
export const parse = (text: string, path = "shop.yaml"): Profile.Profile => {
  const { problems, profile } = Profile.parse({ path, text })
  if (profile === undefined) throw new Error(problems.map(({ message }) => message).join("; "))
  return profile
}

export const layer = (routes: NonNullable<Definition["routes"]>) =>
  Layer.mergeAll(FakeHttpClient.layer(routes), FakeSecrets.layer).pipe(
    Layer.provideMerge(Masking.layer),
    Layer.provideMerge(NodeServices.layer)
  )

/** Opens a profile in a folder with some files; the folder is `HOME`. */
export const open = Effect.fnUntraced(function*(
  profile: Profile.Profile,
  options: {
    readonly environment?: Readonly<Record<string, string>>
    readonly files?: Readonly<Record<string, string>>
    readonly limits?: Open.Options["limits"]
  } = {}
) {
  const directory = yield* write(options.files ?? {})
  const api = yield* Open.open(profile, {
    environment: { HOME: directory, ...options.environment },
    directory,
    limits: { retries: 0, adaptive: false, ...options.limits }
  })
  return { api, directory }
})

/** The rows of a list, whole. */
export const rowsOf = (api: RemoteApi, name: string, args: ReadonlyArray<string> = [], given: ValueRecord = {}) =>
  Effect.gen(function*() {
    const plan = yield* api.list(name, args, given)
    const rows = yield* Stream.runCollect(RemoteList.stream(plan))
    return rows as ReadonlyArray<Value & ValueRecord>
  }).pipe(Effect.provideService(PoliteHttp, api.http), inTime)

/** `GET /api/sites?limit=100` of every request so far, in order. */
export const asked = Effect.gen(function*() {
  const fake = yield* FakeHttpClient.FakeHttpClient
  return (yield* fake.calls).map((call) => {
    const query = new URLSearchParams(call["query"] as Record<string, string>).toString()
    return `${String(call["method"])} ${String(call["path"])}${query === "" ? "" : `?${query}`}`
  })
})
