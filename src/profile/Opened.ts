/** What the things of an opened profile share. */
import { Effect } from "effect"
import type { HttpClient } from "effect/http"
import * as DidYouMean from "../core/DidYouMean.ts"
import { emptyRecord, isArray, type Value, type ValueRecord } from "../core/Value.ts"
import * as Text from "../scenario/expression/Text.ts"
import type { Exchange } from "../services/HttpExchange.ts"
import type { PoliteHttp } from "../services/PoliteHttp.ts"
import { attempt, type Ready, type Run } from "./Evaluator.ts"
import type { ListForm, RequestForm } from "./Format.ts"
import type { Profile } from "./Profile.ts"
import { type Parameter, RemoteApiError, type With } from "./RemoteApi.ts"
import * as Requests from "./Requests.ts"
import * as Target from "./Target.ts"

export interface Opened {
  readonly profile: Profile
  readonly base: string
  readonly http: PoliteHttp["Service"]
  readonly ready: Ready
  /** True for an answer that means "slow down": what it answers was not done. */
  readonly isSlowDown: (exchange: Exchange) => boolean
  /** Turns the value of an argument into an id, where the profile says how; any other stays. */
  readonly idOf: (argument: string, text: string) => Effect.Effect<Value, RemoteApiError, HttpClient.HttpClient>
}

/** Finds a thing by its name. */
export const find = <A>(
  things: ReadonlyMap<string, A>,
  kind: string,
  name: string,
  profile: Profile
): Effect.Effect<A, RemoteApiError> => {
  const found = things.get(name)
  if (found !== undefined) return Effect.succeed(found)
  const message = `${profile.name} has no ${kind} ${JSON.stringify(name)}`
  return Effect.fail(
    new RemoteApiError({
      reason: "NotFound",
      message,
      hint: DidYouMean.hint(name, things.keys()) ?? `skein profile show ${profile.name} has all of them`
    })
  )
}

/** An argument or target that cannot be used. */
export const invalid = (message: string, hint?: string): RemoteApiError =>
  new RemoteApiError({ reason: "Invalid", message, ...(hint === undefined ? {} : { hint }) })

/** Takes a target apart; what is written otherwise is `Invalid`. */
export const partsOf = (
  pattern: Target.Pattern,
  text: string
): Effect.Effect<Readonly<Record<string, string>>, RemoteApiError> => {
  const parts = Target.read(pattern, text)
  return parts === undefined
    ? Effect.fail(invalid(`${JSON.stringify(text)} is not written as ${pattern.text}`))
    : Effect.succeed(parts)
}

/** The names of a thing: arguments with their ids, `given` as they were written, and parameters. */
export const inputs = Effect.fnUntraced(function*(
  opened: Opened,
  args: Readonly<Record<string, string>>,
  form: ListForm["with"],
  given: With,
  run: Run
): Effect.fn.Return<ValueRecord, RemoteApiError, HttpClient.HttpClient> {
  const names = emptyRecord()
  names["given"] = args
  for (const [name, text] of Object.entries(args)) names[name] = yield* opened.idOf(name, text)
  return yield* withParameters(names, form, given, run)
})

/** Adds the parameters, with their defaults. Fails on unknown, missing and wrong ones. */
export const withParameters = (
  names: ValueRecord,
  form: ListForm["with"],
  given: With,
  run: Run
): Effect.Effect<ValueRecord, RemoteApiError> =>
  attempt(() => {
    const all = emptyRecord()
    Object.assign(all, names)
    const known = (form ?? []).map(({ name }) => name)
    const unknown = Object.keys(given).find((name) => !known.includes(name))
    if (unknown !== undefined) {
      const hint = known.length === 0 ? "it takes none" : `it takes ${known.join(", ")}`
      throw invalid(`there is no parameter ${JSON.stringify(unknown)}`, DidYouMean.hint(unknown, known) ?? hint)
    }
    for (const { name, value: parameter } of form ?? []) {
      const value = given[name]
      if (value !== undefined) all[name] = converted(name, value, parameter)
      else if (parameter.default !== undefined) all[name] = run(parameter.default, names)
      else {throw invalid(
          `${name} is missing: ${parameter.summary ?? "it has no default"}`,
          `give it with --with ${name}=...`
        )}
    }
    return all
  })

type ParameterForm = NonNullable<ListForm["with"]>[number]["value"]

const converted = (name: string, value: Value, { choices, type = "text" }: ParameterForm): Value => {
  const wrong = (expected: string) => invalid(`${name} must be ${expected}, found ${Text.show(value)}`)
  const one = (value: Value): Value => {
    const text = Text.write(value)
    if (choices !== undefined && !choices.includes(text)) throw wrong(`one of ${choices.join(", ")}`)
    return text
  }
  switch (type) {
    case "text":
      return one(value)
    case "list":
      return isArray(value) ? value.map(one) : Text.write(value).split(",").map((part) => one(part.trim()))
    case "flag":
      if (value === true || value === "true") return true
      if (value === false || value === "false") return false
      throw wrong("true or false")
    case "number": {
      const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value
      if (typeof number === "number" && Number.isFinite(number)) return number
      throw wrong("a number")
    }
  }
}

/** Parameters as a program shows them. */
export const parametersOf = (form: ListForm["with"]): ReadonlyArray<Parameter> =>
  (form ?? []).map(({ name, value }) => ({
    name,
    summary: value.summary ?? "",
    required: value.default === undefined,
    ...(value.default?.constant === undefined ? {} : { default: value.default.constant }),
    ...(value.choices === undefined ? {} : { choices: value.choices })
  }))

/** Fills in a request and sends it. */
export const ask = Effect.fnUntraced(function*(
  { base, http }: Opened,
  form: RequestForm,
  run: Run,
  names: ValueRecord
): Effect.fn.Return<ValueRecord, RemoteApiError, HttpClient.HttpClient> {
  return yield* Requests.send(http, yield* attempt(() => Requests.fill(form, run, names, base)))
})
