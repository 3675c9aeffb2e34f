/** Modules that a test hands in. */
import { Effect, Layer } from "effect"
import { ActionModules, ActionModulesError } from "../../services/ActionModules.ts"

/** `modules` has what each file exports, by absolute path. */
export const layer = (
  modules: Readonly<Record<string, Readonly<Record<string, unknown>>>>
): Layer.Layer<ActionModules> =>
  Layer.succeed(ActionModules, {
    load: (file) => {
      const module = modules[file]
      return module === undefined
        ? Effect.fail(new ActionModulesError({ file, problem: "there is no such file" }))
        : Effect.succeed(module)
    }
  })
