/**
 * Workflows of the fake API. A workflow has a beginning and an end on the clock from the moment it is started; how far it is
 * depends on when it is looked at, and what it changes happens when the first request after its end comes.
 */
import type { ValueRecord } from "../../../core/Value.ts"
import { seeded } from "./PantheonSeed.ts"
import type { Switches } from "./PantheonSwitches.ts"
import { type Scope, type Started, type Type, types } from "./PantheonWorkflowTypes.ts"
import type { World } from "./PantheonWorld.ts"

export interface Workflow {
  readonly id: string
  readonly type: string
  readonly of: Type
  readonly scope: Scope
  readonly params: ValueRecord
  readonly steps: number
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly startedAt: number
  readonly endsAt: number
  /** What it will be when it has ended. */
  readonly result: string
  readonly environment: string | undefined
}

/** How far a workflow is. */
export interface Progress {
  readonly phase: "created" | "started" | "finished"
  readonly result: string | null
  /** The step it is at, from 1; 0 before the first. */
  readonly step: number
  /** From 0 to 1. */
  readonly ratio: number
  /** Milliseconds; absent while it is not said. */
  readonly finishedAt: number | undefined
}

/** How long after its result a workflow says that it has finished, when that is wanted. */
const lateness = 5_000

/** A workflow begins to run so many milliseconds after it was asked for, or halfway to its end. */
const queued = 1_000

export class Workflows {
  private readonly world: World
  private readonly switches: Switches
  private readonly byId = new Map<string, Workflow>()
  private readonly bySite = new Map<string, Array<Workflow>>()
  /** Under way, in no order. */
  private readonly running = new Set<Workflow>()
  /** When the first of those ends. */
  private nextEnd = Infinity
  private count = 0

  constructor(world: World, switches: Switches) {
    this.world = world
    this.switches = switches
  }

  /** Starts one; answers with a sentence when it cannot be. */
  start(name: string, scope: Scope, params: ValueRecord, now: number): Workflow | string {
    const type = Object.hasOwn(types, name) ? types[name]! : undefined
    if (type === undefined) return `Invalid workflow type ${name}.`
    this.count++
    const random = seeded(this.world.seed, `workflow ${this.count}`)
    const id = random.uuid()
    const problem = type.begin?.(this.startedOf({ id, scope, params, createdAt: now }))
    if (problem !== undefined) return problem

    const spread = 1 + this.switches.get("workflow_spread") * (2 * random.next() - 1)
    const steps = Math.max(1, this.switches.get("workflow_steps", name) ?? type.steps)
    const every = this.switches.get("workflow_fail_every", name)
    const result = every !== undefined && this.count % every === 0
      ? "failed"
      : this.switches.get("workflow_result", name)
    const reached = result === "succeeded"
      ? steps
      : Math.min(steps, this.switches.get("workflow_fail_at", name) ?? steps)
    const whole = (this.switches.get("workflow_duration", name) ?? type.duration * 1_000) * spread
    const duration = Math.round(whole * reached / steps)
    const workflow: Workflow = {
      id,
      type: name,
      of: type,
      scope,
      params,
      steps,
      createdAt: now,
      startedAt: now + Math.min(queued, Math.floor(duration / 2)),
      endsAt: now + duration,
      result,
      environment: scope.environment?.id
    }
    this.byId.set(id, workflow)
    this.running.add(workflow)
    this.nextEnd = Math.min(this.nextEnd, workflow.endsAt)
    if (scope.site !== undefined) {
      const list = this.bySite.get(scope.site.id) ?? []
      list.push(workflow)
      this.bySite.set(scope.site.id, list)
    }
    return workflow
  }

  get(id: string): Workflow | undefined {
    return this.byId.get(id)
  }

  /** Newest first. */
  ofSite(site: string): ReadonlyArray<Workflow> {
    return this.bySite.get(site)?.toReversed() ?? []
  }

  /** Newest first. */
  ofAll(): ReadonlyArray<Workflow> {
    return [...this.byId.values()].toReversed()
  }

  /** Whether an equal one is under way. */
  isRunning(type: string, scope: Scope, params: ValueRecord): boolean {
    const equal = JSON.stringify(params)
    return [...this.running].some((one) =>
      one.type === type && one.scope.site === scope.site && one.scope.environment === scope.environment &&
      one.scope.organization === scope.organization && JSON.stringify(one.params) === equal
    )
  }

  /** Lets all that has ended by now have its effect, in the order in which it ended. */
  settle(now: number): void {
    if (now < this.nextEnd) return
    const ended = [...this.running].filter(({ endsAt }) => endsAt <= now).sort((a, b) => a.endsAt - b.endsAt)
    for (const workflow of ended) {
      this.running.delete(workflow)
      if (workflow.result === "succeeded") workflow.of.finish?.(this.startedOf(workflow))
    }
    this.nextEnd = [...this.running].reduce((least, { endsAt }) => Math.min(least, endsAt), Infinity)
  }

  progress(workflow: Workflow, now: number): Progress {
    const { createdAt, endsAt, result, startedAt, steps } = workflow
    if (now >= endsAt) {
      const finishedAt = this.switches.get("result_before_finished") ? endsAt + lateness : endsAt
      return now < finishedAt
        ? { phase: "started", result, step: steps, ratio: 0.99, finishedAt: undefined }
        : { phase: "finished", result, step: steps, ratio: 1, finishedAt }
    }
    if (now < startedAt) return { phase: "created", result: null, step: 0, ratio: 0, finishedAt: undefined }
    // As the full length would have it: one that fails does so before its last step.
    const ratio = Math.min(0.99, (now - createdAt) / Math.max(1, endsAt - createdAt))
    return { phase: "started", result: null, step: 1 + Math.floor(ratio * steps), ratio, finishedAt: undefined }
  }

  private startedOf(
    { createdAt, id, params, scope }: Pick<Workflow, "id" | "params" | "scope" | "createdAt">
  ): Started {
    return { world: this.world, scope, params, id, at: createdAt / 1_000 }
  }
}
