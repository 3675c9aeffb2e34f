/**
 * Schemas for the inputs of actions. They decode what a file or an expression gives, leniently where a person would be
 * (a number where text is wanted), strictly where a mistake would hide.
 */
import { Duration as EffectDuration, Effect, Schema, SchemaIssue, SchemaTransformation } from "effect"
import * as ByteSize from "../core/ByteSize.ts"
import * as DurationText from "../core/DurationText.ts"
import { isArray, isRecord, type Value as AnyValue, type ValueRecord } from "../core/Value.ts"
import type { Condition, NestedStep } from "./Action.ts"

/** The annotation by which the compiler finds fields that are not templates. */
export const fieldKind = "skein/field"

/** Any value of any kind. */
export const Value: Schema.Codec<AnyValue> = Schema.declare(
  (value: unknown): value is AnyValue => value !== undefined,
  {
    expected: "any value"
  }
)

/** Text; numbers, big integers and booleans are written as text. */
export const Text: Schema.Codec<string, string | number | bigint | boolean> = Schema.Union([
  Schema.String,
  Schema.Finite,
  Schema.BigInt,
  Schema.Boolean
]).pipe(Schema.decodeTo(
  Schema.String,
  SchemaTransformation.transform({ decode: String, encode: (text: string): string | number | bigint | boolean => text })
))

/** A URL, or the name of a connection of `skein.yaml`: one that is not there is found by `check`. */
export const Connection: Schema.Codec<string> = Schema.declare(
  (input: unknown): input is string => typeof input === "string",
  { expected: "a URL or the name of a connection", [fieldKind]: "connection" }
)

/** A map of fields, such as a document or a filter. */
export const Document: Schema.Codec<ValueRecord> = Schema.declare(isRecord, {
  expected: "a map of fields",
  [fieldKind]: "document"
})

/** A list of such maps. */
export const Documents: Schema.Codec<ReadonlyArray<ValueRecord>> = Schema.declare(
  (input: unknown): input is ReadonlyArray<ValueRecord> => isArray(input) && input.every(isRecord),
  { expected: "a list of maps", [fieldKind]: "documents" }
)

/** A duration: `200ms`, `1m30s`, or a number of seconds. */
export const Duration: Schema.Codec<EffectDuration.Duration, string | number> = Schema.Union([
  Schema.String,
  Schema.Finite
]).pipe(Schema.decodeTo(
  Schema.declare(EffectDuration.isDuration, { expected: "a duration such as 200ms, 30s or 1m30s" }),
  SchemaTransformation.transformEffect({
    decode: (input: string | number, options) => {
      const duration = typeof input === "number" ? EffectDuration.seconds(input) : DurationText.parse(input)
      return duration === undefined || EffectDuration.toMillis(duration) < 0
        ? Effect.fail(
          new SchemaIssue.InvalidValue({ message: "Expected a duration such as 200ms, 30s or 1m30s" }, input, options)
        )
        : Effect.succeed(duration)
    },
    encode: (duration) => Effect.succeed(DurationText.format(duration) as string | number)
  })
))

/** What {@link Duration} gives. */
export type DurationValue = EffectDuration.Duration

/** A number of bytes: `10MB`, `64KiB`, or a number. */
export const Bytes: Schema.Codec<number, string | number> = Schema.Union([Schema.String, Schema.Finite]).pipe(
  Schema.decodeTo(
    Schema.Int,
    SchemaTransformation.transformEffect({
      decode: (input: string | number, options) => {
        const bytes = typeof input === "number" ? input : ByteSize.parse(input)
        return bytes === undefined || bytes < 0
          ? Effect.fail(
            new SchemaIssue.InvalidValue({ message: "Expected a size such as 10MB or 64KiB" }, input, options)
          )
          : Effect.succeed(bytes)
      },
      encode: (bytes) => Effect.succeed(bytes as string | number)
    })
  )
)

/** A whole number; text that is one is taken (Robogo files quote them). */
export const Int: Schema.Codec<number, string | number> = Schema.Union([Schema.String, Schema.Finite]).pipe(
  Schema.decodeTo(
    Schema.Int,
    SchemaTransformation.transformEffect({
      decode: (input: string | number, options) =>
        (typeof input === "number" || /^[+-]?\d+$/.test(input.trim())) &&
          Number.isSafeInteger(Number(input))
          ? Effect.succeed(Number(input))
          : Effect.fail(new SchemaIssue.InvalidValue({ message: "Expected a whole number" }, input, options)),
      encode: (number) => Effect.succeed(number as string | number)
    })
  )
)

/** A number; text that is one is taken (Robogo files quote them). */
export const Finite: Schema.Codec<number, string | number> = Schema.Union([Schema.String, Schema.Finite]).pipe(
  Schema.decodeTo(
    Schema.Finite,
    SchemaTransformation.transformEffect({
      decode: (input: string | number, options) =>
        typeof input === "number" || /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(input)
          ? Effect.succeed(Number(input))
          : Effect.fail(new SchemaIssue.InvalidValue({ message: "Expected a number" }, input, options)),
      encode: (number) => Effect.succeed(number as string | number)
    })
  )
)

/** True or false; the texts `true` and `false` are taken. */
export const Flag: Schema.Codec<boolean, string | boolean> = Schema.Union([Schema.String, Schema.Boolean]).pipe(
  Schema.decodeTo(
    Schema.Boolean,
    SchemaTransformation.transformEffect({
      decode: (input: string | boolean, options) =>
        typeof input === "boolean"
          ? Effect.succeed(input)
          : input === "true" || input === "false"
          ? Effect.succeed(input === "true")
          : Effect.fail(new SchemaIssue.InvalidValue({ message: "Expected true or false" }, input, options)),
      encode: (flag) => Effect.succeed(flag as string | boolean)
    })
  )
)

/** A record of texts, such as headers. */
export const TextRecord = Schema.Record(Schema.String, Text)

const isCondition = (input: unknown): input is Condition =>
  typeof input === "object" && input !== null && "evaluate" in input && "explain" in input

/** One bare expression, as in `if`. The action receives a {@link Condition}. */
export const Expression: Schema.Codec<Condition> = Schema.declare(isCondition, {
  expected: "an expression",
  [fieldKind]: "expression"
})

/** One bare expression or a list of them. The action receives a list. */
export const Expressions: Schema.Codec<ReadonlyArray<Condition>> = Schema.declare(
  (input: unknown): input is ReadonlyArray<Condition> => Array.isArray(input) && input.every(isCondition),
  { expected: "an expression or a list of expressions", [fieldKind]: "expressions" }
)

/** The annotation with the names that expressions of a field see before all others. */
export const fieldNames = "skein/names"

/** As {@link Expressions}, about something that the action finds: `names` are its parts. */
export const expressionsOver = (names: ReadonlyArray<string>): typeof Expressions =>
  Schema.declare(
    (input: unknown): input is ReadonlyArray<Condition> => Array.isArray(input) && input.every(isCondition),
    { expected: "an expression or a list of expressions", [fieldKind]: "expressions", [fieldNames]: new Set(names) }
  )

/** Text that takes no `${}`, such as SQL: a value pasted into it could change what it does. */
export const PlainText: Schema.Codec<string> = Schema.declare(
  (input: unknown): input is string => typeof input === "string",
  { expected: "text", [fieldKind]: "plain" }
)

/** One SQL statement with the values of its `$1`, `$2`, ... */
export interface Statement {
  readonly text: string
  readonly params: ReadonlyArray<AnyValue>
}

/** A list of statements, each `{ execute: SQL, params: [...] }`, `{ query: SQL, params: [...] }` or SQL alone. */
export const Statements: Schema.Codec<ReadonlyArray<Statement>, ReadonlyArray<AnyValue>> = Schema.Array(Schema.Union([
  Schema.String,
  Schema.Struct({ execute: Schema.String, params: Schema.optionalKey(Schema.Array(Value)) }),
  Schema.Struct({ query: Schema.String, params: Schema.optionalKey(Schema.Array(Value)) })
])).pipe(
  Schema.decodeTo(
    Schema.declare((input: unknown): input is ReadonlyArray<Statement> => Array.isArray(input), {
      expected: "a list of statements"
    }),
    SchemaTransformation.transform({
      decode: (items): ReadonlyArray<Statement> =>
        items.map((item) =>
          typeof item === "string"
            ? { text: item, params: [] }
            : { text: "execute" in item ? item.execute : item.query, params: item.params ?? [] }
        ),
      encode: (statements) => statements.map(({ params, text }) => ({ execute: text, params }))
    })
  ),
  (schema) => (schema as unknown as { annotate: (a: unknown) => never }).annotate({ [fieldKind]: "statements" })
)

/** A step: a map with an action key, and controls. The action receives a {@link NestedStep}. */
export const Step: Schema.Codec<NestedStep> = Schema.declare(
  (input: unknown): input is NestedStep => typeof input === "object" && input !== null && "run" in input,
  { expected: "a step", [fieldKind]: "step" }
)

/** Where a secret comes from, as under `secrets:`. A map may stand for the whole input. */
export const Source: Schema.Codec<AnyValue> = Schema.declare(
  (value: unknown): value is AnyValue => value !== undefined,
  { expected: "where the secret comes from", [fieldKind]: "source" }
)

/** Adds the one-line description that the reference and the editor show. */
export const describe = <S extends Schema.Top>(schema: S, description: string): S =>
  (schema as unknown as { annotate: (a: unknown) => S }).annotate({ description })

/** An input that may be left out. */
export const optional = <S extends Schema.Top>(schema: S, description: string): Schema.optionalKey<S> =>
  Schema.optionalKey(describe(schema, description))
