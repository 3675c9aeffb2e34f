/** `xml_parse` and `xml_build`. */
import { Effect, Result, Schema } from "effect"
import { isRecord, type Value } from "../../core/Value.ts"
import * as Action from "../Action.ts"
import * as Xml from "../data/Xml.ts"
import * as Fields from "../Fields.ts"

export const xmlParse = Action.make({
  name: "xml_parse",
  family: "data",
  summary: "Reads XML into @attributes, #text and children; what repeats is a list, and a DOCTYPE is refused",
  input: Schema.Struct({
    text: Fields.describe(Fields.Text, "The document"),
    prefixes: Fields.optional(Fields.Flag, "Keep the prefixes of names [default: true; false in Robogo files]")
  }),
  positional: ["text"],
  output: Schema.Record(Schema.String, Schema.Unknown),
  effect: "none",
  examples: [
    {
      title: "Attributes and text",
      yaml: `steps:
  - xml_parse: "<order id='7'><sku>A1</sku></order>"
    expect: ["order['@attributes'].id == '7'", "order.sku['#text'] == 'A1'"]
`
    },
    {
      title: "Children that repeat",
      yaml: `steps:
  - xml_parse: "<o><item>a</item><item>b</item></o>"
    expect: ["size(o.item) == 2", "o.item[1]['#text'] == 'b'"]
`
    }
  ],
  run: (input, context) =>
    Result.match(Xml.parse(input.text, { localNames: !(input.prefixes ?? !context.robogo) }), {
      onFailure: (problem) => invalid(`xml_parse: ${problem.message}`),
      onSuccess: (value) => Effect.succeed<Value>(value)
    })
})

export const xmlBuild = Action.make({
  name: "xml_build",
  family: "data",
  summary: "Writes a value as XML, escaped and in the order of its keys",
  input: Schema.Struct({
    value: Fields.describe(Fields.Value, "The value, with @attributes and #text as xml_parse gives them"),
    root_element: Fields.optional(
      Fields.Text,
      "The root element [default: the only key of the value, else root; root in Robogo files]"
    ),
    declaration: Fields.optional(Fields.Flag, "Start with <?xml ...?> [default: false]")
  }),
  positional: ["value"],
  output: Schema.String,
  effect: "none",
  robogo: {
    input: (args, { declaration, root_element, ...options }) => ({
      value: args.length === 1 ? args[0]! : args.length > 1 ? { items: args } : options,
      root_element: root_element ?? "root",
      declaration: declaration ?? false
    })
  },
  examples: [
    {
      title: "A document",
      yaml: `steps:
  - xml_build: { value: { order: { "@attributes": { id: 7 }, sku: [A1, B2], note: "a < b" } } }
    expect:
      - value == '<order id="7">\\n  <sku>A1</sku>\\n  <sku>B2</sku>\\n  <note>a &lt; b</note>\\n</order>\\n'
`
    },
    {
      title: "What was built is read again",
      yaml: `steps:
  - xml_build: { value: { a: 1 }, root_element: r, declaration: true }
    save: { document: value }
  - xml_parse: "\${document}"
    expect: "r.a['#text'] == '1'"
`
    }
  ],
  run: Effect.fnUntraced(function*(input) {
    const { declaration = false, value } = input
    const alone = input.root_element === undefined && isRecord(value) ? onlyElement(value) : undefined
    const root = alone === undefined ? input.root_element ?? "root" : alone[0]
    // A list has no root element of its own: it gets one.
    const content = alone === undefined ? (Array.isArray(value) ? { item: value } : value) : alone[1]
    const built = Xml.build(content, { root, declaration })
    return Result.isSuccess(built) ? built.success : yield* invalid(`xml_build: ${built.failure.message}`)
  })
})

/** The only key of a value, where it can be a root element. */
const onlyElement = (value: { readonly [key: string]: Value }): readonly [string, Value] | undefined => {
  const entries = Object.entries(value)
  const [first] = entries
  return entries.length === 1 && !/^[@#]|^text$/.test(first![0]) && !Array.isArray(first![1]) ? first : undefined
}

const invalid = (message: string) => Effect.fail(new Action.ActionError({ reason: "Invalid", message }))
