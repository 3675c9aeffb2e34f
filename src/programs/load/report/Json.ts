/** The result itself as one JSON document: what `skein load --format json` prints and `skein load compare` reads. */
import { Schema } from "effect"
import { Comparison } from "../compare/Comparison.ts"
import { LoadResult } from "../LoadResult.ts"

/** Returns the result as one line of JSON. Lone surrogates are written as escapes, so the text is always valid UTF-8. */
export const write = (result: LoadResult): string => `${JSON.stringify(result)}\n`

/** The JSON Schema of it: `skein schema --of load-result`. */
export const schema = (): Record<string, unknown> => schemaOf(LoadResult)

/** The JSON Schema of what `skein load compare` finds: `skein schema --of load-comparison`. */
export const comparisonSchema = (): Record<string, unknown> => schemaOf(Comparison)

const schemaOf = (shape: Schema.Top): Record<string, unknown> => {
  const { definitions, schema } = Schema.toJsonSchemaDocument(shape)
  return { $schema: "https://json-schema.org/draft/2020-12/schema", ...schema, $defs: definitions }
}
