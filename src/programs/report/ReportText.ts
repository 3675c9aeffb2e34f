/**
 * Makes text from outside fit for a report file: of bounded length, well formed, and every character of it visible.
 *
 * Every writer passes names, messages and bodies through here; the escapes of its own format come after.
 */
import * as TerminalText from "../../core/TerminalText.ts"

/** Length, in UTF-16 units, to which a single text of a report is cut. */
export const maxText = 65_536

/** Cuts `text` to `max` UTF-16 units and says how much is missing; never between the halves of a surrogate pair. */
export const cut = (text: string, max: number = maxText): string => {
  if (text.length <= max) return text
  const last = text.charCodeAt(max - 1)
  const end = last >= 0xd800 && last <= 0xdbff ? max - 1 : max
  return `${text.slice(0, end)}… (${text.length - end} more characters left out)`
}

/**
 * Returns `text` cut, with control characters and reordering marks shown as signs, and with `\uFFFD` for what is no
 * character: lone surrogates, U+FFFE and U+FFFF. Line feeds and tabs stay; CR LF becomes LF.
 */
export const visible = (text: string, max: number = maxText): string => {
  const short = cut(text, max)
  if (printable.test(short)) return short
  return short.toWellFormed().replace(noCharacter, "\ufffd").split("\t").map(TerminalText.escapeLines).join("\t")
}

/** {@link visible} text on one line: white space around a line break becomes one space. */
export const oneLine = (text: string, max: number = 1_000): string =>
  visible(text, max).replaceAll("\t", " ").split("\n").map((line) => line.trim()).filter((line) => line !== "").join(
    " "
  )

/** A name on one line; `fallback` when nothing of it can be seen. */
export const name = (text: string, fallback: string = "(no name)"): string => {
  const line = oneLine(text)
  return line === "" ? fallback : line
}

/** A line of output that CI systems only show: Azure and GitHub obey `##[...` and `##vso[...` wherever they stand in a line. */
export const inert = (line: string): string => line.replace(/##(?=\[|vso\[|teamcity\[)/gi, "# #")

/** Text in which no character has a meaning to XML or HTML, in content and in quoted attributes. */
export const escapeMarkup = (text: string): string => text.replace(/[&<>"']/g, (c) => markup[c]!)

const printable = /^[\n\t\x20-\x7e]*$/

const noCharacter = /[\ufffe\uffff]/g

const markup: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\"": "&quot;",
  "'": "&#39;"
}
