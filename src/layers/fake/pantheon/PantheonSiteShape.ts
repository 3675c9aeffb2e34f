/** Sites, members and environments as the API writes them. */
import type { Value } from "../../../core/Value.ts"
import type { Call } from "./PantheonCall.ts"
import type { Environment, Site, World } from "./PantheonWorld.ts"

/** As a site's own address gives it. */
export const siteShape = (world: World, site: Site): { readonly [key: string]: Value } => ({
  id: site.id,
  name: site.name,
  label: site.label,
  created: site.created,
  owner: site.owner,
  holder_type: site.organizations.size > 0 ? "organization" : "user",
  holder_id: site.organizations.keys().next().value ?? site.owner,
  holder: { id: site.organizations.keys().next().value ?? site.owner, email: world.user.email },
  organization: site.organizations.keys().next().value ?? null,
  service_level: site.plan === "Sandbox" ? "free" : "basic",
  plan_name: site.plan,
  preferred_zone: site.region,
  preferred_zone_label: site.region,
  settings: { max_num_cdes: 10 },
  attributes: { label: site.label },
  add_ons: [...site.addons],
  base_domain: null,
  framework: site.upstream.framework,
  // Text or a number, as it happens.
  php_version: site.created % 2 === 0 ? "83" : 83,
  upstream: {
    id: site.upstream.id,
    url: `https://github.com/example/${site.upstream.machine_name}`,
    product_id: site.upstream.id,
    branch: "master",
    label: site.upstream.label,
    machine_name: site.upstream.machine_name,
    type: site.upstream.type
  },
  last_code_push: { timestamp: isoTime(site.created), user_uuid: site.owner },
  created_by_user_id: site.owner,
  frozen: site.frozen
})

/** As lists under `/v0` have it. */
export const slimSite = (site: Site): Value => ({
  id: site.id,
  name: site.name,
  label: site.label,
  plan_name: site.plan,
  framework: site.upstream.framework,
  owner: site.owner,
  created: site.created,
  frozen: site.frozen
})

/** A row of the user's own sites. */
export const membershipOf = ({ isV0, world }: Call, site: Site): Value =>
  isV0 ? { id: site.id, site: slimSite(site) } : {
    archived: false,
    invited_by_id: site.owner,
    role: site.team.get(world.user.id) ?? "team_member",
    id: site.id,
    key: site.id,
    site_id: site.id,
    user_id: world.user.id,
    site: siteShape(world, site)
  }

/** A row of a team. */
export const memberOf = (world: World, id: string, role: string): { readonly [key: string]: Value } => {
  const user = world.users.get(id)
  return {
    role,
    id,
    key: id,
    user_id: id,
    user: {
      id,
      email: user?.email ?? null,
      profile: {
        firstname: user?.firstname ?? "",
        lastname: user?.lastname ?? "",
        full_name: `${user?.firstname ?? ""} ${user?.lastname ?? ""}`
      }
    }
  }
}

/** The value of an environment; its name is the key in the object of all. */
export const environmentShape = (environment: Environment, isV0: boolean): Value =>
  isV0
    ? {
      id: environment.id,
      created: environment.created,
      dns_zone: "pantheonsite.io",
      lock: { locked: environment.lock !== undefined },
      initialized: environment.initialized,
      php_version: environment.php.replace(".", ""),
      connection_mode: environment.mode
    }
    : {
      id: environment.id,
      is_initialized: environment.initialized,
      environment_created: environment.created,
      dns_zone: "pantheonsite.io",
      lock: environment.lock === undefined
        ? { username: null, password: null, locked: false }
        : { ...environment.lock, locked: true },
      target_ref: targetOf(environment.id),
      target_commit: commitId(environment.commits),
      php_version: environment.php.replace(".", ""),
      on_server_development: environment.mode === "sftp",
      diffstat: {},
      randseed: environment.id,
      styx_cluster: "styx-fake-01"
    }

const targetOf = (id: string): string =>
  id === "dev"
    ? "refs/heads/master"
    : id === "test" || id === "live"
    ? `refs/tags/pantheon_${id}_1`
    : `refs/heads/${id}`

/** The hash of the n-th commit of a site. */
export const commitId = (n: number): string => n.toString(16).padStart(4, "0").repeat(10)

/** Seconds as text without a zone. */
export const isoTime = (seconds: number): string => new Date(seconds * 1_000).toISOString().slice(0, 19)
