/**
 * The accounts, organisations and sites of the fake API. The same seed and sizes give the same world; what a site has inside is
 * made when it is first asked for.
 */
import { seeded } from "./PantheonSeed.ts"

export interface Sizes {
  /** @default 10 */
  readonly sites?: number | undefined
  /** @default 2 */
  readonly organizations?: number | undefined
  /** @default 1 */
  readonly seed?: number | undefined
}

export interface User {
  readonly id: string
  readonly email: string
  readonly firstname: string
  readonly lastname: string
}

export interface Organization {
  readonly id: string
  readonly name: string
  readonly label: string
  /** Roles by the user's id. */
  readonly members: Map<string, string>
}

export interface Upstream {
  readonly id: string
  readonly label: string
  readonly machine_name: string
  readonly type: "core" | "custom"
  readonly framework: string
  /** Of a custom one. */
  readonly organization?: string | undefined
}

export interface Site {
  readonly id: string
  readonly name: string
  label: string
  /** Seconds since 1970, as all times of the API. */
  readonly created: number
  owner: string
  readonly region: string
  plan: string
  frozen: boolean
  upstream: Upstream
  /** Whether the user is in its team, and not only in that of an organisation. */
  readonly isDirect: boolean
  /** Tags by the id of each organisation that it belongs to. */
  readonly organizations: Map<string, Set<string>>
  /** Roles by the user's id. */
  readonly team: Map<string, string>
  /** Commits of its upstream that it does not have. */
  behind: number
  readonly environments: Map<string, Environment>
  readonly addons: Set<string>
}

export interface Environment {
  readonly id: string
  readonly created: number
  initialized: boolean
  mode: "git" | "sftp"
  php: string
  lock: { readonly username: string; readonly password: string } | undefined
  /** Commits that are deployed, of the site's. */
  commits: number
  readonly domains: Map<string, Domain>
  readonly schedule: Map<string, { readonly hour: number; readonly ttl: number }>
  readonly backups: Map<string, BackupElement>
}

export interface Domain {
  readonly id: string
  readonly type: "custom" | "platform"
  primary: boolean
}

export const elements = ["code", "database", "files"] as const
export type Element = (typeof elements)[number]

/** One file of a backup, under `{folder}_{element}`. */
export interface BackupElement {
  readonly folder: string
  readonly element: Element | "manifest"
  readonly filename: string
  readonly started: number
  readonly ttl: number
  readonly task: string
  /** Absent while it is made. */
  finished: number | undefined
}

export interface World {
  readonly seed: number
  readonly user: User
  readonly users: Map<string, User>
  readonly organizations: Map<string, Organization>
  readonly upstreams: Map<string, Upstream>
  readonly sites: Map<string, Site>
  /** Ids by name. */
  readonly names: Map<string, string>
  readonly add: (site: NewSite) => Site
  readonly remove: (site: Site) => void
}

export type NewSite = Pick<
  Site,
  "id" | "name" | "label" | "created" | "owner" | "region" | "plan" | "isDirect" | "upstream"
>

/** 2024-01-01, a time before every other one. */
const epoch = 1_704_067_200
const regions = ["us-central1", "europe-west4", "northamerica-northeast1", "australia-southeast1"]
const plans = ["Sandbox", "Basic", "Performance Small", "Performance Medium"]

export const make = (sizes: Sizes = {}): World => {
  const seed = sizes.seed ?? 1
  const users = new Map(["dev", "lead", "client"].map((name) => userOf(seed, name)).map((user) => [user.id, user]))
  const user = users.values().next().value!
  const organizations = new Map(
    Array.from({ length: sizes.organizations ?? 2 }, (_, at) => organizationOf(seed, at, [...users.keys()]))
      .map((one) => [one.id, one])
  )
  const upstreams = new Map(upstreamsOf(seed, [...organizations.keys()]).map((one) => [one.id, one]))
  const sites = new Map<string, Site>()
  const names = new Map<string, string>()

  const add = (fresh: NewSite): Site => {
    const site = siteOf(seed, fresh)
    sites.set(site.id, site)
    names.set(site.name, site.id)
    return site
  }
  const remove = (site: Site): void => {
    sites.delete(site.id)
    names.delete(site.name)
  }

  const core = [...upstreams.values()]
  const owners = [...organizations.keys()]
  for (let at = 0; at < (sizes.sites ?? 10); at++) {
    const random = seeded(seed, `site ${at}`)
    const name = `site-${String(at + 1).padStart(3, "0")}`
    // One place in the round is for sites that belong to the user alone; every fourth belongs to the user too.
    const organization = owners[at % (owners.length + 1)]
    const site = add({
      id: random.uuid(),
      name,
      label: `Site ${at + 1}`,
      created: epoch + at * 3_600,
      owner: user.id,
      region: regions[random.below(regions.length)]!,
      plan: plans[random.below(plans.length)]!,
      isDirect: organization === undefined || at % 4 === 0,
      upstream: core[random.below(core.length)]!
    })
    site.frozen = at % 17 === 16
    site.behind = at % 3 === 0 ? 1 + random.below(4) : 0
    if (organization !== undefined) {
      site.organizations.set(organization, new Set(at % 3 === 0 ? ["client-x"] : ["internal"]))
    }
    for (const id of users.keys()) site.team.set(id, id === user.id ? "owner" : "team_member")
  }
  return { seed, user, users, organizations, upstreams, sites, names, add, remove }
}

const userOf = (seed: number, name: string): User => ({
  id: seeded(seed, `user ${name}`).uuid(),
  email: `${name}@example.com`,
  firstname: name[0]!.toUpperCase() + name.slice(1),
  lastname: "Example"
})

const organizationOf = (seed: number, at: number, users: ReadonlyArray<string>): Organization => ({
  id: seeded(seed, `organization ${at}`).uuid(),
  name: `agency-${at + 1}`,
  label: `Agency ${at + 1}`,
  members: new Map(users.map((id, at) => [id, at === 0 ? "admin" : "team_member"]))
})

const upstreamsOf = (seed: number, organizations: ReadonlyArray<string>): ReadonlyArray<Upstream> => {
  const made = (label: string, framework: string, organization?: string): Upstream => ({
    id: seeded(seed, `upstream ${label}`).uuid(),
    label,
    machine_name: label.toLowerCase().replaceAll(" ", "-"),
    type: organization === undefined ? "core" : "custom",
    framework,
    organization
  })
  return [
    made("WordPress", "wordpress"),
    made("Drupal 10", "drupal8"),
    made("Drupal 7", "drupal"),
    ...organizations.map((id, at) => made(`Agency ${at + 1} Base`, "wordpress", id))
  ]
}

const siteOf = (seed: number, fresh: NewSite): Site => {
  let environments: Map<string, Environment> | undefined
  return {
    ...fresh,
    frozen: false,
    behind: 0,
    organizations: new Map(),
    team: new Map(),
    addons: new Set(),
    get environments() {
      return environments ??= environmentsOf(seed, fresh)
    }
  }
}

const environmentsOf = (seed: number, site: NewSite): Map<string, Environment> => {
  const random = seeded(seed, `environments of ${site.name}`)
  const ids = ["dev", "test", "live", ...random.below(4) === 0 ? ["feature-a"] : []]
  return new Map(ids.map((id, at) => {
    const environment = newEnvironment(site, id, site.created, Math.max(3, 5 - at))
    if (id === "live") {
      if (random.below(2) === 0) addDomain(environment, `www.${site.name}.example`, "custom")
      addBackup(environment, site, {
        started: site.created + 86_400,
        by: "automated",
        ttl: 2_592_000,
        task: random.uuid()
      })
    }
    return [id, environment]
  }))
}

export const newEnvironment = (
  site: Pick<Site, "name">,
  id: string,
  created: number,
  commits: number
): Environment => {
  const environment: Environment = {
    id,
    created,
    initialized: true,
    mode: id === "test" || id === "live" ? "git" : "sftp",
    php: "8.3",
    lock: undefined,
    commits,
    domains: new Map(),
    schedule: new Map(),
    backups: new Map()
  }
  addDomain(environment, `${id}-${site.name}.pantheonsite.io`, "platform")
  return environment
}

export const addDomain = (environment: Environment, id: string, type: Domain["type"]): void => {
  if (!environment.domains.has(id)) environment.domains.set(id, { id, type, primary: false })
}

/** What a backup is made of and by whom. Times are in seconds. */
export interface NewBackup {
  readonly started: number
  readonly by: "backup" | "automated"
  readonly ttl: number
  readonly task: string
  /** @default all */
  readonly elements?: ReadonlyArray<Element> | undefined
  /** It is being made. */
  readonly isRunning?: boolean | undefined
}

/** Adds the files of a backup, and its manifest. */
export const addBackup = (environment: Environment, site: Pick<Site, "name">, backup: NewBackup): void => {
  const folder = `${Math.floor(backup.started)}_${backup.by}`
  const stamp = new Date(backup.started * 1_000).toISOString().slice(0, 19).replaceAll(":", "-")
  for (const element of [...backup.elements ?? elements, "manifest"] as const) {
    const ending = element === "database" ? "sql.gz" : "tar.gz"
    environment.backups.set(`${folder}_${element}`, {
      folder,
      element,
      filename: `${site.name}_${environment.id}_${stamp}_UTC_${element}.${ending}`,
      started: backup.started,
      ttl: backup.ttl,
      task: backup.task,
      finished: backup.isRunning === true ? undefined : backup.started + 20
    })
  }
}
