/** The reference of the configuration, made from its table: docs/configuration.md, and the schema that editors use for `skein.yaml`. */
import * as LoadReader from "../scenario/read/LoadReader.ts"
import type { JsonSchema } from "../scenario/read/Reader.ts"
import * as SecretReference from "../services/SecretReference.ts"
import * as Table from "./config/Table.ts"

/** Returns docs/configuration.md: one table per group of settings, then the free maps, then an example. */
export const markdown = (): string => {
  const groups = Map.groupBy(Table.keys, (key) => key.includes(".") ? key.slice(0, key.indexOf(".")) : "")
  const settings = [...groups].flatMap(([group, keys]) => [
    `## ${group === "" ? "The run" : `\`${group}\``}`,
    "",
    "| key | value | default | flag | what it is for |",
    "| --- | --- | --- | --- | --- |",
    ...keys.map(row),
    ""
  ])
  const sections = Object.entries(Table.sections).map(([key, description]) => `| \`${key}\` | ${description} |`)
  return [
    ...introduction,
    ...settings,
    "## Values for scenarios",
    "",
    "| key | what it is for |",
    "| --- | --- |",
    ...sections,
    "",
    ...example
  ]
    .join("\n")
}

/** Returns the JSON Schema of `skein.yaml`. */
export const schema = (): JsonSchema => ({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "skein configuration",
  ...groupSchema("")
})

const groupSchema = (prefix: string): JsonSchema => {
  const under = Table.keys.filter((key) => key.startsWith(prefix))
  const properties = under.map((key) => {
    const [name = "", ...rest] = key.slice(prefix.length).split(".")
    const { description, kind } = Table.of(key)
    return [
      name,
      rest.length > 0 ? short(groupSchema(`${prefix}${name}.`)) : { ...withTemplate(kind.reader.schema), description }
    ] as const
  })
  const sections = prefix === ""
    ? Object.entries(Table.sections).map(([key, description]) =>
      [key, { type: "object", description, ...contents[key as Table.Section] }] as const
    )
    : []
  return { type: "object", properties: Object.fromEntries([...properties, ...sections]), additionalProperties: false }
}

/** What stands in the sections that are not quite free. */
const contents: { readonly [S in Table.Section]?: JsonSchema } = {
  secrets: { additionalProperties: SecretReference.jsonSchema() },
  load: LoadReader.reader.schema
}

/** A group with `enabled` may be written as true or false. */
const short = (group: JsonSchema): JsonSchema =>
  typeof group["properties"] === "object" && group["properties"] !== null && "enabled" in group["properties"]
    ? { anyOf: [{ type: "boolean" }, group] }
    : group

const withTemplate = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: "string", pattern: "\\$\\{" }] })

const row = (key: Table.Key): string => {
  const { description, fallback, fallbackText, flag, kind } = Table.of(key)
  const value = fallbackText ?? `\`${kind.show(fallback(1) as NonNullable<unknown>)}\``
  return `| \`${key}\` | ${kind.name} | ${value} | ${flag === undefined ? "" : `\`--${flag}\``} | ${description} |`
}

const introduction = [
  "# Configuration",
  "",
  "A setting is taken from the first of these that has it: a flag, an environment variable, `skein.yaml`, its default.",
  "`skein config` shows every setting with its value and where that came from.",
  "",
  "`skein.yaml` is looked for in the working directory and in the folders above it; `--config FILE` names another one. The",
  "variable of a setting is its key in capitals with `SKEIN_` before it: `http.timeout` is `SKEIN_HTTP_TIMEOUT`. A file `.env` in",
  "the working directory adds to the environment (`--env-file FILE` reads another one, and then it must be there); variables",
  "that are set already stay as they are.",
  "",
  "Relative paths start at the folder of `skein.yaml` when they stand there, and at the working directory elsewhere. A text may",
  "hold `${env.NAME}`, with a fallback as in `${env.NAME ?? 'text'}`. Durations are written `200ms`, `30s`, `1m30s`; sizes `10MB`, `64KiB`.",
  ""
]

const example = [
  "## Example",
  "",
  "```yaml",
  "concurrency: 8",
  "http: { timeout: 10s, max_redirects: 3 }",
  "postgres: { url: \"${env.DATABASE_URL ?? 'embedded:'}\" }",
  "vars: { currency: EUR }",
  "secrets: { token: { env: API_TOKEN } }",
  "environments:",
  "  staging:",
  "    vars: { currency: USD }",
  "    base_urls: { shop: https://staging.shop.example }",
  "    secrets: { token: [{ env: STAGING_TOKEN }, { file: staging.token }] }",
  "```",
  "",
  "With `parallel: { max_concurrency: 4, steps: true }` a file of Robogo's is obeyed key by key: `enabled: false` runs one thing",
  "after the other everywhere, `test_cases: false` runs cases one after the other. A flag or variable for `concurrency` wins over the block.",
  ""
]
