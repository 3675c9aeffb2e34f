/**
 * Workflow commands of GitHub Actions: lines on stdout that its runner turns into annotations.
 *
 * @see https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
import * as TerminalText from "./TerminalText.ts"

/**
 * Returns one line `::name key=value,...::message`. Nothing in a value or the message can end the command, begin another
 * one or speak to a terminal: line breaks, `%`, and in values `:` and `,` are percent-encoded, control characters dropped.
 */
export const write = (
  name: "error" | "warning" | "notice",
  properties: Readonly<Record<string, string | number>>,
  message: string
): string => {
  const written = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(String(value))}`)
  return `::${name}${written.length === 0 ? "" : ` ${written.join(",")}`}::${escapeData(message)}`
}

const escapeData = (text: string): string =>
  TerminalText.strip(text).replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A")

const escapeProperty = (text: string): string => escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C")
