/** Own actions: what the modules under `actions:` of `skein.yaml` export. */
import { Effect, Schema } from "effect"
import type * as Action from "../scenario/Action.ts"
import { ActionModules, ActionModulesError } from "../services/ActionModules.ts"

/**
 * Loads the modules and answers with their actions, in the order of the files: each export that is an action, or a list of
 * actions. Fails when a module cannot be loaded, exports none, or takes a name that another action has.
 */
export const load = Effect.fn("OwnActions.load")(function*(
  files: ReadonlyArray<string>,
  others: ReadonlyArray<Action.Any>
): Effect.fn.Return<ReadonlyArray<Action.Any>, ActionModulesError, ActionModules> {
  const modules = yield* ActionModules
  const taken = new Map(others.map((action) => [action.name as string, "skein"]))
  const found: Array<Action.Any> = []
  for (const file of files) {
    const own = [...new Set(Object.values(yield* modules.load(file)).flat().filter(isAction))]
    if (own.length === 0) {
      return yield* new ActionModulesError({
        file,
        problem: "it exports no action",
        hint: "export const name = Action.make({ ... }), with Action from skein"
      })
    }
    for (const action of own) {
      const holder = taken.get(action.name as string)
      if (holder !== undefined) {
        return yield* new ActionModulesError({ file, problem: `${holder} has an action "${action.name}" already` })
      }
      taken.set(action.name as string, file)
      found.push(action)
    }
  }
  return found
})

const isAction = (value: unknown): value is Action.Any =>
  typeof value === "object" && value !== null && "name" in value && typeof value.name === "string"
  && "run" in value && typeof value.run === "function" && "input" in value && Schema.isSchema(value.input)
