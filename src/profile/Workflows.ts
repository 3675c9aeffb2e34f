/** Remote workflows of an opened profile: how they are written, and how they are. */
import { Clock, Effect } from "effect"
import type { HttpClient } from "effect/http"
import * as Rows from "../core/Rows.ts"
import { isRecord, type Value, type ValueRecord } from "../core/Value.ts"
import * as Text from "../scenario/expression/Text.ts"
import { attempt, type Run } from "./Evaluator.ts"
import type { WorkflowForm } from "./Format.ts"
import * as Moment from "./Moment.ts"
import * as Opened from "./Opened.ts"
import { type Handle, type Owner, RemoteApiError, type Seen, type Workflow } from "./RemoteApi.ts"
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
    poll: (parent, ids) => poll(opened, form, parent, ids),
    owner: (text) => ownerOf(opened, name, form, text)
  }
})

const ownerOf = Effect.fnUntraced(function*(
  opened: Opened.Opened,
  name: string,
  form: WorkflowForm,
  text: string
): Effect.fn.Return<Owner, RemoteApiError, HttpClient.HttpClient> {
  const before = Target.before(form.handle!)
  if (form.list === undefined || before === undefined) {
    return yield* Opened.invalid(`${opened.profile.name} only tells of single workflows of the kind ${name}`)
  }
  const given = yield* Opened.partsOf(before, text)
  const parts: Record<string, Value> = {}
  for (const [part, value] of Object.entries(given)) parts[part] = yield* opened.idOf(part, value)
  return {
    text,
    all: listed(opened, form, { ...parts, given }),
    handle: (id) => Target.write(form.handle!, { ...given, id })
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

/** A request that started a workflow, and whose answer nobody has seen. */
export interface Unanswered {
  /** What the workflow belongs to, by the parts of its handle. */
  readonly parent: Readonly<Record<string, string>>
  /** The body that was sent; `null` when there was none. */
  readonly sent: Value
  /** When it was sent, or shortly before, in milliseconds since 1970. */
  readonly since: number
  /** What else must hold of a row, over `row` and `sent`. */
  readonly isWanted: (names: ValueRecord) => boolean
}

/** Ids of the workflows that such a request may have started; none is older than the request by the clock of the API. */
export const recent = Effect.fnUntraced(function*(
  opened: Opened.Opened,
  form: WorkflowForm,
  { isWanted, parent, sent, since }: Unanswered
): Effect.fn.Return<ReadonlyArray<string>, RemoteApiError, HttpClient.HttpClient> {
  const { recent } = form
  if (recent === undefined) return []
  const clock = yield* Clock.Clock
  const run = yield* opened.ready(form)
  const asked = clock.currentTimeMillisUnsafe()
  const answer = yield* Opened.ask(opened, recent.request!, run, { ...parent, given: parent })
  const offset = Moment.clockOffset(dateOf(answer), asked, clock.currentTimeMillisUnsafe())
  const rows = yield* rowsOf(answer, recent.rows)
  return yield* attempt(() =>
    rows.filter((row) => {
      const names = { ...parent, row, sent }
      const created = Moment.millisOf(run(recent.created!, names))
      return created !== undefined && Moment.isSince(created, since + offset) &&
        (recent.where === undefined || run(recent.where, names) === true) && isWanted(names)
    }).map((row) => Text.write(run(recent.id!, { ...parent, row })))
  )
})

const dateOf = ({ headers = null }: ValueRecord): string | undefined => {
  const date = isRecord(headers) ? headers["date"] : undefined
  return typeof date === "string" ? date : undefined
}

const poll = Effect.fnUntraced(function*(
  opened: Opened.Opened,
  form: WorkflowForm,
  parent: string,
  ids: ReadonlyArray<string>
): Effect.fn.Return<ReadonlyMap<string, Seen>, RemoteApiError, HttpClient.HttpClient> {
  const before = Target.before(form.handle!)
  const parts = before === undefined ? {} : yield* Opened.partsOf(before, parent)
  const names: ValueRecord = { ...parts, given: parts }
  const seen = form.list === undefined ? new Map<string, Seen>() : new Map(yield* listed(opened, form, names, ids))
  const { get } = form
  // A list may reach back less far than a handle.
  const absent = get === undefined ? [] : ids.filter((id) => !seen.has(id))
  if (absent.length === 0) return seen
  const run = yield* opened.ready(form)
  yield* Effect.forEach(absent, (id) =>
    Effect.gen(function*() {
      const answer = yield* absentAsUndefined(Opened.ask(opened, get!, run, { ...names, id }))
      if (answer === undefined) return
      const row = answer["body"] ?? null
      seen.set(id, yield* attempt(() => seenOf(form, run, { ...names, id, row })))
    }), { concurrency: "unbounded", discard: true })
  return seen
})

/** What the list of a parent tells; of `wanted` only where that is given. */
const listed = Effect.fnUntraced(function*(
  opened: Opened.Opened,
  form: WorkflowForm,
  names: ValueRecord,
  wanted?: ReadonlyArray<string>
): Effect.fn.Return<ReadonlyMap<string, Seen>, RemoteApiError, HttpClient.HttpClient> {
  const list = form.list!
  const run = yield* opened.ready(form)
  const rows = yield* rowsOf(yield* Opened.ask(opened, list.request!, run, names), list.rows)
  const isWanted = wanted === undefined ? undefined : new Set(wanted)
  return yield* attempt(() => {
    const seen = new Map<string, Seen>()
    for (const row of rows) {
      const id = Text.write(run(list.id!, { ...names, row }))
      if (isWanted?.has(id) ?? true) seen.set(id, seenOf(form, run, { ...names, row }))
    }
    return seen
  })
})

const absentAsUndefined = <A>(sending: Sending<A>): Sending<A | undefined> =>
  Effect.catchIf(sending, ({ reason }) => reason === "NotFound", () => Effect.succeed(undefined))

const seenOf = (form: WorkflowForm, run: Run, names: ValueRecord): Seen => {
  const text = Text.write(run(form.state!, names))
  const progress = form.progress === undefined ? null : run(form.progress, names)
  const message = form.message === undefined ? null : run(form.message, names)
  const about = form.about === undefined ? null : run(form.about, names)
  return {
    state: form.done?.includes(text) === true
      ? "done"
      : form.failed?.includes(text) === true
      ? "failed"
      : form.running?.includes(text) === true
      ? "running"
      : "unknown",
    text,
    ...(about === null || about === "" ? {} : { about: Text.write(about) }),
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
