/** `jq`, `jsonpath`, `xpath`, `regex`: questions to data. The same languages serve the control `extract`. */
import { Effect, Result, Schema } from "effect"
import * as LinearRegex from "../../core/LinearRegex.ts"
import type { Value } from "../../core/Value.ts"
import * as Action from "../Action.ts"
import * as Fields from "../Fields.ts"
import * as Extract from "../run/Extract.ts"

const data = Fields.describe(Fields.Value, "The data to look at")

export const jq = Action.make({
  name: "jq",
  family: "query",
  summary: "Runs a jq program; one result is itself, none is null, several are a list",
  input: Schema.Struct({ data, query: Fields.describe(Fields.Text, "The program; text as data starts with fromjson") }),
  positional: ["data", "query"],
  output: Schema.Unknown,
  effect: "none",
  examples: [
    {
      title: "Names of what is cheap",
      yaml: `vars: { items: [{ sku: A1, price: 5 }, { sku: B2, price: 20 }] }
steps:
  - jq: { data: "\${items}", query: "[.[] | select(.price < 10) | .sku]" }
    expect: value == ['A1']
`
    },
    {
      title: "JSON inside text",
      yaml: "steps:\n  - jq: { data: '{\"a\": 1}', query: fromjson | .a }\n    expect: value == 1\n"
    }
  ],
  run: (input) => Extract.byJq(input.query, input.data)
})

export const jsonpath = Action.make({
  name: "jsonpath",
  family: "query",
  summary: "Finds values by a JSONPath (RFC 9535); a list unless the path can name one value only",
  input: Schema.Struct({ data, path: Fields.describe(Fields.Text, "The path") }),
  positional: ["data", "path"],
  output: Schema.Unknown,
  effect: "none",
  examples: [
    {
      title: "One value",
      yaml: "steps:\n  - jsonpath: { data: { items: [{ id: 7 }] }, path: \"$.items[0].id\" }\n    expect: value == 7\n"
    },
    {
      title: "All that match",
      yaml: `steps:
  - jsonpath:
      data: { items: [{ id: 1, sku: A1 }, { id: 2, sku: B2 }] }
      path: "$.items[?match(@.sku, 'B.')].id"
    expect: value == [2]
`
    }
  ],
  run: (input) => Extract.byJsonPath(input.path, input.data)
})

export const xpath = Action.make({
  name: "xpath",
  family: "query",
  summary: "Finds text in XML by an XPath; a document with a DOCTYPE is refused",
  input: Schema.Struct({
    xml: Fields.describe(Fields.Text, "The document"),
    query: Fields.describe(Fields.Text, "The XPath; names match as they are written in the document"),
    multiple: Fields.optional(Fields.Flag, "All that is found, as a list [default: the first, or null]"),
    namespaces: Fields.optional(Fields.TextRecord, "Namespaces by prefix; names then match by namespace")
  }),
  positional: ["xml", "query"],
  output: Schema.Unknown,
  effect: "none",
  examples: [
    {
      title: "The first text",
      yaml: "steps:\n  - xpath: { xml: \"<o><id>7</id></o>\", query: /o/id }\n    expect: value == '7'\n"
    },
    {
      title: "All attributes, and a number",
      yaml: `vars: { order: "<o xmlns='urn:o'><item sku='A1'/><item sku='B2'/></o>" }
steps:
  - xpath: { xml: "\${order}", query: //item/@sku, multiple: true }
    expect: value == ['A1', 'B2']
  - xpath: { xml: "\${order}", query: count(//i:item), namespaces: { i: "urn:o" } }
    expect: value == 2
`
    }
  ],
  run: (input) => Extract.byXPath({ ...input, xpath: input.query }, input.xml)
})

export const regex = Action.make({
  name: "regex",
  family: "query",
  summary: "Searches a text by a pattern (RE2 syntax, linear time), and replaces when told",
  input: Schema.Struct({
    text: Fields.describe(Fields.Text, "The text"),
    pattern: Fields.describe(Fields.Text, "The pattern"),
    flags: Fields.optional(Fields.Text, "Letters of i (any case), m (lines), s (dot matches line ends)"),
    all: Fields.optional(Fields.Flag, "List every match in `matches` [default: false]"),
    replace: Fields.optional(
      Fields.Text,
      "Put this in the place of every match; $1, $<name> and $& are groups and match"
    )
  }),
  positional: ["text", "pattern"],
  output: Schema.Struct({
    matched: Schema.Boolean,
    match: Schema.NullOr(Schema.String),
    index: Schema.NullOr(Schema.Int),
    groups: Schema.Array(Schema.NullOr(Schema.String)),
    named: Schema.Record(Schema.String, Schema.NullOr(Schema.String)),
    matches: Schema.optionalKey(Schema.Array(Schema.Unknown)),
    result: Schema.optionalKey(Schema.String)
  }),
  effect: "none",
  examples: [
    {
      title: "Groups",
      yaml: `steps:
  - regex: { text: "order 42 of Ada", pattern: "order (\\\\d+) of (?P<who>\\\\w+)" }
    expect: [matched, "groups[0] == '42'", named.who == 'Ada']
`
    },
    {
      title: "Every match, and a replacement",
      yaml: `steps:
  - regex: { text: a1b22, pattern: "\\\\d+", all: true, replace: "<$&>" }
    expect: [size(matches) == 2, "matches[1].match == '22'", "result == 'a<1>b<22>'"]
`
    }
  ],
  run: Effect.fnUntraced(function*(input) {
    const regex = yield* orInvalid(LinearRegex.compile(input.pattern, input.flags))
    const first = regex.exec(input.text)
    const found = first === undefined
      ? { matched: false, match: null, index: null, groups: [], named: {} }
      : { matched: true, ...partsOf(first) }
    const matches = input.all === true ? yield* orInvalid(regex.matchAll(input.text)) : undefined
    const result = input.replace === undefined
      ? undefined
      : yield* orInvalid(regex.replaceAll(input.text, input.replace))
    return {
      ...found,
      ...(matches === undefined ? {} : { matches: matches.map(partsOf) }),
      ...(result === undefined ? {} : { result })
    }
  })
})

const partsOf = (match: LinearRegex.Match): { readonly [key: string]: Value } => ({
  match: match.text,
  index: match.index,
  groups: match.groups.map((group) => group ?? null),
  named: Object.fromEntries(Object.entries(match.named).map(([name, text]) => [name, text ?? null]))
})

const orInvalid = <A>(result: Result.Result<A, LinearRegex.RegexProblem>): Effect.Effect<A, Action.ActionError> =>
  Result.match(result, {
    onFailure: ({ hint, message }) =>
      Effect.fail(
        new Action.ActionError({
          reason: "Invalid",
          message: `regex: ${message}`,
          ...(hint === undefined ? {} : { hint })
        })
      ),
    onSuccess: (value) => Effect.succeed(value)
  })
