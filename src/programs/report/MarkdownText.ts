/** Text from outside inside Markdown. */
import * as ReportText from "./ReportText.ts"

/** Returns `value` on one line, without a meaning to Markdown, HTML, tables, mentions and links. */
export const plain = (value: string): string =>
  ReportText.name(value).replace(/[\\`*_[\]<>&|~#@!:"']/g, (c) => `&#${c.charCodeAt(0)};`)
