/** Files of an opened profile: which there are, and where their content is when it is fetched. */
import { Effect } from "effect"
import type { HttpClient } from "effect/http"
import * as DidYouMean from "../core/DidYouMean.ts"
import { type Value, type ValueRecord } from "../core/Value.ts"
import * as Text from "../scenario/expression/Text.ts"
import type { Request } from "../services/HttpExchange.ts"
import { attempt, type Run } from "./Evaluator.ts"
import type { DownloadForm } from "./Format.ts"
import * as Opened from "./Opened.ts"
import { type Download, RemoteApiError, type RemoteFile } from "./RemoteApi.ts"
import * as Requests from "./Requests.ts"
import * as Workflows from "./Workflows.ts"

type Sending<A> = Effect.Effect<A, RemoteApiError, HttpClient.HttpClient>

export const make = Effect.fnUntraced(function*(
  opened: Opened.Opened,
  name: string
): Effect.fn.Return<Download, RemoteApiError> {
  const form = yield* Opened.find(opened.profile.downloads, "download", name, opened.profile)
  return {
    name,
    summary: form.summary ?? "",
    target: form.target!.text,
    elements: form.elements ?? [],
    parameters: Opened.parametersOf(form.with),
    files: Effect.fnUntraced(function*(target, options = {}) {
      const elements = yield* elementsOf(form, options.elements)
      const run = yield* opened.ready(form)
      const parts = yield* Opened.partsOf(form.target!, target)
      const names = yield* Opened.inputs(opened, parts, form.with, options.with ?? {}, run)
      const answer = yield* Opened.ask(opened, form.request!, run, names)
      const rows = yield* Workflows.rowsOf(answer, form.rows)
      const chosen = yield* attempt(() => choose(form, rows, elements, run, names))
      const missing = options.elements?.find((one) => one !== "all" && !chosen.some(({ element }) => element === one))
      if (chosen.length === 0 || missing !== undefined) {
        const what = missing === undefined ? name : `${missing} among the ${name}`
        return yield* new RemoteApiError({ reason: "NotFound", message: `there are no ${what} of ${target}` })
      }
      return yield* attempt(() => chosen.map((one) => fileOf(opened, form, target, one, run, names)))
    })
  }
})

/** The elements that are wanted; `undefined` for all. */
const elementsOf = (
  { elements = [] }: DownloadForm,
  wanted: ReadonlyArray<string> | undefined
): Effect.Effect<ReadonlyArray<string> | undefined, RemoteApiError> => {
  if (wanted === undefined || wanted.includes("all")) return Effect.succeed(undefined)
  const unknown = wanted.find((one) => !elements.includes(one))
  if (unknown === undefined) return Effect.succeed(wanted)
  const known = [...elements, "all"]
  const hint = DidYouMean.hint(unknown, known) ?? `there are ${known.join(", ")}`
  return Effect.fail(Opened.invalid(`there is no element ${JSON.stringify(unknown)}`, hint))
}

interface Chosen {
  readonly row: Value
  readonly element: string | undefined
}

/** The rows that are wanted, in the order of the API; of each element the newest, where that can be told. */
const choose = (
  form: DownloadForm,
  rows: ReadonlyArray<Value>,
  elements: ReadonlyArray<string> | undefined,
  run: Run,
  names: ValueRecord
): ReadonlyArray<Chosen> => {
  const wanted = rows.filter((row) => form.where === undefined || run(form.where, { ...names, row }) === true)
    .map((row) => ({
      row,
      element: form.element === undefined ? undefined : Text.write(run(form.element, { ...names, row })),
      age: form.newest === undefined ? 0 : Number(run(form.newest, { ...names, row }))
    }))
    .filter(({ element }) => elements === undefined || element !== undefined && elements.includes(element))
  if (form.newest === undefined) return wanted
  const newest = new Map<string | undefined, (typeof wanted)[number]>()
  for (const one of wanted) {
    const best = newest.get(one.element)
    if (best === undefined || one.age > best.age) newest.set(one.element, one)
  }
  return wanted.filter((one) => newest.get(one.element) === one)
}

const fileOf = (
  opened: Opened.Opened,
  form: DownloadForm,
  target: string,
  { element, row }: Chosen,
  run: Run,
  names: ValueRecord
): RemoteFile => {
  const scope = { ...names, row, element: element ?? null }
  const size = form.size === undefined ? null : run(form.size, scope)
  const md5 = form.md5 === undefined ? null : run(form.md5, scope)
  return {
    target,
    element,
    name: Text.write(run(form.name!, scope)),
    size: typeof size === "number" ? size : undefined,
    md5: typeof md5 === "string" ? md5 : undefined,
    lasts: form.url?.lasts,
    request: contentOf(opened, form, run, scope)
  }
}

const contentOf = (
  { base, http }: Opened.Opened,
  { url }: DownloadForm,
  run: Run,
  scope: ValueRecord
): Sending<Request> =>
  Effect.gen(function*() {
    // A mint changes nothing that anybody would miss, so it may be sent twice.
    const answer = url?.request === undefined ? {} : yield* Requests.send(
      http,
      yield* attempt(() => Requests.fill(url.request!, run, scope, base)),
      { repeatable: true }
    )
    return { base, url: Text.write(yield* attempt(() => run(url!.from!, { ...scope, ...answer }))) }
  })
