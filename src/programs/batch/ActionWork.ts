/** One action as a scenario of one step, whose inputs are templates over `item` and `index`. */
import * as Json from "../../core/Json.ts"
import type { SourceText } from "../../core/SourceText.ts"
import { isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import type { CaseState } from "../../scenario/run/CaseState.ts"
import { keyName } from "./ScenarioWork.ts"

export interface Call {
  readonly action: string
  /** Inputs by name; `headers.accept` is one inside of `headers`. Lists and objects may be written as JSON. */
  readonly inputs: ReadonlyArray<readonly [name: string, value: string]>
  /** Expressions over the output that make the item's result. */
  readonly save?: ReadonlyArray<readonly [name: string, expression: string]> | undefined
  /** Sends the item's key as `Idempotency-Key`. */
  readonly idempotencyKey?: boolean | undefined
}

const step = "it"

/** The scenario; problems in it are told with the part of this text that they are about. */
export const source = ({ action, idempotencyKey, inputs, save = [] }: Call): SourceText => {
  const given = inputs.reduce<ValueRecord>(
    (input, [name, text]) => put(input, Object.hasOwn(input, name) ? [name] : name.split("."), valueOf(text)),
    {}
  )
  const input = idempotencyKey === true ? put(given, ["headers", "Idempotency-Key"], `\${${keyName}}`) : given
  const one = { id: step, [action]: input, ...(save.length === 0 ? {} : { save: Object.fromEntries(save) }) }
  return { path: `skein batch ${action}`, text: Json.stringify({ name: action, steps: [one] }, 2) }
}

/** What was saved, or else what the action answered; of an HTTP answer its status and body. */
export const output = ({ saved, steps }: CaseState): Value => {
  if (Object.keys(saved).length > 0) return saved
  const record = steps[step]
  const answer = isRecord(record) ? record["output"] ?? null : null
  if (!isRecord(answer) || !Object.hasOwn(answer, "status") || !Object.hasOwn(answer, "headers")) return answer
  return { status: answer["status"]!, body: answer["body"] ?? answer["text"] ?? null }
}

const put = (record: ValueRecord, [name = "", ...rest]: ReadonlyArray<string>, value: Value): ValueRecord => {
  if (rest.length === 0) return { ...record, [name]: value }
  const inner = record[name]
  return { ...record, [name]: put(isRecord(inner) ? inner : {}, rest, value) }
}

/** Templates look like JSON objects to nobody: they begin with `$`. */
const valueOf = (text: string): Value => {
  if (!Json.looksLikeJson(text)) return text
  const parsed = Json.parse(text)
  return parsed._tag === "Success" ? parsed.success : text
}
