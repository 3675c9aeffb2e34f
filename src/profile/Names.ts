/** Turns names into ids by asking the API, each name once. */
import { Effect } from "effect"
import type { HttpClient } from "effect/http"
import * as SingleFlight from "../core/SingleFlight.ts"
import type { Value } from "../core/Value.ts"
import { attempt, type Run } from "./Evaluator.ts"
import type { NameForm } from "./Format.ts"
import * as Opened from "./Opened.ts"
import { RemoteApiError } from "./RemoteApi.ts"

/** Names that are remembered; those after them are asked for each time. */
const capacity = 100_000

export const make = Effect.fnUntraced(function*(opened: Omit<Opened.Opened, "idOf">) {
  const forms = new Map(opened.profile.form.names?.map(({ name, value }) => [name, value]))
  const flights = SingleFlight.make<Value>(yield* Effect.scope, () => {})
  const known = new Map<string, Value>()

  const lookUp = Effect.fnUntraced(function*(argument: string, name: string, form: NameForm, run: Run) {
    const answer = yield* Opened.ask({ ...opened, idOf: unresolved }, form.request!, run, { name }).pipe(
      Effect.catchIf((error) => error.status === 404, () => Effect.fail(unknown(opened.profile.name, argument, name)))
    )
    const id = yield* attempt(() => run(form.from!, { ...answer, name }))
    if (id === null) return yield* unknown(opened.profile.name, argument, name)
    if (known.size < capacity) known.set(`${argument}:${name}`, id)
    return id
  })

  return (argument: string, name: string): Effect.Effect<Value, RemoteApiError, HttpClient.HttpClient> => {
    const form = forms.get(argument)
    if (form === undefined) return Effect.succeed(name)
    const key = `${argument}:${name}`
    const before = known.get(key)
    if (before !== undefined) return Effect.succeed(before)
    return Effect.gen(function*() {
      const run = yield* opened.ready(form)
      const isId = yield* attempt(() => run(form.id!, { name }))
      return isId === true ? name : yield* flights.join(key, lookUp(argument, name, form, run))
    })
  }
})

const unresolved = (_: string, text: string) => Effect.succeed(text)

const unknown = (profile: string, argument: string, name: string): RemoteApiError =>
  new RemoteApiError({
    reason: "NotFound",
    message: `${profile} has no ${argument} ${JSON.stringify(name)}`,
    status: 404
  })
