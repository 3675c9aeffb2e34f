/** Colours for text on a terminal; off, they leave the text as it is. */

export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

/** Returns the colours, or plain text when `on` is false. They nest: the inner one ends, the outer one goes on. */
export const make = (on: boolean): Style => on ? colored : plain

/** No colours at all. */
export const plain: Style = {
  bold: (text) => text,
  dim: (text) => text,
  red: (text) => text,
  green: (text) => text,
  yellow: (text) => text,
  cyan: (text) => text
}

const wrap = (open: number, close: number) => (text: string): string => {
  const start = `\u001b[${open}m`
  const end = `\u001b[${close}m`
  // An inner style with the same end code would end this one too, so it begins again after it.
  return text === "" ? "" : start + text.replaceAll(end, end + start) + end
}

const colored: Style = {
  bold: wrap(1, 22),
  dim: wrap(2, 22),
  red: wrap(31, 39),
  green: wrap(32, 39),
  yellow: wrap(33, 39),
  cyan: wrap(36, 39)
}
