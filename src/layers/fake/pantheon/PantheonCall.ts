/** One request to the API with all that may be needed to answer it, and how routes are found. */
import type { Value } from "../../../core/Value.ts"
import { field, isRecord } from "../../../core/Value.ts"
import { type Answer, type Received, refused, text } from "./PantheonAnswer.ts"
import type { Counters } from "./PantheonCounters.ts"
import type { Pages } from "./PantheonPages.ts"
import type { Sessions } from "./PantheonSessions.ts"
import type { Switches } from "./PantheonSwitches.ts"
import type { Workflows } from "./PantheonWorkflows.ts"
import type { Environment, Organization, Site, World } from "./PantheonWorld.ts"

/** What the API is made of. */
export interface Parts {
  readonly world: World
  readonly switches: Switches
  readonly counters: Counters
  readonly pages: Pages
  readonly workflows: Workflows
  readonly sessions: Sessions
}

export interface Call extends Parts {
  readonly received: Received
  /** The parts of the path that the route names. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** The JSON body; `null` when there is none. */
  readonly body: Value
  /** Milliseconds since 1970. */
  readonly now: number
  /** Asked under `/v0`, where rows are slimmer. */
  readonly isV0: boolean
}

export type Handler = (call: Call) => Answer

/** Handlers by method and path: `GET sites/:site`. A path without parameters comes first, then the order of the table. */
export type Routes = Readonly<Record<string, Handler>>

export const siteOf = (call: Call): Site | undefined => call.world.sites.get(call.params["site"] ?? "")

export const withSite = (handle: (call: Call, site: Site) => Answer): Handler => (call) => {
  const site = siteOf(call)
  return site === undefined ? refused(404, `A site named ${call.params["site"]} was not found.`) : handle(call, site)
}

export const withEnvironment = (handle: (call: Call, site: Site, environment: Environment) => Answer): Handler =>
  withSite((call, site) => {
    const environment = site.environments.get(call.params["environment"] ?? "")
    return environment === undefined ? notFound : handle(call, site, environment)
  })

export const withOrganization = (handle: (call: Call, organization: Organization) => Answer): Handler => (call) => {
  const organization = call.world.organizations.get(call.params["organization"] ?? "")
  if (organization === undefined) return notFound
  return roleIn(call, organization) === "unprivileged"
    ? refused(403, "You are not authorized to do that.")
    : handle(call, organization)
}

/** The user's role in an organisation. */
export const roleIn = ({ switches, world }: Call, organization: Organization): string =>
  [...world.organizations.keys()].indexOf(organization.id) < switches.get("unprivileged")
    ? "unprivileged"
    : organization.members.get(world.user.id) ?? "unprivileged"

/** Only of the user whose session it is. */
export const asUser = (handle: Handler): Handler => (call) =>
  call.params["user"] === call.world.user.id ? handle(call) : refused(403, "You are not authorized to do that.")

export const notFound: Answer = text("Not found.\n", 404)

/** Text of a field of the body. */
export const bodyText = ({ body }: Call, name: string): string | undefined => {
  const value = isRecord(body) ? field(body, name) : undefined
  return typeof value === "string" ? value : undefined
}

interface Compiled {
  readonly key: string
  readonly method: string
  readonly parts: ReadonlyArray<string>
  readonly handle: Handler
}

export interface Found {
  readonly key: string
  readonly handle: Handler
  readonly params: Readonly<Record<string, string>>
}

export type Router = (method: string, path: ReadonlyArray<string>) => Found | undefined

export const router = (routes: Routes): Router => {
  const byLength = Map.groupBy(
    Object.entries(routes).map(([key, handle]): Compiled => {
      const [method = "", path = ""] = key.split(" ")
      return { key, method, parts: path.split("/"), handle }
    }),
    ({ method, parts }) => `${method} ${parts.length}`
  )
  return (method, path) => {
    for (const { handle, key, parts } of byLength.get(`${method} ${path.length}`) ?? []) {
      if (!parts.every((part, at) => part.startsWith(":") || part === path[at])) continue
      const named = parts.flatMap((part, at) => part.startsWith(":") ? [[part.slice(1), path[at]!] as const] : [])
      return { key, handle, params: Object.fromEntries(named) }
    }
    return undefined
  }
}
