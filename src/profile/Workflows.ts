/** Remote workflows of an opened profile: how they are written, and how they are. */
import { Effect } from "effect"
import type { HttpClient } from "effect/http"
import * as Rows from "../core/Rows.ts"
import type { Value, ValueRecord } from "../core/Value.ts"
import * as Text from "../scenario/expression/Text.ts"
import { attempt, type Run } from "./Evaluator.ts"
import type { WorkflowForm } from "./Format.ts"
import * as Opened from "./Opened.ts"
import { type Handle, RemoteApiError, type Seen, type Workflow } from "./RemoteApi.ts"
import * as Target from "./Target.ts"

type Sending<A> = Effect.Effect<A, RemoteApiError, HttpClient.HttpClient>

export const make = Effect.fnUntraced(function*(
  opened: Opened.Opened,
  name: string
): Effect.fn.Return<Workflow, RemoteApiError> {
  const form = yield* Opened.find(opened.profile.workflows, "workflow", name, opened.profile)
  const pattern = form.handle!
  return {
    name,
    summary: form.summary ?? "",
    handle: pattern.text,
    intervals: form.intervals,
    parse: Effect.fnUntraced(function*(text) {
      const { id = "", ...parts } = yield* Opened.partsOf(pattern, text)
      const ids: Record<string, string> = {}
      for (const [part, value] of Object.entries(parts)) ids[part] = Text.write(yield* opened.idOf(part, value))
      return handleOf(name, form, ids, id)
    }),
    poll: (parent, ids) => poll(opened, form, parent, ids)
  }
})

/** The handle of a workflow whose parent is known by its parts. */
export const handleOf = (
  name: string,
  { handle }: WorkflowForm,
  parent: Readonly<Record<string, string>>,
  id: string
): Handle => {
  const before = Target.before(handle!)
  return {
    workflow: name,
    parent: before === undefined ? "" : Target.write(before, parent),
    id,
    text: Target.write(handle!, { ...parent, id })
  }
}

/** The workflows that were started since and are described by `adopt`, which reads `names`. */
export const recent = Effect.fnUntraced(function*(
  opened: Opened.Opened,
  form: WorkflowForm,
  parent: Readonly<Record<string, string>>,
  isWanted: (row: Value) => boolean,
  started: number
): Effect.fn.Return<ReadonlyArray<string>, RemoteApiError, HttpClient.HttpClient> {
  const { recent } = form
  if (recent === undefined) return []
  const run = yield* opened.ready(form)
  const answer = yield* Opened.ask(opened, recent.request!, run, { ...parent, given: parent })
  const rows = yield* rowsOf(answer, recent.rows)
  return yield* attempt(() =>
    rows.filter((row) => {
      const names = { ...parent, row, started }
      return (recent.where === undefined || run(recent.where, names) === true) && isWanted(row)
    }).map((row) => Text.write(run(recent.id!, { ...parent, row })))
  )
})

const poll = Effect.fnUntraced(function*(
  opened: Opened.Opened,
  form: WorkflowForm,
  parent: string,
  ids: ReadonlyArray<string>
): Effect.fn.Return<ReadonlyMap<string, Seen>, RemoteApiError, HttpClient.HttpClient> {
  const before = Target.before(form.handle!)
  const parts = before === undefined ? {} : yield* Opened.partsOf(before, parent)
  const names: ValueRecord = { ...parts, given: parts }
  const run = yield* opened.ready(form)
  const wanted = new Set(ids)
  const seen = new Map<string, Seen>()
  const { get, list } = form
  if (list !== undefined) {
    const rows = yield* rowsOf(yield* Opened.ask(opened, list.request!, run, names), list.rows)
    yield* attempt(() => {
      for (const row of rows) {
        const id = Text.write(run(list.id!, { ...names, row }))
        if (wanted.has(id)) seen.set(id, seenOf(form, run, { ...names, row }))
      }
    })
  }
  // A list may reach back less far than a handle.
  const absent = get === undefined ? [] : ids.filter((id) => !seen.has(id))
  yield* Effect.forEach(absent, (id) =>
    Effect.gen(function*() {
      const answer = yield* absentAsUndefined(Opened.ask(opened, get!, run, { ...names, id }))
      if (answer === undefined) return
      const row = answer["body"] ?? null
      seen.set(id, yield* attempt(() => seenOf(form, run, { ...names, id, row })))
    }), { concurrency: "unbounded", discard: true })
  return seen
})

const absentAsUndefined = <A>(sending: Sending<A>): Sending<A | undefined> =>
  Effect.catchIf(sending, ({ reason }) => reason === "NotFound", () => Effect.succeed(undefined))

const seenOf = (form: WorkflowForm, run: Run, names: ValueRecord): Seen => {
  const text = Text.write(run(form.state!, names))
  const progress = form.progress === undefined ? null : run(form.progress, names)
  const message = form.message === undefined ? null : run(form.message, names)
  return {
    state: form.done?.includes(text) === true
      ? "done"
      : form.failed?.includes(text) === true
      ? "failed"
      : form.running?.includes(text) === true
      ? "running"
      : "unknown",
    text,
    ...(typeof progress === "number" ? { progress: Math.min(1, Math.max(0, progress)) } : {}),
    ...(message === null || message === "" ? {} : { message: Text.write(message) })
  }
}

/** The rows of an answer; what is no list is an error of the profile. */
export const rowsOf = (
  answer: ValueRecord,
  path: string | undefined
): Effect.Effect<ReadonlyArray<Value>, RemoteApiError> => {
  const rows = Rows.rowsOf(answer["body"] ?? null, path ?? "")
  return rows === undefined
    ? Effect.fail(
      new RemoteApiError({
        reason: "Shape",
        message: `${Text.write(answer["url"] ?? "")} did not answer with a list${path ? ` at ${path}` : ""}`
      })
    )
    : Effect.succeed(rows)
}
