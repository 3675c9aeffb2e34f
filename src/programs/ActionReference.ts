/** Explains actions from their definitions: what `skein actions` prints, and the reference page. */
import type * as Action from "../scenario/Action.ts"
import { outputFields } from "../scenario/compile/StepWork.ts"
import * as EditorSchema from "../scenario/EditorSchema.ts"

export interface ActionInfo {
  readonly name: string
  readonly family: string
  readonly summary: string
  readonly effect: string
  readonly inputs: ReadonlyArray<
    { readonly name: string; readonly type: string; readonly required: boolean; readonly description: string }
  >
  /** Names in the order of Robogo's `args`; the first may stand alone. */
  readonly positional: ReadonlyArray<string>
  /** Fields of the output, or `value`; empty when it depends. */
  readonly outputs: ReadonlyArray<string>
  readonly robogo_names: ReadonlyArray<string>
  readonly examples: ReadonlyArray<{ readonly title: string; readonly yaml: string }>
}

/** One entry per action, in the order given. */
export const describe = (actions: ReadonlyArray<Action.Any>): ReadonlyArray<ActionInfo> =>
  actions.map((action) => ({
    name: action.name as string,
    family: action.family,
    summary: action.summary,
    effect: typeof action.effect === "function" ? "depends on its input" : action.effect,
    inputs: EditorSchema.inputsOf(action).map(({ description, name, required, type }) => ({
      name,
      type,
      required,
      description
    })),
    positional: action.positional,
    outputs: outputFields(action.output) ?? [],
    robogo_names: action.robogo?.names ?? [],
    examples: action.examples
  }))

/** A line per action, grouped by family. */
export const list = (infos: ReadonlyArray<ActionInfo>): string => {
  const width = Math.max(...infos.map((info) => info.name.length))
  return families(infos).map(([family, members]) =>
    [family, ...members.map((info) => `  ${info.name.padEnd(width)}  ${info.summary}`)].join("\n")
  ).join("\n\n")
}

/** Everything about one action. */
export const explain = (info: ActionInfo): string => {
  const width = Math.max(0, ...info.inputs.map((input) => input.name.length))
  const inputs = info.inputs.map((input) =>
    `  ${input.name.padEnd(width)}  ${input.description}${input.required ? " (required)" : ""}; ${input.type}`
  )
  return [
    `${info.name}: ${info.summary}`,
    "",
    "Inputs",
    ...inputs.length === 0 ? ["  none"] : inputs,
    ...info.positional.length === 0
      ? []
      : ["", `As a list: ${info.positional.join(", ")}. ${info.positional[0]} may stand alone.`],
    "",
    `Output: ${info.outputs.length === 0 ? "depends on the input" : info.outputs.join(", ")}`,
    `Changes the outside: ${info.effect}`,
    ...info.robogo_names.length === 0 ? [] : [`Also in Robogo files as: ${info.robogo_names.join(", ")}`],
    ...info.examples.flatMap((example) => ["", `# ${example.title}`, example.yaml.trimEnd()])
  ].join("\n")
}

/** The reference page, as Markdown. */
export const markdown = (infos: ReadonlyArray<ActionInfo>): string =>
  [
    "# Actions",
    "",
    "Made from the definitions in `src/scenario/actions` by `npm run docs`. The tests run every example.",
    ...families(infos).flatMap(([family, members]) => ["", `## ${family}`, ...members.flatMap(markdownOf)])
  ].join("\n") + "\n"

const markdownOf = (info: ActionInfo): ReadonlyArray<string> => [
  "",
  `### ${info.name}`,
  "",
  `${info.summary}.`,
  "",
  ...info.inputs.length === 0 ? ["It has no inputs."] : [
    "| input | type | |",
    "| --- | --- | --- |",
    ...info.inputs.map((input) =>
      `| \`${input.name}\`${input.required ? " (required)" : ""} | ${cell(input.type)} | ${cell(input.description)} |`
    )
  ],
  "",
  ...info.positional.length === 0 ? [] : [`As a list: ${info.positional.map((name) => `\`${name}\``).join(", ")}.`, ""],
  `Output: ${
    info.outputs.length === 0 ? "depends on the input" : info.outputs.map((name) => `\`${name}\``).join(", ")
  }. Effect: ${info.effect}.`,
  ...info.robogo_names.length === 0
    ? []
    : [`In Robogo files also ${info.robogo_names.map((name) => `\`${name}\``).join(", ")}.`],
  ...info.examples.flatMap((example) => ["", `${example.title}:`, "", "```yaml", example.yaml.trimEnd(), "```"])
]

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ")

const families = (infos: ReadonlyArray<ActionInfo>): ReadonlyArray<readonly [string, ReadonlyArray<ActionInfo>]> => {
  const groups = new Map<string, Array<ActionInfo>>()
  for (const info of infos) groups.set(info.family, [...groups.get(info.family) ?? [], info])
  return [...groups]
}
