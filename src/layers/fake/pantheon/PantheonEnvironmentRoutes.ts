/** Routes of an environment: its record, code, traffic and domains. */
import type { Value } from "../../../core/Value.ts"
import { json, refused } from "./PantheonAnswer.ts"
import { bodyText, type Call, notFound, type Routes, withEnvironment, withSite } from "./PantheonCall.ts"
import { commitId, environmentShape, isoTime } from "./PantheonSiteShape.ts"
import { addDomain, type Domain, type Environment, type Site } from "./PantheonWorld.ts"

const at = "sites/:site/environments/:environment"

export const routes: Routes = {
  "GET sites/:site/environments": withSite(({ isV0 }, site) =>
    json(Object.fromEntries([...site.environments].map(([id, one]) => [id, environmentShape(one, isV0)])))
  ),
  [`GET ${at}`]: withEnvironment(({ isV0 }, _, environment) => json(environmentShape(environment, isV0))),
  [`GET ${at}/settings`]: withEnvironment((_, __, { php }) => json({ php_version: php, allow_domains: true })),
  [`GET ${at}/variables`]: withEnvironment(() => json({})),
  [`GET ${at}/code-log`]: withEnvironment((_, site, environment) => json(commitsOf(site, environment))),
  [`GET ${at}/on-server-development/diffstat`]: withEnvironment(() => json({})),
  [`GET ${at}/build/updates`]: withEnvironment(() => json({ has_updates: false })),
  [`GET ${at}/traffic`]: withEnvironment(({ now }) => json({ timeseries: trafficUntil(now) })),
  [`GET ${at}/domains`]: withEnvironment(({ isV0, query }, site, { domains, id }) => {
    const hydrated = !isV0 && query.getAll("hydrate[]").includes("recommendations")
    return json([...domains.values()].map((domain) => domainShape(site, id, domain, hydrated)))
  }),
  [`GET ${at}/domains/dns`]: withEnvironment((_, site, { domains, id }) =>
    json([...domains.values()].map((domain) => domainShape(site, id, domain, true)))
  ),
  [`POST ${at}/domains`]: withEnvironment((call, _, environment) => add(call, environment, bodyText(call, "domain"))),
  [`PUT ${at}/domains/:domain`]: withEnvironment((call, _, environment) =>
    add(call, environment, call.params["domain"])
  ),
  [`DELETE ${at}/domains/:domain`]: withEnvironment(({ params }, _, { domains }) => {
    const domain = domains.get(params["domain"]!)
    if (domain === undefined) return notFound
    if (domain.type !== "custom") return refused(403, "Platform domains cannot be removed.")
    domains.delete(domain.id)
    return json("Ok")
  })
}

const add = ({ world }: Call, environment: Environment, domain: string | undefined) => {
  if (domain === undefined || !/^[\w-]+(\.[\w-]+)+$/.test(domain)) return refused(400, `${domain} is not a domain.`)
  for (const site of world.sites.values()) {
    for (const other of site.environments.values()) {
      if (other !== environment && other.domains.has(domain)) {
        return refused(409, `${domain} belongs to ${site.name}.${other.id}.`)
      }
    }
  }
  addDomain(environment, domain, "custom")
  return json("Ok")
}

/** Newest first; a commit's labels are the environments that have it. */
const commitsOf = (site: Site, environment: Environment): Value =>
  Array.from({ length: environment.commits }, (_, at) => environment.commits - at).map((n) => ({
    hash: commitId(n),
    author: "Dev Example",
    email: "dev@example.com",
    datetime: isoTime(site.created + n * 3_600),
    message: `Change ${n}`,
    labels: [...site.environments.values()].filter(({ commits }) => commits >= n).map(({ id }) => id),
    parents: n === 1 ? [] : [commitId(n - 1)]
  }))

/** One value a day, for the four weeks before. */
const trafficUntil = (now: number): Value =>
  Array.from({ length: 28 }, (_, day) => ({
    timestamp: Math.floor(now / 1_000 / 86_400 - 28 + day) * 86_400,
    visits: 100 + day,
    pages_served: 250 + day,
    cache_hits: 200,
    cache_misses: 50 + day
  }))

const domainShape = (site: Site, environment: string, { id, primary, type }: Domain, hydrated: boolean): Value => {
  // A domain whose name begins with "new" points somewhere else still.
  const isRight = !id.startsWith("new")
  return {
    id,
    key: id,
    type,
    dns_zone_name: id.split(".").slice(-2).join("."),
    environment,
    site_id: site.id,
    deletable: type === "custom",
    primary,
    status: isRight ? "okay" : "action_required",
    status_message: isRight ? "Launched" : "Add the DNS records",
    ...hydrated
      ? {
        dns_status_details: {
          dns_records: [{
            type: "A",
            target_value: "23.185.0.1",
            detected_value: isRight ? "23.185.0.1" : "192.0.2.1",
            status: isRight ? "okay" : "action_required",
            status_message: isRight ? "Correct value detected" : "Update this record"
          }]
        },
        ownership_status: { preprovision_result: { status: isRight ? "success" : "required" } },
        https_status: { status: isRight ? "okay" : "pending" },
        statuses: [isRight ? "launched" : "dns"]
      }
      : {}
  }
}
