/** Lists as command lines name them: by the URL of a first page, or as `profile:list` with its arguments. */
import { Effect } from "effect"
import type { RemoteApi, With } from "../profile/RemoteApi.ts"
import * as Thing from "../profile/Thing.ts"
import type * as Config from "../programs/Config.ts"
import * as Source from "../programs/paginate/Source.ts"
import type { List } from "../programs/Pagination.ts"
import * as RemoteApis from "./RemoteApis.ts"

/** A list as it was named. */
export interface Named {
  readonly text: string
  /** Absent for a URL. */
  readonly thing: Thing.Thing | undefined
  readonly args: ReadonlyArray<string>
}

/** Reads a name without arguments; `undefined` for what names no list. */
export const parse = (text: string): Named | undefined => {
  const thing = Thing.parse(text)
  const isList = thing !== undefined || (/^https?:/i.test(text) && URL.parse(text) !== null)
  return isList ? { text, thing, args: [] } : undefined
}

export interface Options {
  /** The list at a URL. @default all of it is seen from its first answer */
  readonly listAt?: ((url: string) => List) | undefined
  /** Parameters of a profile's list. @default none */
  readonly given?: With | undefined
  /** Whether details are asked for each row, where the profile says how. @default false */
  readonly details?: boolean | undefined
  readonly maxPages?: number | undefined
}

/** Opens lists until the scope ends, with one session for all lists of a profile. */
export const opener = (config: Config.Loaded, { details, given, listAt = plain, maxPages }: Options = {}) => {
  const apis = new Map<string, RemoteApi>()
  const concurrency = config.settings["limits.concurrency"]
  return Effect.fnUntraced(function*({ args, text, thing }: Named) {
    if (thing === undefined) return Source.ofList(withoutPassword(text), listAt(text), { concurrency, maxPages })
    const api = apis.get(thing.profile) ?? (yield* RemoteApis.open(thing.profile, config))
    apis.set(thing.profile, api)
    const plan = yield* api.list(thing.name, args, given)
    return Source.ofPlan([text, ...args].join(" "), plan, api, {
      concurrency: concurrency ?? api.limits.lists,
      maxPages,
      details
    })
  })
}

const plain = (url: string): List => ({ request: { url, headers: { accept: "application/json" } } })

/** As it may be shown. */
const withoutPassword = (text: string): string => {
  const url = new URL(text)
  url.username = ""
  url.password = ""
  return url.href
}
