/** `template`: a text made of data by a template of Go's `text/template`, inline or in a file. */
import { Effect, type FileSystem, type Path, Result, Schema } from "effect"
import { field, isRecord, type Value } from "../../core/Value.ts"
import * as Action from "../Action.ts"
import * as GoTemplate from "../data/GoTemplate.ts"
import * as Text from "../expression/Text.ts"
import * as Fields from "../Fields.ts"
import { named } from "../robogo/RobogoArguments.ts"
import * as InputFile from "../steps/InputFile.ts"

const input = Schema.Struct({
  text: Fields.optional(
    Fields.Text,
    "The template: {{.name}}, {{range .items}}, {{if}}, {{with}}, {{.total | printf \"%.2f\"}}"
  ),
  file: Fields.optional(Fields.Text, "The file it is in, relative to the scenario's folder"),
  data: Fields.optional(Schema.Record(Schema.String, Fields.Value), "What the template sees [default: the variables]"),
  with_variables: Fields.optional(
    Fields.Flag,
    "Let it see the variables too, under those of data [default: false with data]"
  )
})
type Input = typeof input.Type

export const template = Action.make({
  name: "template",
  family: "text",
  summary: "Makes a text of data by a template in Go's way, inline or in a file",
  input,
  positional: ["text", "data"],
  validate: (present) => present.has("text") === present.has("file") ? ["give either `text` or `file`"] : [],
  output: Schema.String,
  effect: (constants) => constants["file"] === undefined ? "none" : "read",
  robogo: {
    names: ["swift_message"],
    input: (args, options, name) =>
      name === "swift_message"
        ? {
          ...named(["file", "data"], args, options),
          file: `templates/swift/${Text.goText(args[0] ?? "")}`,
          with_variables: true
        }
        : named(["file", "data"], args, options)
  },
  examples: [
    {
      title: "A list",
      yaml: `steps:
  - template:
      text: "{{range .items}}{{.sku}} x {{.count}};{{end}}"
      data: { items: [{ sku: A1, count: 2 }, { sku: B2, count: 1 }] }
    expect: value == 'A1 x 2;B2 x 1;'
`
    },
    {
      title: "A message in a file, with the variables",
      yaml: `vars: { sender: DEUTDEFF, amount: 1234.5 }
steps:
  - file_write: { path: build/message.txt, content: ":50K:{{.sender}}\\n:32A:EUR{{printf \\"%.2f\\" .amount}}\\n" }
  - template: { file: build/message.txt }
    expect: value == ":50K:DEUTDEFF\\n:32A:EUR1234.50\\n"
`
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const text = input.file === undefined ? input.text ?? "" : yield* textOf(input.file, context)
    const rendered = GoTemplate.render(text, dataOf(input, context), {
      write: context.robogo ? Text.goText : Text.write
    })
    if (Result.isSuccess(rendered)) return rendered.success
    return yield* new Action.ActionError({
      reason: "Invalid",
      message: `template${input.file === undefined ? "" : ` ${input.file}`}: ${rendered.failure.message}`
    })
  })
})

const dataOf = (input: Input, context: Action.ActionContext) =>
  input.data === undefined
    ? context.variables
    : input.with_variables === true
    ? { ...context.variables, ...input.data }
    : input.data

/** The text of a template that a Robogo case names under `templates:`, or of a file. */
const textOf = (
  name: string,
  context: Action.ActionContext
): Effect.Effect<string, Action.ActionError, FileSystem.FileSystem | Path.Path> => {
  const templates: Value | undefined = context.robogo ? field(context.settings, "templates") : undefined
  const inline = isRecord(templates) ? field(templates, name) : undefined
  if (typeof inline === "string") return Effect.succeed(inline)
  const file = InputFile.readText(name, context)
  // That tool's own templates lie in a folder of that name.
  return !context.robogo ?
    file :
    Effect.catch(file, (error) => Effect.mapError(InputFile.readText(`templates/${name}`, context), () => error))
}
