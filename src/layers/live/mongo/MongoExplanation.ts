/** What a server's explain means in our few words. */
import { Predicate } from "effect"
import type { Explanation } from "../../../services/DocumentStore.ts"

/** Reads an `explain` of verbosity `executionStats`, of classic and newer engines, of one server or of shards. */
export const read = (explained: unknown): Explanation => {
  const planner = field(explained, "queryPlanner")
  const stages = stagesOf(field(planner, "winningPlan"))
  const statistics = field(explained, "executionStats")
  const scan = stages.find(({ stage }) => stage.endsWith("IXSCAN") || /^(?:COUNT|DISTINCT)_SCAN$/.test(stage))
  const byId = stages.some(({ stage }) => stage === "IDHACK" || stage === "EXPRESS_CLUSTERED_IXSCAN") ||
    (scan?.stage === "EXPRESS_IXSCAN" && scan.index === "_id_")
  return {
    ...(byId
      ? { plan: "id lookup" as const }
      : scan === undefined
      ? { plan: "collection scan" as const }
      : { plan: "index scan" as const, ...(scan.index === undefined ? {} : { index: scan.index }) }),
    sorted: stages.some(({ stage }) => stage.startsWith("SORT") && stage !== "SORT_MERGE"),
    keysExamined: count(statistics, "totalKeysExamined"),
    documentsExamined: count(statistics, "totalDocsExamined"),
    returned: count(statistics, "nReturned")
  }
}

interface Stage {
  readonly stage: string
  readonly index?: string
}

/** Every stage of a plan, from the result down. */
const stagesOf = (plan: unknown): ReadonlyArray<Stage> => {
  if (Array.isArray(plan)) return plan.flatMap(stagesOf)
  if (typeof plan !== "object" || plan === null) return []
  const stage = field(plan, "stage")
  const index = field(plan, "indexName")
  const own = typeof stage === "string" ? [{ stage, ...(typeof index === "string" ? { index } : {}) }] : []
  const inner = ["queryPlan", "inputStage", "inputStages", "shards", "winningPlan", "outerStage", "innerStage"]
  return [...own, ...inner.flatMap((name) => stagesOf(field(plan, name)))]
}

const field = (of: unknown, name: string): unknown => Predicate.hasProperty(of, name) ? of[name] : undefined

const count = (of: unknown, name: string): number => Number(field(of, name) ?? 0)
