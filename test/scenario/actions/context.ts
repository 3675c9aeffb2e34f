/**
 * A double of `ActionContext` for tests of single actions: it records what the action logs and attaches, and its random
 * numbers follow from a seed. What the interpreter does around an action (templates, retries, expectations) is not here.
 */
import { Effect, Schema, Scope } from "effect"
import { emptyRecord, type Value, type ValueRecord } from "../../../src/core/Value.ts"
import type { ActionContext, Any, Services } from "../../../src/scenario/Action.ts"
import type { ActionError } from "../../../src/scenario/Action.ts"
import type { Attachment } from "../../../src/scenario/Event.ts"

export interface ContextOptions {
  readonly variables?: ValueRecord | undefined
  readonly robogo?: boolean | undefined
  /** @default "/scenario" */
  readonly directory?: string | undefined
  /** @default the directory */
  readonly root?: string | undefined
  readonly allowOutside?: boolean | undefined
  readonly environment?: Readonly<Record<string, string>> | undefined
  readonly settings?: ValueRecord | undefined
  /** @default "test.yaml#case" */
  readonly caseId?: string | undefined
  /** @default 1 */
  readonly seed?: number | undefined
}

export interface TestContext extends ActionContext {
  readonly logs: Array<{ readonly text: string; readonly level: "debug" | "info" | "warning" }>
  readonly attachments: Array<Attachment>
}

/** A context that lives in the current scope. Use one for several actions of the same case. */
export const makeContext = Effect.fnUntraced(function*(
  options: ContextOptions = {}
): Effect.fn.Return<TestContext, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const made = new Map<string, unknown>()
  const logs: TestContext["logs"] = []
  const attachments: Array<Attachment> = []
  const directory = options.directory ?? "/scenario"

  return {
    caseId: options.caseId ?? "test.yaml#case",
    directory,
    root: options.root ?? directory,
    allowOutside: options.allowOutside ?? false,
    scope,
    variables: options.variables ?? emptyRecord(),
    environment: options.environment ?? {},
    robogo: options.robogo ?? false,
    settings: options.settings ?? emptyRecord(),
    retries: false,
    random: randomFrom(options.seed ?? 1),
    once: <A, E>(key: string, make: Effect.Effect<A, E, Scope.Scope>) =>
      made.has(key)
        ? Effect.succeed(made.get(key) as A)
        : Scope.provide(make, scope).pipe(Effect.tap((value) => Effect.sync(() => made.set(key, value)))),
    log: (text, level = "info") => Effect.sync(() => void logs.push({ text, level })),
    attach: (attachment) => Effect.sync(() => void attachments.push(attachment)),
    logs,
    attachments
  }
})

/** Decodes `input` as the interpreter would and runs the action. Pass `context` to share one between actions. */
export const runAction = Effect.fnUntraced(function*<A extends Any>(
  action: A,
  input: unknown,
  options: ContextOptions & { readonly context?: TestContext } = {}
): Effect.fn.Return<Value, ActionError | Schema.SchemaError, Services<A> | Scope.Scope> {
  const context = options.context ?? (yield* makeContext(options))
  const decoded = yield* decodeInput(action, input)
  return yield* action.run(decoded as never, context) as Effect.Effect<Value, ActionError, Services<A>>
})

/**
 * Runs an action in the Robogo spelling: `args` in order and `options` by name, answering with what Robogo stores under
 * `result`. `name` is the name used in the file.
 */
export const runRobogo = Effect.fnUntraced(function*<A extends Any>(
  action: A,
  args: ReadonlyArray<Value>,
  options: ContextOptions & {
    readonly context?: TestContext
    readonly options?: ValueRecord
    readonly name?: string
  } = {}
): Effect.fn.Return<Value, ActionError | Schema.SchemaError, Services<A> | Scope.Scope> {
  const context = options.context ?? (yield* makeContext({ ...options, robogo: true }))
  const named = options.options ?? emptyRecord()
  const spelling = action.robogo
  const input = spelling?.input === undefined
    ? Object.assign(emptyRecord(), named, Object.fromEntries(args.map((arg, at) => [action.positional[at] ?? at, arg])))
    : spelling.input(args, named, options.name ?? action.name)
  const decoded = yield* decodeInput(action, input)
  const output = yield* action.run(decoded as never, context) as Effect.Effect<Value, ActionError, Services<A>>
  return spelling?.result === undefined ? output : spelling.result(output, decoded as never)
})

/** An action's Schema needs no services; the list of all actions has forgotten that. */
const decodeInput = (action: Any, input: unknown) =>
  Schema.decodeUnknownEffect(action.input as unknown as Schema.Codec<unknown>)(input, { onExcessProperty: "error" })

/** Numbers in [0, 1): a 32-bit mixing generator, good enough for tests and the same everywhere. */
const randomFrom = (seed: number) => {
  let state = seed >>> 0
  return (): number => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}
