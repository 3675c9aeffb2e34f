/**
 * Imports modules with Node. A module gets the `effect` and the `skein` that run it, wherever it stands: with another copy of
 * them its schemas and effects would be strangers here.
 */
import { Effect, Layer } from "effect"
import { registerHooks } from "node:module"
import { pathToFileURL } from "node:url"
import { ActionModules, ActionModulesError } from "../../services/ActionModules.ts"

const ours = /^(?:effect|@effect\/platform-node|skein)(?:\/|$)/

/** Working on skein itself, its own modules are sources. */
const source = (specifier: string): string | undefined => {
  if (!import.meta.url.endsWith(".ts") || !/^skein(\/|$)/.test(specifier)) return undefined
  const name = specifier === "skein" ? "index" : specifier.slice("skein/".length)
  return new URL(`../../${name}.ts`, import.meta.url).href
}

const make = Effect.gen(function*() {
  const hooks = yield* Effect.acquireRelease(
    Effect.sync(() =>
      registerHooks({
        resolve: (specifier, context, next) => {
          if (!ours.test(specifier)) return next(specifier, context)
          return next(source(specifier) ?? specifier, { ...context, parentURL: import.meta.url })
        }
      })
    ),
    (hooks) => Effect.sync(() => hooks.deregister())
  )
  return hooks
})

export const layer: Layer.Layer<ActionModules> = Layer.succeed(ActionModules, {
  load: (file) =>
    Effect.scoped(Effect.andThen(
      make,
      Effect.tryPromise({
        try: () => import(pathToFileURL(file).href) as Promise<Readonly<Record<string, unknown>>>,
        catch: (cause) => explain(file, cause)
      })
    ))
})

const explain = (file: string, cause: unknown): ActionModulesError => {
  const { code, message } = cause as { readonly code?: string; readonly message?: string }
  const problem = code === "ERR_MODULE_NOT_FOUND" && message?.includes(file) === true
    ? "there is no such file"
    : `it cannot be loaded: ${(message ?? String(cause)).split("\n")[0]}`
  const isCommonJs = message?.includes("import statement outside a module") === true
  return new ActionModulesError({
    file,
    problem,
    ...(isCommonJs ? { hint: `write "type": "module" into package.json, or name the file .mts` } : {})
  })
}
