/** Routes of workflows: start one, look at one, at those of a site, and at the short log of a site. */
import { emptyRecord, field, isRecord } from "../../../core/Value.ts"
import { type Answer, json, refused } from "./PantheonAnswer.ts"
import {
  asUser,
  bodyText,
  type Call,
  notFound,
  type Routes,
  withEnvironment,
  withOrganization,
  withSite
} from "./PantheonCall.ts"
import type { Workflow } from "./PantheonWorkflows.ts"
import * as Shape from "./PantheonWorkflowShape.ts"
import type { Scope } from "./PantheonWorkflowTypes.ts"

const ofOrganization = "users/:user/organizations/:organization/workflows"

export const routes: Routes = {
  "POST users/:user/workflows": asUser((call) => start(call, {})),
  "GET users/:user/workflows": asUser((call) => list(call, call.workflows.ofAll())),
  // Where a site's workflow can be seen when the site is gone.
  "GET users/:user/workflows/:workflow": asUser((call) => one(call, () => true)),
  [`POST ${ofOrganization}`]: asUser(withOrganization((call, organization) => start(call, { organization }))),
  [`GET ${ofOrganization}/:workflow`]: asUser(
    withOrganization((call, organization) => one(call, ({ scope }) => scope.organization === organization))
  ),
  "POST sites/:site/workflows": withSite((call, site) => start(call, { site })),
  "GET sites/:site/workflows": withSite((call, site) => list(call, call.workflows.ofSite(site.id))),
  "GET sites/:site/workflows/:workflow": withSite((call, site) => one(call, ({ scope }) => scope.site === site)),
  "GET sites/:site/logs/workflows": withSite((call, site) =>
    json(call.workflows.ofSite(site.id).map((workflow) => Shape.entry(viewOf(call, workflow))))
  ),
  "POST sites/:site/environments/:environment/workflows": withEnvironment((call, site, environment) =>
    start(call, { site, environment })
  ),
  "GET sites/:site/environments/:environment/workflows": withEnvironment((call, site, { id }) =>
    list(call, call.workflows.ofSite(site.id).filter(({ environment }) => environment === id))
  )
}

const viewOf = ({ now, switches, workflows }: Call, workflow: Workflow): Shape.View => ({
  workflow,
  progress: workflows.progress(workflow, now),
  switches
})

const start = (call: Call, about: Omit<Scope, "user">): Answer => {
  const type = bodyText(call, "type")
  const params = isRecord(call.body) ? field(call.body, "params") : undefined
  return type === undefined
    ? refused(400, "A workflow needs a type.")
    : startAs(call, about, type, isRecord(params) ? params : emptyRecord())
}

/** Starts a workflow and counts it; its answer may get lost once it runs. */
export const startAs = (
  call: Call,
  about: Omit<Scope, "user">,
  type: string,
  params: Workflow["params"]
): Answer => {
  const { counters, now, switches, workflows, world } = call
  const scope = { ...about, user: world.user }
  const isDuplicate = workflows.isRunning(type, scope, params)
  const workflow = workflows.start(type, scope, params, now)
  if (typeof workflow === "string") return refused(400, workflow)
  const left = switches.get("lost_starts")
  if (left > 0) switches.set("lost_starts", left - 1)
  counters.started({
    id: workflow.id,
    type,
    target: targetOf(scope),
    params,
    at: now,
    lost: left > 0,
    isDuplicate
  })
  const answer = json(Shape.whole(viewOf(call, workflow), null), 202)
  return left > 0 ? { ...answer, cutAt: 0 } : answer
}

const targetOf = ({ environment, organization, site, user }: Scope): string =>
  site === undefined
    ? (organization ?? user).id
    : environment === undefined
    ? site.name
    : `${site.name}.${environment.id}`

const one = (call: Call, isHere: (workflow: Workflow) => boolean): Answer => {
  const workflow = call.workflows.get(call.params["workflow"]!)
  return workflow === undefined || !isHere(workflow)
    ? notFound
    : json(Shape.whole(viewOf(call, workflow), call.query.get("hydrate")))
}

/** The newest hundred, or a page when one is asked for. */
const list = (call: Call, workflows: ReadonlyArray<Workflow>): Answer =>
  call.pages.inOrder(
    call.received.url.pathname,
    workflows.map((workflow) => ({
      id: workflow.id,
      show: () => Shape.whole(viewOf(call, workflow), call.query.get("hydrate"))
    })),
    call.query
  )
