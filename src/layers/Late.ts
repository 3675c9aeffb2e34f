/** Services whose implementation is loaded when one of their methods is called first: a run that needs none pays for none. */
import { Context, Effect, Layer, type Scope } from "effect"

/** The shape of a service that can be late: nothing but functions that answer with an Effect. */
type Methods = Readonly<Record<string, (...args: Array<never>) => Effect.Effect<unknown, unknown, unknown>>>

/**
 * Provides a service whose layer `load` imports. It is built once, in the scope of this layer. A module that cannot be loaded
 * is a bug.
 */
export const layer = <Identifier, Shape extends Methods, R = never>(
  key: Context.Key<Identifier, Shape>,
  methods: ReadonlyArray<keyof Shape & string>,
  load: () => Promise<Layer.Layer<Identifier, never, R>>
): Layer.Layer<Identifier, never, R> =>
  Layer.effect(
    key,
    Effect.map(once(key, Effect.promise(load)), (loaded) => {
      const late = (name: keyof Shape & string) => (...args: Array<never>) =>
        Effect.flatMap(loaded, (service) => service[name]!(...args))
      // Each method has the type of the one that it calls.
      return Object.fromEntries(methods.map((name) => [name, late(name)])) as unknown as Shape
    })
  )

/** Answers with an Effect that loads and builds a service when it is run first, in the scope of now. */
export const once = <Identifier, Shape, E, R>(
  key: Context.Key<Identifier, Shape>,
  load: Effect.Effect<Layer.Layer<Identifier, never, R>, E>
): Effect.Effect<Effect.Effect<Shape, E>, never, R | Scope.Scope> =>
  Effect.gen(function*() {
    const scope = yield* Effect.scope
    const context = yield* Effect.context<R>()
    return yield* Effect.cached(
      load.pipe(
        Effect.flatMap((layer) => Layer.buildWithScope(layer, scope)),
        Effect.map((built) => Context.get(built, key)),
        Effect.provideContext(context),
        // Whoever comes first must not take it down for all who come after.
        Effect.uninterruptible
      )
    )
  })
