/** Elements of XML with their texts escaped, as the JUnit reports write them. */
import * as ReportText from "./ReportText.ts"

/** Returns an element of a test case; control characters in its content are shown as signs. */
export const element = (name: string, attrs: Readonly<Record<string, string>>, content: string): string =>
  `      <${name}${attributes(attrs)}>${ReportText.escapeMarkup(ReportText.visible(content))}</${name}>\n`

export const attributes = (attrs: Readonly<Record<string, string>>): string =>
  Object.entries(attrs).map(([key, value]) => ` ${key}="${ReportText.escapeMarkup(value)}"`).join("")
