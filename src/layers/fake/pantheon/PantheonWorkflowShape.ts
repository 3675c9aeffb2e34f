/** Workflows as the API writes them: whole, and as the short entries of a site's log. */
import type { Value } from "../../../core/Value.ts"
import type { Switches } from "./PantheonSwitches.ts"
import type { Progress, Workflow } from "./PantheonWorkflows.ts"

/** What a look at a workflow is made of. */
export interface View {
  readonly workflow: Workflow
  readonly progress: Progress
  readonly switches: Switches
}

/** The whole object; `operations` when they are asked for, with what they wrote. */
export const whole = (view: View, hydrate: string | null): Value => {
  const { progress, workflow } = view
  const { scope, type } = workflow
  const created = workflow.createdAt / 1_000
  const started = progress.phase === "created" ? null : workflow.startedAt / 1_000
  const { finishedAt } = progress
  const finished = finishedAt === undefined ? null : finishedAt / 1_000
  return {
    id: workflow.id,
    key: String(Math.floor(created)),
    type,
    description: workflow.of.says[1],
    active_description: saidOf(view),
    params: workflow.params,
    role: "owner",
    site_id: scope.site?.id ?? null,
    user_id: scope.user.id,
    user_email: scope.user.email,
    user: { id: scope.user.id, email: scope.user.email, profile: { full_name: fullName(scope.user) } },
    environment: workflow.environment ?? null,
    environment_id: workflow.environment ?? null,
    organization_id: scope.organization?.id ?? null,
    trace_id: workflow.id,
    trace_log_url: null,
    task_ids: Array.from({ length: workflow.steps }, (_, at) => taskId(workflow, at)),
    number_of_tasks: workflow.steps,
    step: progress.step,
    phase: progress.phase,
    result: progress.result,
    reason: reasonOf(view) ?? null,
    created_at: created,
    started_at: started,
    finished_at: finished,
    queued_time: started === null ? null : (workflow.startedAt - workflow.createdAt) / 1_000,
    run_time: finishedAt === undefined ? null : (finishedAt - workflow.startedAt) / 1_000,
    total_time: finishedAt === undefined ? null : (finishedAt - workflow.createdAt) / 1_000,
    waiting_for_task_id: progress.result === null ? taskId(workflow, Math.max(0, progress.step - 1)) : null,
    waiting_for_task: progress.result === null ? runningTask(view) : null,
    final_task_id: progress.result === null ? null : taskId(workflow, workflow.steps - 1),
    final_task: progress.result === null ? null : finalTask(view),
    has_operation_log_output: false,
    keep_forever: false,
    ...hydrate === null ? {} : { operations: operations(view, hydrate === "operations_with_logs") }
  }
}

/** One entry of `logs/workflows`, a tenth of the whole. */
export const entry = (view: View): Value => {
  const { progress, workflow } = view
  return {
    kind: "workflow",
    actor: { kind: "user", id: workflow.scope.user.id, email: workflow.scope.user.email },
    workflow: {
      id: workflow.id,
      type: workflow.type,
      status: statusOf(progress),
      active_description: saidOf(view),
      description: workflow.of.says[1],
      environment: workflow.environment ?? null,
      started_at: progress.phase === "created" ? null : workflow.startedAt / 1_000,
      finished_at: progress.finishedAt === undefined ? null : progress.finishedAt / 1_000,
      reason: reasonOf(view) ?? null,
      // Finished is 100 here, and nothing else is.
      progress: Math.floor(progress.ratio * 100),
      has_more_details: true
    }
  }
}

const statusOf = ({ phase, result }: Progress): string => {
  if (phase !== "finished") return phase === "created" ? "Queued" : "Running"
  const known: Readonly<Record<string, string>> = { succeeded: "Success", failed: "Failed", aborted: "Aborted" }
  return known[result ?? ""] ?? result ?? ""
}

/** The tense changes once it has succeeded. */
const saidOf = ({ progress, workflow }: View): string => workflow.of.says[progress.result === "succeeded" ? 1 : 0]

const sentenceOf = ({ workflow }: View): string => `${workflow.of.says[0]} ended: ${workflow.result}.`

const reasonOf = (view: View): Value | undefined => {
  const { progress, switches } = view
  if (progress.result === null || progress.result === "succeeded") return undefined
  const reason = sentenceOf(view)
  return switches.get("workflow_reason") === "object" ? { code: "TASK_FAILED", message: reason } : reason
}

const taskId = (workflow: Workflow, at: number): string => `${workflow.id.slice(0, 24)}${String(at).padStart(12, "0")}`

const runningTask = ({ progress, workflow }: View): Value => {
  const folder = workflow.type === "do_export" ? { folder: `${Math.floor(workflow.createdAt / 1_000)}_backup` } : {}
  return {
    fn_name: workflow.type,
    type: "platform",
    host: "fake",
    phase: progress.phase,
    result: null,
    build: { estimated_duration: workflow.of.duration * 1_000 },
    messages: {},
    params: { ...workflow.params, ...folder }
  }
}

const finalTask = (view: View): Value => {
  const { progress, workflow } = view
  const reason = reasonOf(view)
  const at = new Date(workflow.endsAt).toISOString()
  return {
    fn_name: workflow.type,
    type: "platform",
    phase: "finished",
    result: progress.result,
    reason: reason ?? null,
    messages: reason === undefined ? {} : { [at]: { message: sentenceOf(view), level: "ERROR" } },
    responses: [{ code: reason === undefined ? 200 : 500, body: "" }]
  }
}

const operations = ({ progress, workflow }: View, withLogs: boolean): Value =>
  Array.from({ length: workflow.steps }, (_, at) => ({
    id: taskId(workflow, at),
    type: "platform",
    description: `${workflow.of.says[0]}, step ${at + 1}`,
    result: at + 1 < progress.step || progress.result === "succeeded" ? "succeeded" : progress.result,
    run_time: workflow.of.duration / workflow.steps,
    ...withLogs ? { log_output: `step ${at + 1} of ${workflow.type}\n` } : {}
  }))

const fullName = (user: Workflow["scope"]["user"]): string => `${user.firstname} ${user.lastname}`
