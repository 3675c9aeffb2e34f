/** The page of functions, written from their definitions. `docs/expressions.md` holds its text between two markers. */
import * as Functions from "./Functions.ts"

const families = ["any value", "text", "lists", "objects", "numbers", "time"] as const

const titles: Readonly<Record<(typeof families)[number], string>> = {
  "any value": "Any value",
  text: "Text",
  lists: "Lists",
  objects: "Objects",
  numbers: "Numbers",
  time: "Time"
}

/** Returns Markdown: a table per family, a row per function. */
export const functionTables = (): string =>
  families.map((family) => {
    const rows = Functions.functions.filter((definition) => definition.family === family).map(row)
    return [`### ${titles[family]}`, "", "| function | what it gives | example |", "| --- | --- | --- |", ...rows].join(
      "\n"
    )
  }).join("\n\n")

const row = ({ aliases = [], example: [expression, value], signature, summary }: Functions.KnownFunction): string => {
  const names = aliases.length === 0 ? "" : ` (also \`${aliases.join("`, `")}\`)`
  return `| ${code(signature)}${names} | ${escape(summary)} | ${code(expression)} is ${code(value)} |`
}

const escape = (text: string): string => text.replaceAll("|", "\\|")

const code = (text: string): string => `\`${escape(text)}\``
