/** Routes of users and organisations: who they are, what they belong to, upstreams and tags. */
import { emptyRecord, field, isArray, isRecord, type Value } from "../../../core/Value.ts"
import { json, refused } from "./PantheonAnswer.ts"
import { asUser, type Call, notFound, roleIn, type Routes, withOrganization } from "./PantheonCall.ts"
import { memberOf, membershipOf, siteShape, slimSite } from "./PantheonSiteShape.ts"
import type { Organization, Site, Upstream, User } from "./PantheonWorld.ts"

const profileOf = (user: User): Value => ({
  firstname: user.firstname,
  lastname: user.lastname,
  full_name: `${user.firstname} ${user.lastname}`
})

const upstreamOf = (upstream: Upstream): Value => ({
  id: upstream.id,
  label: upstream.label,
  machine_name: upstream.machine_name,
  type: upstream.type,
  framework: upstream.framework,
  organization_id: upstream.organization ?? null,
  description: `${upstream.label} for every site`,
  connection_mode_default: "git",
  is_public_spinup_allowed: upstream.type === "core"
})

const organizationRow = (call: Call, organization: Organization): Value => {
  const role = roleIn(call, organization)
  return {
    id: organization.id,
    key: organization.id,
    role,
    admin: role === "admin",
    organization_id: organization.id,
    user_id: call.world.user.id,
    organization: {
      id: organization.id,
      profile: {
        machine_name: organization.name,
        name: organization.label,
        // Empty text where there is no picture, and a number where there is one.
        org_logo_width: organization.name.endsWith("1") ? "" : 120,
        org_logo_height: ""
      }
    }
  }
}

const sitesOf = ({ world }: Call, organization: Organization): ReadonlyArray<Site> =>
  [...world.sites.values()].filter((site) => site.organizations.has(organization.id))

const organizationSite = (call: Call, organization: Organization, site: Site): Value =>
  call.isV0 ? { id: site.id, site: slimSite(site) } : {
    id: site.id,
    key: site.id,
    archived: false,
    role: "team_member",
    organization_id: organization.id,
    site_id: site.id,
    tags: [...site.organizations.get(organization.id) ?? []],
    site: siteShape(call.world, site)
  }

export const routes: Routes = {
  "POST authorize/machine-token": (call) => call.sessions.login(call),
  "GET users/:user": asUser(({ world: { user } }) =>
    json({ id: user.id, email: user.email, profile: profileOf(user), feature_flags: [] })
  ),
  "GET users/:user/memberships/sites": asUser((call) => {
    const direct = [...call.world.sites.values()].filter(({ isDirect }) => isDirect)
    return call.pages.byId(
      "user sites",
      direct.map((site) => ({ id: site.id, show: () => membershipOf(call, site) })),
      call.query
    )
  }),
  "GET users/:user/memberships/organizations": asUser((call) =>
    call.pages.byId(
      "user organizations",
      [...call.world.organizations.values()].map((one) => ({ id: one.id, show: () => organizationRow(call, one) })),
      call.query
    )
  ),
  "GET users/:user/upstreams": asUser(({ world }) => json([...world.upstreams.values()].map(upstreamOf))),
  "GET users/:user/keys": asUser(() => json({})),
  "GET users/:user/machine_tokens": asUser(({ world }) => json([{ id: world.user.id, device_name: "fake" }])),
  "GET users/:user/instruments": asUser(() => json({})),
  "GET upstreams/:upstream": ({ params, world }) => {
    const upstream = world.upstreams.get(params["upstream"]!)
    return upstream === undefined ? notFound : json(upstreamOf(upstream))
  },
  "GET organizations/:organization/upstreams": withOrganization(({ world }, { id }) =>
    json([...world.upstreams.values()].filter((one) => one.organization === id || one.type === "core").map(upstreamOf))
  ),
  "GET organizations/:organization/features": withOrganization(() => json({})),
  "GET organizations/:organization/memberships/sites": withOrganization((call, organization) =>
    call.pages.byId(
      `sites of ${organization.id}`,
      sitesOf(call, organization).map((site) => ({
        id: site.id,
        show: () => organizationSite(call, organization, site)
      })),
      call.query
    )
  ),
  "GET organizations/:organization/memberships/users": withOrganization((call, organization) =>
    call.pages.byId(
      `users of ${organization.id}`,
      [...organization.members].map(([id, role]) => ({
        id,
        show: () => ({ ...memberOf(call.world, id, role), organization_id: organization.id })
      })),
      call.query
    )
  ),
  "PUT organizations/:organization/tags": withOrganization(({ body, world }, { id }) => {
    if (!isRecord(body)) return refused(400, "Tags are an object.")
    for (const [tag, given] of Object.entries(body)) {
      const sites = isRecord(given) ? field(given, "sites") : undefined
      for (const site of isArray(sites) ? sites : []) world.sites.get(String(site))?.organizations.get(id)?.add(tag)
    }
    return json(body)
  }),
  "GET organizations/:organization/tags": withOrganization((call, organization) => {
    const tags: Record<string, { sites: Array<string> }> = emptyRecord() as Record<string, { sites: Array<string> }>
    for (const site of sitesOf(call, organization)) {
      for (const tag of site.organizations.get(organization.id) ?? []) (tags[tag] ??= { sites: [] }).sites.push(site.id)
    }
    return json(tags)
  }),
  "DELETE organizations/:organization/tags/:tag/sites": withOrganization(({ params, query, world }, { id }) => {
    const tags = world.sites.get(query.get("entity") ?? "")?.organizations.get(id)
    return tags?.delete(params["tag"]!) === true ? json("Ok") : notFound
  })
}
