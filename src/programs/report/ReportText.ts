/**
 * Makes text from outside fit for a report: of bounded length, well formed, and without characters that a format forbids
 * or that change how the text around them is read.
 *
 * Every writer passes names, messages and bodies through here; the escapes of its own format come after.
 */

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
 * Returns `text` cut, with every character visible: control characters become their pictures (`␛`), and lone surrogates,
 * non-characters, C1 controls and the marks that reorder text become `\uFFFD`. Line feeds and tabs stay; CR LF becomes LF.
 */
export const visible = (text: string, max: number = maxText): string => {
  const short = cut(text, max)
  return plain.test(short) ? short : short.toWellFormed().replaceAll("\r\n", "\n").replace(unsafe, picture)
}

/** {@link visible} text on one line: each run of line breaks becomes one space. */
export const oneLine = (text: string, max: number = 1_000): string =>
  visible(text, max).replace(/\s*[\n\u2028\u2029]+\s*/g, " ").trim()

/** A name on one line; `fallback` when nothing of it can be seen. */
export const name = (text: string, fallback: string = "(no name)"): string => {
  const line = oneLine(text)
  return line === "" ? fallback : line
}

/** Text in which no character has a meaning to XML or HTML, in content and in quoted attributes. */
export const escapeMarkup = (text: string): string => text.replace(/[&<>"']/g, (c) => markup[c]!)

const plain = /^[\n\t\x20-\x7e]*$/

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g

const picture = (c: string): string => {
  const code = c.charCodeAt(0)
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd"
}

const markup: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\"": "&quot;",
  "'": "&#39;"
}
