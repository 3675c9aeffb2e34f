/** The changes of a comparison with their intervals, drawn to one scale; the band in the middle is what does not matter. */
import type { Comparison, Row } from "../../compare/Comparison.ts"
import * as CompareText from "../CompareText.ts"

const width = 420
const height = 22

/** Returns the drawing of a row; empty for errors, which have another scale, and for what has no interval. */
export const row = ({ change, from, to, unit, verdict }: Row, { margin, rows }: Comparison): string => {
  if (change === null || from === null || to === null || unit === "ratio") return ""
  const span = CompareText.scaleOf(rows, margin)
  const x = (value: number) => (((Math.max(-span, Math.min(span, value)) / span + 1) / 2) * (width - 12) + 6).toFixed(1)
  const middle = height / 2
  return `<svg class="forest ${verdict}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-hidden="true">` +
    `<rect class="band" x="${x(-margin)}" width="${
      Number(x(margin)) - Number(x(-margin))
    }" y="0" height="${height}"/>` +
    `<line class="zero" x1="${x(0)}" x2="${x(0)}" y1="0" y2="${height}"/>` +
    `<line class="interval" x1="${x(from)}" x2="${x(to)}" y1="${middle}" y2="${middle}"/>` +
    `<line class="interval" x1="${x(from)}" x2="${x(from)}" y1="${middle - 4}" y2="${middle + 4}"/>` +
    `<line class="interval" x1="${x(to)}" x2="${x(to)}" y1="${middle - 4}" y2="${middle + 4}"/>` +
    `<circle class="point" cx="${x(change)}" cy="${middle}" r="4.5"/></svg>`
}
