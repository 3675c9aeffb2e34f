/** Operations of an opened profile: prepared for a target, done once, and found again when their answer was lost. */
import { Clock, Effect, Result } from "effect"
import type { HttpClient } from "effect/http"
import { emptyRecord, type Value, type ValueRecord } from "../core/Value.ts"
import * as Text from "../scenario/expression/Text.ts"
import type { HttpExchangeError, Request } from "../services/HttpExchange.ts"
import { attempt, type Run } from "./Evaluator.ts"
import type { OperationForm } from "./Format.ts"
import * as Opened from "./Opened.ts"
import { type Call, type Done, type Handle, type Operation, RemoteApiError } from "./RemoteApi.ts"
import * as Requests from "./Requests.ts"
import * as Target from "./Target.ts"
import * as Workflows from "./Workflows.ts"

type Sending<A> = Effect.Effect<A, RemoteApiError, HttpClient.HttpClient>

export const make = Effect.fnUntraced(function*(
  opened: Opened.Opened,
  name: string
): Effect.fn.Return<Operation, RemoteApiError> {
  const form = yield* Opened.find(opened.profile.operations, "operation", name, opened.profile)
  const destructive = form.destructive ?? false
  const idempotent = isIdempotent(form)
  return {
    name,
    summary: form.summary ?? "",
    target: form.target!.text,
    parameters: Opened.parametersOf(form.with),
    destructive,
    idempotent,
    starts: form.starts?.workflow,
    prepare: Effect.fnUntraced(function*(target, given = {}) {
      const run = yield* opened.ready(form)
      const names = yield* Opened.inputs(opened, yield* Opened.partsOf(form.target!, target), form.with, given, run)
      const requests = yield* attempt(() =>
        form.request!.filter((one) => Requests.isWanted(one, run, names))
          .map((one) => keyed(Requests.fill(one, run, names, opened.base), form, run, names))
      )
      const plan = form.plan === undefined ? undefined : yield* attempt(() => Text.write(run(form.plan!, names)))
      const work: Work = { opened, form, run, names, requests, idempotent, name, target }
      return {
        target,
        plan: plan ?? `${form.summary ?? name}: ${target}`,
        requests: requests.map(shown),
        idempotent,
        destructive,
        run: doAll(work),
        started: (since) => started(work, since)
      } satisfies Call
    })
  }
})

interface Work {
  readonly opened: Opened.Opened
  readonly form: OperationForm
  readonly run: Run
  readonly names: ValueRecord
  readonly requests: ReadonlyArray<Request>
  readonly idempotent: boolean
  readonly name: string
  readonly target: string
}

const safe: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])

const isIdempotent = ({ idempotent, key, request }: OperationForm): boolean =>
  idempotent ?? (key !== undefined ||
    (request ?? []).every(({ form, json, method }) =>
      safe.has((method ?? (json !== undefined || form !== undefined ? "POST" : "GET")).toUpperCase())
    ))

const keyed = (request: Request, { key }: OperationForm, run: Run, names: ValueRecord): Request =>
  key === undefined
    ? request
    : { ...request, headers: { ...request.headers, "idempotency-key": Text.write(run(key, names)) } }

const shown = ({ base = "", method, query, url }: Request): string => {
  const parameters = new URLSearchParams(
    Object.entries(query ?? {}).flatMap(([name, value]) => [value].flat().map((one) => [name, one as string]))
  )
  const place = URL.canParse(url) ? url : `${base.replace(/\/$/, "")}/${url.replace(/^\//, "")}`
  return `${method} ${place}${parameters.size === 0 ? "" : `?${parameters}`}`
}

const doAll = Effect.fnUntraced(function*(work: Work): Effect.fn.Return<Done, RemoteApiError, HttpClient.HttpClient> {
  const handles: Array<Handle> = []
  let adopted = false
  let answer: ValueRecord | undefined
  for (const request of work.requests) {
    const end = yield* doOne(work, request, handles)
    if (end._tag === "Adopted") {
      handles.push(end.handle)
      adopted = true
    } else {
      answer = end.answer
      handles.push(...yield* startedBy(work, end.answer))
    }
  }
  return { result: answer === undefined ? null : yield* resultOf(work, answer), handles, adopted }
})

/** How a request ended: with its answer, or with the workflow that it must have started in the place of a lost one. */
type End =
  | { readonly _tag: "Answered"; readonly answer: ValueRecord }
  | { readonly _tag: "Adopted"; readonly handle: Handle }

const answered = (answer: ValueRecord): End => ({ _tag: "Answered", answer })

/** Does a request of an operation; `known` is what those before it have started. */
const doOne = Effect.fnUntraced(function*(
  work: Work,
  request: Request,
  known: ReadonlyArray<Handle>
): Effect.fn.Return<End, RemoteApiError, HttpClient.HttpClient> {
  const again = Effect.map(Requests.send(work.opened.http, request, { repeatable: true }), answered)
  if (work.idempotent && work.form.starts?.adopt === undefined) return yield* again
  const since = yield* Clock.currentTimeMillis
  const sent = yield* send(work, request)
  if (sent !== "lost") return answered(sent)
  const found = yield* Effect.result(adopt(work, request, since, known))
  if (Result.isSuccess(found)) return { _tag: "Adopted", handle: found.success }
  return yield* work.idempotent ? again : Effect.fail(found.failure)
})

const resultOf = ({ form, names, run }: Work, answer: ValueRecord): Effect.Effect<Value, RemoteApiError> =>
  form.result === undefined ? Effect.succeed(null) : attempt(() => {
    const result = emptyRecord()
    for (const { name, value } of form.result!) result[name] = run(value, { ...names, ...answer })
    return result
  })

const startedBy = ({ form, names, opened, run }: Work, answer: ValueRecord): Sending<ReadonlyArray<Handle>> =>
  Effect.gen(function*() {
    const { starts } = form
    if (starts === undefined) return []
    const scope = { ...names, ...answer }
    const workflow = yield* Opened.find(opened.profile.workflows, "workflow", starts.workflow!, opened.profile)
    return yield* attempt(() => {
      const id = run(starts.id!, scope)
      return id === null
        ? []
        : [Workflows.handleOf(starts.workflow!, workflow, parentOf(form, run, scope), Text.write(id))]
    })
  })

const parentOf = ({ starts, target }: OperationForm, run: Run, scope: ValueRecord): Readonly<Record<string, string>> =>
  Object.fromEntries(
    starts?.parent === undefined
      ? target!.names.map((name) => [name, Text.write(scope[name] ?? null)])
      : starts.parent.map(({ name, value }) => [name, Text.write(run(value, scope))])
  )

/** Refusals that may follow each other; a pause of the client lies between two. */
const maxRefusals = 5

/** Sends a request once; `lost` when it may have been done without an answer, or when it is idempotent and should be sent again. */
const send = Effect.fnUntraced(function*(
  { idempotent, opened }: Work,
  request: Request
): Effect.fn.Return<ValueRecord | "lost", RemoteApiError, HttpClient.HttpClient> {
  for (let refusals = 0;; refusals++) {
    const sent = yield* Effect.result(opened.http.execute(request, { repeatable: false }))
    if (Result.isFailure(sent)) {
      const { reason } = sent.failure
      if (lost.has(reason) || idempotent && unsent.has(reason)) return "lost"
      return yield* Requests.asApiError(sent.failure)
    }
    const { status } = sent.success
    // What was told to slow down was not done.
    if (refusals < maxRefusals && opened.isSlowDown(sent.success)) continue
    if (status === 502 || status === 504 || idempotent && status === 503) return "lost"
    return status < 400 ? Requests.answerOf(sent.success) : yield* Requests.refused(sent.success)
  }
})

/** Ends of a request that say nothing of whether it was done. */
const lost: ReadonlySet<HttpExchangeError["reason"]> = new Set([
  "Reset",
  "Timeout",
  "Protocol",
  "Decode",
  "BodyTooLarge"
])
/** Ends of a request that nobody has got. */
const unsent: ReadonlySet<HttpExchangeError["reason"]> = new Set(["Dns", "Refused", "Unreachable", "ConnectTimeout"])

const adopt = Effect.fnUntraced(function*(
  work: Work,
  request: Request,
  since: number,
  known: ReadonlyArray<Handle>
): Effect.fn.Return<Handle, RemoteApiError, HttpClient.HttpClient> {
  const found = yield* Effect.result(candidates(work, request, since, known))
  const [only, ...others] = Result.isSuccess(found) ? found.success : []
  if (only !== undefined && others.length === 0) return only
  const why = Result.isFailure(found)
    ? `it could not be looked for: ${found.failure.message}`
    : only === undefined
    ? "no workflow is seen that it started"
    : `${others.length + 1} workflows could be the one that it started`
  return yield* new RemoteApiError({
    reason: "Lost",
    message: `the answer to ${work.name} of ${work.target} was lost: ${why}`,
    hint: "look whether it was done before it is done again"
  })
})

/** What a call has started whose end was not seen, when there is no doubt of any of its requests. */
const started = Effect.fnUntraced(function*(
  work: Work,
  since: number
): Effect.fn.Return<ReadonlyArray<Handle>, RemoteApiError, HttpClient.HttpClient> {
  const handles: Array<Handle> = []
  for (const request of work.requests) {
    const [only, ...others] = yield* candidates(work, request, since, handles)
    if (only === undefined || others.length > 0) return []
    handles.push(only)
  }
  return handles
})

/** Workflows that a request may have started since, those that are known apart. */
const candidates = Effect.fnUntraced(function*(
  { form, names, opened, run }: Work,
  { body }: Request,
  since: number,
  known: ReadonlyArray<Handle>
): Effect.fn.Return<ReadonlyArray<Handle>, RemoteApiError, HttpClient.HttpClient> {
  const { starts } = form
  if (starts?.adopt === undefined) return []
  const workflow = yield* Opened.find(opened.profile.workflows, "workflow", starts.workflow!, opened.profile)
  const before = Target.before(workflow.handle!)?.names ?? []
  // What comes from an answer is not there: it was lost.
  const all = yield* attempt(() => parentOf(form, run, names))
  const parent = Object.fromEntries(before.map((name) => [name, all[name] ?? ""]))
  const ids = yield* Workflows.recent(opened, workflow, {
    parent,
    sent: body?._tag === "Json" ? body.value : null,
    since,
    isWanted: (scope) => run(starts.adopt!, { ...names, ...scope }) === true
  })
  return ids.filter((id) => !known.some((handle) => handle.id === id))
    .map((id) => Workflows.handleOf(starts.workflow!, workflow, parent, id))
})
