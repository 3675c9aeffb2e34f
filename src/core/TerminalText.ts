/**
 * Text from outside made harmless for a terminal, a log file or a CI page, and measured in terminal columns.
 *
 * Server bodies, names in files and command output may hold escape sequences (clipboard writes, titles, colours), C1
 * controls and marks that reorder text. `strip` drops them, `escape` shows them. Neither lets one through.
 */

/** Drops escape sequences with their payload, control characters and marks that reorder text. Newlines and tabs stay; `\r` becomes `\n`. */
export const strip = (text: string): string =>
  isHarmless(text)
    ? text
    : text.replaceAll("\r\n", "\n").replaceAll("\r", "\n").replace(sequences, "").replace(controls, "").replace(
      disguises,
      ""
    )

/** Shows every control character and reordering mark as a visible sign: `␛`, `␊`, `<U+202E>`. The result is one line. */
export const escape = (text: string): string =>
  isPrintable(text) ? text : text.replace(/[\n\t]/g, picture).replace(controls, picture).replace(disguises, codePoint)

/** Like {@link escape}, but newlines stay. */
export const escapeLines = (text: string): string => text.split(/\r\n|\n/).map(escape).join("\n")

/** Returns how many columns a terminal uses for `text`: 0 for combining marks, 2 for wide characters and emoji, 1 for the rest. */
export const width = (text: string): number => {
  if (isPrintableAscii(text)) return text.length
  let columns = 0
  for (const { segment } of graphemes(text)) columns += graphemeWidth(segment)
  return columns
}

/** Returns the characters as a person counts them; a flag or a letter with its accents is one. */
export const characters = (text: string): ReadonlyArray<string> =>
  isPrintableAscii(text) ? text.split("") : Array.from(graphemes(text), ({ segment }) => segment)

/** Returns `text` when it fits into `columns`, else its beginning with `…` at the end. Whole characters only. */
export const cut = (text: string, columns: number): string => {
  // A column needs at most one UTF-16 unit of ASCII; a text this short fits without being measured.
  if (text.length <= columns && isPrintableAscii(text)) return text
  if (columns <= 0) return ""
  let used = 0
  let kept = ""
  for (const { segment } of graphemes(text)) {
    const next = graphemeWidth(segment)
    if (used + next > columns) return `${fitting(kept, columns - 1)}…`
    used += next
    kept += segment
  }
  return text
}

/** Returns `text` cut to `columns` and filled with spaces up to it. */
export const pad = (text: string, columns: number): string => {
  const fitted = cut(text, columns)
  return fitted + " ".repeat(Math.max(0, columns - width(fitted)))
}

// Made when a text needs it: that takes longer than all else in this file.
let segmenter: Intl.Segmenter | undefined
const graphemes = (text: string) => (segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" })).segment(text)

/** The longest beginning of `text` that is at most `columns` wide. */
const fitting = (text: string, columns: number): string => {
  let used = 0
  let kept = ""
  for (const { segment } of graphemes(text)) {
    used += graphemeWidth(segment)
    if (used > columns) break
    kept += segment
  }
  return kept
}

// Written as text because these patterns are about control characters. None can backtrack: a payload ends at whatever
// could begin another sequence.
const escapeCode = String.raw`\u001b`
const controlSequence = String.raw`(?:${escapeCode}\[|\u009b)[0-?]*[ -/]*[@-~]`
const stringSequence = String
  .raw`(?:${escapeCode}[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u0090-\u009f]*(?:\u0007|${escapeCode}\\|\u009c)`
const shortSequence = String.raw`${escapeCode}[ -/]*[0-~]`
const sequences = new RegExp(`${controlSequence}|${stringSequence}|${shortSequence}`, "g")
const controls = new RegExp(String.raw`[\u0000-\u0008\u000b-\u001f\u007f-\u009f]`, "g")
/** Marks that reorder or hide text: bidi controls, invisible separators, tag characters, line separators. */
const disguises = /[\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu
const harmful = new RegExp(String.raw`[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|${disguises.source}`, "u")
const unprintable = new RegExp(String.raw`[\u0000-\u001f\u007f-\u009f]|${disguises.source}`, "u")
const notPrintableAscii = /[^ -~]/

const isHarmless = (text: string): boolean => !harmful.test(text)
const isPrintable = (text: string): boolean => !unprintable.test(text)
const isPrintableAscii = (text: string): boolean => !notPrintableAscii.test(text)

const picture = (control: string): string => {
  const code = control.charCodeAt(0)
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "␡" : codePoint(control)
}

const codePoint = (character: string): string =>
  `<U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}>`

const emoji = /\p{Emoji_Presentation}|\p{Emoji}\ufe0f/u
const zeroWidth = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}\p{Zl}\p{Zp}]+$/u

const graphemeWidth = (grapheme: string): number => {
  const first = grapheme.codePointAt(0) ?? 0
  if (first >= 0x20 && first < 0x7f && grapheme.length === 1) return 1
  if (zeroWidth.test(grapheme)) return 0
  return emoji.test(grapheme) || isWide(first) ? 2 : 1
}

/** Ranges of East Asian Wide and Fullwidth characters, first and last. @see Unicode Standard Annex 11 */
const wide: ReadonlyArray<readonly [first: number, last: number]> = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18d08],
  [0x1aff0, 0x1b2fb],
  [0x1f200, 0x1f2ff],
  [0x20000, 0x3fffd]
]

const isWide = (code: number): boolean => code >= 0x1100 && wide.some(([first, last]) => code >= first && code <= last)
