/** Runs the templates and expressions of an opened profile: over its settings, and over secrets and session once they are there. */
import { Clock, Effect, Random } from "effect"
import type { HttpClient } from "effect/http"
import { formatPlace } from "../core/SourceText.ts"
import { field, isRecord, type Value, type ValueRecord } from "../core/Value.ts"
import * as Code from "../scenario/compile/Code.ts"
import { RemoteApiError } from "./RemoteApi.ts"

/** Runs a piece of code over some names and those of the profile. Throws {@link Code.CodeFailure}: call it inside of {@link attempt}. */
export type Run = (code: Code.Code, names?: ValueRecord) => Value

/** Gives what code of a part may read; asks for secrets and session only when the code reads them. */
export type Ready = (part: unknown) => Effect.Effect<Run, RemoteApiError, HttpClient.HttpClient>

/** Runs code over `settings` alone. */
export const over = Effect.fnUntraced(function*(settings: ValueRecord): Effect.fn.Return<Run> {
  const clock = yield* Clock.Clock
  const random = yield* Random.Random
  const machine: Code.Machine = {
    now: () => clock.currentTimeMillisUnsafe(),
    random: () => random.nextDoubleUnsafe()
  }
  const below: Code.Names = { get: (name) => field(settings, name), list: () => Object.keys(settings) }
  return (code, names) => code.run(names === undefined ? below : Code.over(names, below), machine)
})

/** Makes an error of what code throws, with its place in the profile. */
export const attempt = <A>(run: () => A): Effect.Effect<A, RemoteApiError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (error) {
      if (error instanceof RemoteApiError) return Effect.fail(error)
      if (!(error instanceof Code.CodeFailure)) throw error
      return Effect.fail(
        new RemoteApiError({
          reason: "Shape",
          message: `${formatPlace(error.span)}: ${error.message}`,
          ...(error.hint === undefined ? {} : { hint: error.hint })
        })
      )
    }
  })

/** Whether code in some part of a profile reads a name. */
export const reads = (part: unknown, name: string): boolean =>
  codesIn(part).some(({ uses }) => uses.some((use) => use.name === name))

const codesIn = (part: unknown): ReadonlyArray<Code.Code> => {
  if (Array.isArray(part)) return part.flatMap(codesIn)
  if (!isObject(part)) return []
  if ("uses" in part && "run" in part) return [part as unknown as Code.Code]
  return Object.entries(part).flatMap(([key, inner]) => places.has(key) ? [] : codesIn(inner))
}

const isObject = (part: unknown): part is object => isRecord(part)

/** Where a part stands in the file; there is no code below. */
const places: ReadonlySet<string> = new Set(["node", "span", "nameSpan"])
