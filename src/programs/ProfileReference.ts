/** Explains profiles from what was read: what `skein profile` prints, and the reference of the format. */
import type { ListForm } from "../profile/Format.ts"
import type { Profile } from "../profile/Profile.ts"
import * as ProfileFile from "../profile/Profile.ts"
import type { JsonSchema } from "../scenario/read/Reader.ts"

export interface ParameterInfo {
  readonly name: string
  readonly summary: string
  readonly required: boolean
  readonly choices?: ReadonlyArray<string>
}

export interface ThingInfo {
  readonly kind: "list" | "operation" | "workflow" | "download"
  /** As it is written on the command line: `pantheon:sites`. */
  readonly name: string
  readonly summary: string
  /** What follows the name: `SITE ENV`, `{site}.{env}`; empty when nothing does. */
  readonly target: string
  readonly parameters: ReadonlyArray<ParameterInfo>
  /** What is shown of each row; empty when that is everything. */
  readonly fields: ReadonlyArray<string>
  readonly destructive: boolean
  /** The kind of workflow that it starts. */
  readonly starts?: string
}

export interface ProfileInfo {
  readonly name: string
  readonly summary: string
  readonly file: string
  readonly secrets: ReadonlyArray<string>
  readonly things: ReadonlyArray<ThingInfo>
}

/** Everything that a profile offers, lists first. */
export const describe = (profile: Profile): ProfileInfo => ({
  name: profile.name,
  summary: profile.summary ?? "",
  file: profile.source.path,
  secrets: profile.form.secrets?.map(({ name }) => name) ?? [],
  things: thingsOf(profile)
})

const thingsOf = (profile: Profile): ReadonlyArray<ThingInfo> => {
  const base = { destructive: false, fields: [] }
  const nameOf = (name: string) => `${profile.name}:${name}`
  return [
    ...[...profile.lists].map(([name, list]): ThingInfo => ({
      ...base,
      kind: "list",
      name: nameOf(name),
      summary: list.summary ?? "",
      target: (list.args ?? []).map((arg) => arg.toUpperCase()).join(" "),
      parameters: parametersOf(list.with),
      fields: (list.fields ?? firstPartOf(profile, name)?.fields)?.map(({ name }) => name) ?? []
    })),
    ...[...profile.operations].map(([name, operation]): ThingInfo => ({
      ...base,
      kind: "operation",
      name: nameOf(name),
      summary: operation.summary ?? "",
      target: operation.target?.text ?? "",
      parameters: parametersOf(operation.with),
      destructive: operation.destructive ?? false,
      ...(operation.starts?.workflow === undefined ? {} : { starts: nameOf(operation.starts.workflow) })
    })),
    ...[...profile.workflows].map(([name, workflow]): ThingInfo => ({
      ...base,
      kind: "workflow",
      name: nameOf(name),
      summary: workflow.summary ?? "",
      target: workflow.handle?.text ?? "",
      parameters: []
    })),
    ...[...profile.downloads].map(([name, download]): ThingInfo => ({
      ...base,
      kind: "download",
      name: nameOf(name),
      summary: download.summary ?? "",
      target: download.target?.text ?? "",
      parameters: parametersOf(download.with),
      fields: download.elements ?? []
    }))
  ]
}

const firstPartOf = (profile: Profile, name: string) => {
  const part = profile.lists.get(name)?.merge?.[0]?.list
  return part === undefined ? undefined : profile.lists.get(part)
}

const parametersOf = (form: ListForm["with"]): ReadonlyArray<ParameterInfo> =>
  (form ?? []).map(({ name, value }) => ({
    name,
    summary: value.summary ?? "",
    required: value.default === undefined,
    ...(value.choices === undefined ? {} : { choices: value.choices })
  }))

const titles = { list: "Lists", operation: "Operations", workflow: "Workflows", download: "Downloads" } as const
const commands = {
  list: "skein paginate",
  operation: "skein batch",
  workflow: "skein wait",
  download: "skein download"
} as const

const usage = ({ name, target }: ThingInfo): string => `${name} ${target}`.trim()

/** A profile with a line for each of its things. */
export const explain = (info: ProfileInfo): string => {
  const width = Math.max(0, ...info.things.map((thing) => usage(thing).length))
  const sections = (Object.keys(titles) as ReadonlyArray<ThingInfo["kind"]>).flatMap((kind) => {
    const things = info.things.filter((thing) => thing.kind === kind)
    return things.length === 0 ? [] : [
      "",
      `${titles[kind]} (${commands[kind]})`,
      ...things.map((thing) =>
        `  ${usage(thing).padEnd(width)}  ${thing.summary}${thing.destructive ? " (destructive)" : ""}`
      )
    ]
  })
  return [`${info.name}: ${info.summary}`, info.file, ...sections].join("\n")
}

/** One thing with its parameters. */
export const explainThing = (thing: ThingInfo): string => {
  const width = Math.max(0, ...thing.parameters.map(({ name }) => name.length))
  return [
    thing.summary === "" ? thing.name : `${thing.name}: ${thing.summary}`,
    "",
    `${commands[thing.kind]} ${usage(thing)}`,
    ...thing.parameters.length === 0 ? [] : [
      "",
      "Parameters, by --with name=value",
      ...thing.parameters.map(({ choices, name, required, summary }) =>
        `  ${name.padEnd(width)}  ${summary}${choices === undefined ? "" : `; ${choices.join(", ")}`}${
          required ? " (required)" : ""
        }`
      )
    ],
    ...thing.fields.length === 0
      ? []
      : ["", `${thing.kind === "download" ? "Elements" : "Fields"}: ${thing.fields.join(", ")}`],
    ...thing.starts === undefined ? [] : ["", `Starts a workflow, which skein wait ${thing.starts} can wait for`],
    ...thing.destructive ? ["", "It takes away what cannot be brought back."] : []
  ].join("\n")
}

/** The keys of the format as Markdown: a table for each map, each map once. */
export const formatTables = (): string => {
  const tables: Array<string> = []
  const seen = new Set<string>()
  const walk = (path: ReadonlyArray<string>, schema: JsonSchema): void => {
    const properties = propertiesOf(schema)
    const required = schema["required"] as ReadonlyArray<string>
    tables.push([
      `### ${path.length === 0 ? "The file" : path.map((key) => `\`${key}\``).join(" › ")}`,
      "",
      "| key | |",
      "| --- | --- |",
      ...Object.entries(properties).map(([key, one]) => row(key, one, required.includes(key)))
    ].join("\n"))
    for (const [key, one] of Object.entries(properties)) {
      const inner = key === "secrets" ? undefined : mapIn(one)
      const text = JSON.stringify(inner)
      if (inner === undefined || seen.has(text)) continue
      seen.add(text)
      walk([...path, key], inner)
    }
  }
  walk([], ProfileFile.schema())
  return tables.join("\n\n")
}

const propertiesOf = (schema: JsonSchema) => schema["properties"] as Readonly<Record<string, JsonSchema>>

const row = (key: string, { description, enum: words }: JsonSchema, required: boolean): string => {
  const choices = Array.isArray(words) ? `: ${words.map((word) => `\`${word}\``).join(", ")}` : ""
  return `| \`${key}\`${required ? " (required)" : ""} | ${String(description).replaceAll("|", "\\|")}${choices} |`
}

/** The map with known keys that a value is, or that its entries or items are. */
const mapIn = (schema: JsonSchema): JsonSchema | undefined => {
  if (schema["properties"] !== undefined) return { properties: propertiesOf(schema), required: schema["required"] }
  const inner = [schema["additionalProperties"], schema["items"], ...(schema["anyOf"] as ReadonlyArray<unknown> ?? [])]
  for (const one of inner) {
    const found = typeof one === "object" && one !== null ? mapIn(one as JsonSchema) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

/** The page, with the tables between its two markers. */
export const markdown = (page: string): string => {
  const [before = "", , after = ""] = page.split(marker)
  return `${before}${marker}\n\n${formatTables()}\n\n${marker}${after}`
}

const marker = "<!-- keys -->"
