/** Small charts of signs for a terminal: bars of a histogram, and a line of the seconds. */
import type { Bar } from "./Bars.ts"

const blocks = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
const levels = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

/** Returns a bar of at most `width` columns for `share` (0 to 1); what is not nothing shows at least a trace. */
export const bar = (share: number, width: number, ascii: boolean): string => {
  const full = Math.min(1, Math.max(0, share)) * width
  if (ascii) return "#".repeat(full > 0 ? Math.max(1, Math.round(full)) : 0)
  const eighths = full > 0 ? Math.max(1, Math.round(full * 8)) : 0
  return "█".repeat(Math.floor(eighths / 8)) + (blocks[eighths % 8] ?? "")
}

/** Returns one sign per value, of at most `width` columns: neighbours share a column, of which the highest shows. */
export const line = (values: ReadonlyArray<number>, width: number, ascii: boolean): string => {
  const shown = squeeze(values, width)
  const highest = Math.max(...shown, 0)
  const signs = ascii ? ["_", ".", "-", "=", "*", "#"] : levels
  return shown.map((value) =>
    highest === 0 ? signs[0]! : signs[Math.min(signs.length - 1, Math.floor((value / highest) * signs.length))]!
  ).join("")
}

const squeeze = (values: ReadonlyArray<number>, width: number): ReadonlyArray<number> => {
  const columns = Math.min(width, values.length)
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * values.length) / columns)
    const to = Math.floor(((column + 1) * values.length) / columns)
    return Math.max(...values.slice(from, Math.max(to, from + 1)))
  })
}

/** Returns the highest count of bars, to scale them; at least 1. */
export const highest = (bars: ReadonlyArray<Bar>): number => Math.max(1, ...bars.map(({ count }) => count))
