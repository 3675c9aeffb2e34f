/** Routes of a site: its record, team, organisations and upstream updates. */
import { emptyRecord, type Value } from "../../../core/Value.ts"
import { json, refused } from "./PantheonAnswer.ts"
import { type Routes, withSite } from "./PantheonCall.ts"
import { commitId, isoTime, memberOf, siteShape } from "./PantheonSiteShape.ts"
import type { Environment, Site } from "./PantheonWorld.ts"

export const routes: Routes = {
  "GET site-names/:name": ({ params, world }) => {
    const name = params["name"]!
    const id = world.names.get(name)
    return id === undefined ? refused(404, `A site named ${name} was not found.`) : json({ id, name })
  },
  "GET sites/:site": withSite(({ world }, site) => json(siteShape(world, site))),
  "GET sites/:site/memberships/users": withSite((call, site) =>
    call.pages.byId(
      `team of ${site.id}`,
      [...site.team].map(([id, role]) => ({
        id,
        show: () => ({ ...memberOf(call.world, id, role), site_id: site.id })
      })),
      call.query
    )
  ),
  "GET sites/:site/memberships/organizations": withSite((call, site) =>
    call.pages.byId(
      `organizations of ${site.id}`,
      [...site.organizations.keys()].map((id) => ({
        id,
        show: () => ({
          id,
          key: id,
          role: "team_member",
          organization_id: id,
          site_id: site.id,
          organization: {
            id,
            profile: {
              machine_name: call.world.organizations.get(id)?.name ?? "",
              name: call.world.organizations.get(id)?.label ?? ""
            }
          }
        })
      })),
      call.query
    )
  ),
  "GET sites/:site/features": withSite(() => json({})),
  "GET sites/:site/authorizations": withSite(() => json([])),
  "GET sites/:site/bindings": withSite(() => json({})),
  "GET sites/:site/plan": withSite((_, { plan }) => json({ name: plan, sku: plan.toLowerCase().replaceAll(" ", "-") })),
  "GET sites/:site/code-tips": withSite((_, site) =>
    json(Object.fromEntries(
      [...site.environments.values()].filter(({ id }) => id !== "test" && id !== "live")
        .map(({ commits, id }) => [id === "dev" ? "master" : id, commitId(commits)])
    ))
  ),
  "GET sites/:site/code-upstream-updates": withSite((_, site) => json(updatesOf(site)))
}

const updatesOf = (site: Site): Value => {
  const log = emptyRecord()
  for (let n = 1; n <= site.behind; n++) {
    const hash = commitId(1_000 + n)
    log[hash] = {
      hash,
      author: "Upstream",
      email: "upstream@example.com",
      datetime: isoTime(site.created + n * 86_400),
      message: `Update ${site.upstream.label} (${n})`,
      labels: ["refs/heads/master"],
      parents: [commitId(999 + n)]
    }
  }
  const head = site.behind > 0 ? commitId(1_000 + site.behind) : commitId(1_000)
  const environment = (one: Environment | undefined): Value => ({
    has_code: one !== undefined,
    is_up_to_date_with_upstream: site.behind === 0
  })
  return {
    remote_head: head,
    ahead: 0,
    behind: site.behind,
    has_code: true,
    update_log: log,
    dev: environment(site.environments.get("dev")),
    test: environment(site.environments.get("test")),
    live: environment(site.environments.get("live"))
  }
}
