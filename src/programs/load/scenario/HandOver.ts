/**
 * What the main thread has put up for the scenarios of a load, as plain data for others: what setups saved, where mocks are, the rows of
 * queries. Files, secrets and the rest each thread reads and fetches itself.
 */
import { Effect, Result, Schema } from "effect"
import * as Json from "../../../core/Json.ts"
import { isArray, isRecord, type Value } from "../../../core/Value.ts"
import { type Handed, type LoadScenario, LoadScenarioError } from "../LoadScenarios.ts"
import * as OneThread from "./OneThread.ts"

export const Plain = Schema.Array(Schema.Struct({
  file: Schema.String,
  /** The texts of JSON, in which big integers stay exact. */
  saved: Schema.String,
  rows: Schema.NullOr(Schema.String),
  /** Their URLs, by name. */
  mocks: Schema.Record(Schema.String, Schema.String)
}))

/** Fails with all that threads cannot share of the first scenario that has such things. */
export const make = (
  scenarios: ReadonlyArray<LoadScenario>
): Effect.Effect<typeof Plain.Type, LoadScenarioError> =>
  Effect.forEach(scenarios, (scenario) => {
    const { compiled: { scenario: { data } }, file, mocks, name, rows, saved } = scenario
    const obstacles = OneThread.obstacles(scenario)
    return obstacles.length > 0
      ? new LoadScenarioError({
        scenario: name,
        reason: "file",
        detail: obstacles.map(({ detail }) => detail).join("; "),
        hint: [...new Set(obstacles.map(({ hint }) => hint))].join("; ")
      })
      : Effect.succeed({
        file,
        saved: Json.stringify(saved),
        rows: data?._tag === "Query" && rows !== undefined ? Json.stringify(rows) : null,
        mocks: Object.fromEntries([...mocks].map(([name, read]) => [name, urlOf(read())]))
      })
  })

/** The other side of {@link make}. A defect for anything else. */
export const read = (plain: unknown): ReadonlyArray<Handed> =>
  decode(plain).map(({ file, mocks, rows, saved }) => {
    const values = parse(saved)
    const list = rows === null ? undefined : parse(rows)
    return {
      file,
      saved: isRecord(values) ? values : {},
      rows: list !== undefined && isArray(list) ? list : undefined,
      mocks: new Map(Object.entries(mocks).map(([name, url]) => [name, () => ({ url })]))
    }
  })

const decode = Schema.decodeUnknownSync(Plain)
const parse = (text: string): Value => Result.getOrThrow(Json.parse(text))

const urlOf = (mock: Value): string => isRecord(mock) && typeof mock["url"] === "string" ? mock["url"] : ""
