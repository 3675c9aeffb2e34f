/**
 * Modules of users, loaded from files: own actions come from them.
 *
 * Implementations: `layers/live/NodeActionModules`, `layers/fake/FakeActionModules`.
 */
import { Context, type Effect, Schema } from "effect"

export class ActionModules extends Context.Service<ActionModules, {
  /** Loads a module (`.ts`, `.mts`, `.js` or `.mjs`) by its absolute path, once, and answers with what it exports. */
  readonly load: (file: string) => Effect.Effect<Readonly<Record<string, unknown>>, ActionModulesError>
}>()("skein/services/ActionModules") {}

/** A module could not be loaded, or does not hold what it should. */
export class ActionModulesError extends Schema.TaggedError<ActionModulesError>()("ActionModulesError", {
  file: Schema.String,
  problem: Schema.String,
  hint: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return `own actions of ${this.file}: ${this.problem}`
  }
}
