/** Lists of an opened profile, prepared to be paged. */
import { Effect } from "effect"
import type { HttpClient } from "effect/http"
import { emptyRecord, isRecord, type Value, type ValueRecord } from "../core/Value.ts"
import * as Text from "../scenario/expression/Text.ts"
import type { Request } from "../services/HttpExchange.ts"
import { attempt, type Run } from "./Evaluator.ts"
import type { ListForm, PagingForm } from "./Format.ts"
import * as Opened from "./Opened.ts"
import type { ListPlan, MergedList, PagedList, Paging, RemoteApiError, With } from "./RemoteApi.ts"
import * as Requests from "./Requests.ts"

type Sending<A> = Effect.Effect<A, RemoteApiError, HttpClient.HttpClient>

/** Prepares a list by its name. Turns names among the arguments into ids. */
export const plan = Effect.fnUntraced(function*(
  opened: Opened.Opened,
  name: string,
  args: ReadonlyArray<string>,
  given: With
): Effect.fn.Return<ListPlan, RemoteApiError, HttpClient.HttpClient> {
  const form = yield* Opened.find(opened.profile.lists, "list", name, opened.profile)
  const wanted = form.args ?? []
  if (args.length !== wanted.length) {
    const usage = [`${opened.profile.name}:${name}`, ...wanted.map((arg) => arg.toUpperCase())].join(" ")
    return yield* Opened.invalid(
      `the list ${name} takes ${wanted.length === 0 ? "no argument" : wanted.join(" and ")}`,
      `write it as ${usage}`
    )
  }
  const run = yield* opened.ready(form)
  const texts = Object.fromEntries(wanted.map((arg, at) => [arg, args[at]!]))
  const names = yield* Opened.inputs(opened, texts, form.with, given, run)
  return yield* planOver(opened, name, form, names, run)
})

const planOver = (
  opened: Opened.Opened,
  name: string,
  form: ListForm,
  names: ValueRecord,
  run: Run
): Effect.Effect<ListPlan, RemoteApiError> =>
  form.merge === undefined
    ? attempt(() => paged(opened, name, form, names, run))
    : Effect.map(merged(opened, name, form, names), (list) => list)

const paged = (opened: Opened.Opened, name: string, form: ListForm, names: ValueRecord, run: Run): PagedList => {
  const { base } = opened
  const first = Requests.fill(form.request ?? { span: form.span, path: form.path }, run, names, base)
  const { paging } = form
  return {
    _tag: "Paged",
    name,
    request: sized(first, paging),
    style: paging === undefined ? undefined : styleOf(paging),
    rows: form.rows,
    id: form.id,
    total: paging?.total,
    size: paging?.size?.rows,
    inclusive: paging?.inclusive,
    show: (row) => attempt(() => shown(form, row, names, run)),
    hydrate: form.hydrate === undefined ? undefined : hydrated(opened, form.hydrate, names, run)
  }
}

/** Adds how many rows a page is to have. */
const sized = (request: Request, paging: PagingForm | undefined): Request =>
  paging?.size?.parameter === undefined
    ? request
    : { ...request, query: { ...request.query, [paging.size.parameter]: String(paging.size.rows) } }

const styleOf = ({ by, first, from, parameter }: PagingForm): Paging => {
  switch (by) {
    case "page":
      return { _tag: "Page", parameter: parameter ?? "page", first: first ?? 1 }
    case "offset":
      return { _tag: "Offset", parameter: parameter ?? "offset" }
    case "cursor":
      return { _tag: "Cursor", parameter: parameter ?? "cursor", path: from }
    case "next":
      return { _tag: "NextUrl", path: from! }
    case "link":
      return { _tag: "Link" }
    default:
      return { _tag: "Single" }
  }
}

const shown = (form: ListForm, row: Value, names: ValueRecord, run: Run): Value | undefined => {
  const scope = { ...names, row }
  if (form.where !== undefined && run(form.where, scope) !== true) return undefined
  if (form.fields === undefined) return row
  const fields = emptyRecord()
  for (const { name, value } of form.fields) fields[name] = run(value, scope)
  return fields
}

const hydrated =
  (opened: Opened.Opened, form: NonNullable<ListForm["hydrate"]>, names: ValueRecord, run: Run) =>
  (row: Value): Sending<Value> =>
    Effect.map(Opened.ask(opened, form.request!, run, { ...names, row }), ({ body = null }): Value => {
      const own = isRecord(row) ? row : { value: row }
      return form.as !== undefined
        ? { ...own, [form.as]: body }
        : isRecord(body)
        ? { ...own, ...body }
        : own
    })

const merged = Effect.fnUntraced(function*(
  opened: Opened.Opened,
  name: string,
  form: ListForm,
  names: ValueRecord
): Effect.fn.Return<MergedList, RemoteApiError> {
  const parts = yield* Effect.forEach(
    form.merge ?? [],
    Effect.fnUntraced(function*(part) {
      const list = yield* Opened.find(opened.profile.lists, "list", part.list!, opened.profile)
      const planWith = Effect.fnUntraced(function*(scope: ValueRecord) {
        const run = yield* opened.ready([list, part])
        const given = yield* attempt(() =>
          Object.fromEntries((part.with ?? []).map(({ name, value }) => [name, run(value, scope)]))
        )
        return yield* planOver(opened, part.list!, list, yield* argumentsOf(list, given, run), run)
      })
      if (part.for === undefined) {
        return { _tag: "List" as const, list: Effect.suspend(() => planWith(names)) }
      }
      const rows = part.for
      return {
        _tag: "Each" as const,
        of: Effect.suspend(() => plan(opened, rows, [], {})),
        list: (row: Value): Sending<ListPlan | undefined> =>
          Effect.gen(function*() {
            const scope = { ...names, row }
            const run = yield* opened.ready(part)
            const isWanted = part.where === undefined || (yield* attempt(() => run(part.where!, scope))) === true
            return isWanted ? yield* planWith(scope) : undefined
          })
      }
    })
  )
  return { _tag: "Merged", name, parts, by: form.by ?? "id", combine: form.combine ?? [] }
})

/** The names of a list that is part of another one: what it is given are ids already. */
const argumentsOf = (list: ListForm, given: With, run: Run): Effect.Effect<ValueRecord, RemoteApiError> => {
  const args = (list.args ?? []).map((name) => [name, given[name] ?? null] as const)
  const parameters = Object.fromEntries(Object.entries(given).filter(([name]) => !(list.args ?? []).includes(name)))
  const texts = Object.fromEntries(args.map(([name, value]) => [name, Text.write(value)]))
  return Opened.withParameters({ ...Object.fromEntries(args), given: texts }, list.with, parameters, run)
}
