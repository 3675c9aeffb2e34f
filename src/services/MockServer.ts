/**
 * Stub HTTP APIs on loopback for the life of a case: what `mocks:` in a scenario declares.
 *
 * Implementation: `layers/embedded/NodeMockServer`. `layers/fake/FakeHttpClient` answers by the same definitions without a
 * socket. `http/MockRoutes` is what the two share.
 */
import { Context, Effect, Schema, SchemaIssue, type Scope } from "effect"
import * as DurationText from "../core/DurationText.ts"
import type { Value, ValueRecord } from "../core/Value.ts"

const AnyValue: Schema.Codec<Value> = Schema.declare((value: unknown): value is Value => value !== undefined, {
  expected: "any value"
})

const describe = <S extends Schema.Top>(schema: S, description: string): S =>
  (schema as unknown as { annotate: (annotations: unknown) => S }).annotate({ description })

const optional = <S extends Schema.Top>(schema: S, description: string): Schema.optionalKey<S> =>
  Schema.optionalKey(describe(schema, description))

const Text = Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])

const Delay = Schema.Union([Schema.String, Schema.Finite]).check(
  Schema.makeFilter(
    (delay: string | number) => typeof delay === "number" ? delay >= 0 : DurationText.parse(delay) !== undefined,
    {
      expected: "a duration such as 200ms, or a number of seconds"
    }
  )
)

/** What a request must hold for an answer to be given. Everything named must be there; more may be. */
export const Match = Schema.Struct({
  query: optional(Schema.Record(Schema.String, Text), "Query parameters with their values"),
  headers: optional(Schema.Record(Schema.String, Text), "Headers with their values; names in any case"),
  json: optional(AnyValue, "A part of the JSON body: objects may have more fields, everything else must be equal")
})

/** One answer of a route. */
export const Answer = Schema.Struct({
  status: optional(Schema.Int.check(Schema.isBetween({ minimum: 200, maximum: 599 })), "Status [default: 200]"),
  headers: optional(
    Schema.Record(Schema.String, Schema.Union([Text, Schema.Array(Text)])),
    "Headers; a list repeats one"
  ),
  json: optional(AnyValue, "The body as data; sent as JSON"),
  text: optional(Schema.String, "The body as text"),
  delay: optional(Delay, "How long the server thinks before it answers [default: not at all]"),
  match: optional(Match, "Give this answer only to requests that hold this; such answers are looked at first"),
  echo: optional(Schema.Boolean, "Answer with the request as JSON: method, path, params, query, headers, body"),
  drop: optional(Schema.Boolean, "Close the connection instead of answering")
})
export type Answer = typeof Answer.Type

/** A stub API. Keys of `routes` are `METHOD /path`, or `/path` for any method; see `http/MockRoutes` for the patterns. */
export const Definition = Schema.Struct({
  routes: optional(
    Schema.Record(
      Schema.String,
      Schema.Union([Answer, Schema.Array(Answer), Schema.Struct({ sequence: Schema.Array(Answer) })])
    ),
    "Answers by method and path: `GET /users/:id`, `POST /orders`, `/files/*`; a list is given one by one, the last again and again"
  ),
  echo: optional(Schema.Boolean, "Answer requests that no route is for with the request itself, instead of 404")
})
export type Definition = typeof Definition.Type

/** A definition that cannot be served, or a server that cannot be started. `problems` has one sentence each. */
export class MockServerError extends Schema.TaggedError<MockServerError>()("MockServerError", {
  reason: Schema.Literals(["Invalid", "Unavailable"]),
  problems: Schema.Array(Schema.String),
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `the mock server cannot be started: ${this.problems.join("; ")}`
  }
}

/** A mock server that runs. */
export interface Running {
  /** `http://127.0.0.1:port`, without a slash at the end. */
  readonly url: string
  /**
   * The requests it got, oldest first: `method`, `path`, `params`, `query`, `headers`, `body` (data when it was JSON, else
   * text, null when there was none) and the `status` it answered with. At most the last {@link maxCalls}.
   */
  readonly calls: () => ReadonlyArray<ValueRecord>
}

/** Calls that are remembered; older ones are forgotten. */
export const maxCalls = 1_000

export class MockServer extends Context.Service<MockServer, {
  /** Starts a server on a free port of loopback. It ends with the scope, and its connections with it. */
  readonly start: (definition: Definition) => Effect.Effect<Running, MockServerError, Scope.Scope>
}>()("skein/services/MockServer") {}

/** Starts a server from data, such as that of a file. Fails with all that is wrong with it at once. */
export const startFrom = (
  definition: unknown
): Effect.Effect<Running, MockServerError, MockServer | Scope.Scope> =>
  Effect.flatMap(
    Effect.mapError(decode(definition, { errors: "all", onExcessProperty: "error" }), (error) =>
      new MockServerError({ reason: "Invalid", problems: formatIssue(error.issue).issues.map(sentence) })),
    (decoded) =>
      MockServer.use((server) => server.start(decoded))
  )

const decode = Schema.decodeUnknownEffect(Definition)
const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

const sentence = (issue: { readonly message: string; readonly path?: ReadonlyArray<unknown> | undefined }): string => {
  const path = (issue.path ?? []).map(String).join(".")
  return path === "" ? issue.message : `${path}: ${issue.message}`
}
