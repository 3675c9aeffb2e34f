/**
 * Records where this process spends its time and its memory, in the formats that Chrome's developer tools open.
 *
 * Implementation: `layers/live/InspectorProfiler`.
 */
import { Context, type Effect, Schema, type Scope } from "effect"

export type ProfileKind = "cpu" | "heap"

export class Profiler extends Context.Service<Profiler, {
  /**
   * Starts recording until the scope closes. The answer stops it and gives the profile as JSON text (`.cpuprofile` or
   * `.heapprofile`); it is to be run once.
   */
  readonly record: (
    kind: ProfileKind
  ) => Effect.Effect<Effect.Effect<string, ProfilerError>, ProfilerError, Scope.Scope>
}>()("skein/services/Profiler") {}

/** The recording could not be made. */
export class ProfilerError extends Schema.TaggedError<ProfilerError>()("ProfilerError", {
  kind: Schema.Literals(["cpu", "heap"]),
  cause: Schema.Defect()
}) {
  override get message(): string {
    const why = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `no ${this.kind} profile can be recorded: ${why}`
  }
}
