/** What decided about a comparison, or why nothing can be told, in sentences; with what to do. */
import * as Amounts from "../report/Amounts.ts"
import type { Comparison, Row } from "./Comparison.ts"

export interface Options {
  /** A change below it does not matter; relative. */
  readonly margin: number
  /** The same of shares of errors. */
  readonly errorMargin: number
  /** Runs on each side. */
  readonly pairs: number
}

/** At least one sentence. */
export const of = (
  verdict: Comparison["verdict"],
  rows: ReadonlyArray<Row>,
  { errorMargin, margin, pairs }: Options
): ReadonlyArray<string> => {
  const judged = rows.filter((row) => row.judged)
  switch (verdict) {
    case "slower":
      return judged.filter((row) => row.verdict === "worse").map(said)
    case "faster":
      return judged.filter((row) => row.verdict === "better").map(said)
    case "same":
      return [
        `no change of ${Amounts.percent(margin)} or more`,
        ...judged.filter((row) => row.verdict === "cannot_tell").map(wide)
      ]
    case "cannot_tell": {
      const open = judged.filter((row) => row.verdict === "cannot_tell" && row.metric !== "p99")
      const factor = Math.max(...open.map((row) => longer(row, row.metric === "errors" ? errorMargin : margin)))
      const more = !Number.isFinite(factor) || factor > 100
        ? "much longer"
        : `about ${Math.max(2, Math.ceil(factor))} times as long`
      return [
        ...open.map(wide),
        pairs === 1 ? `measure ${more}, in alternation, or accept a larger --margin` : "make more pairs, or longer ones"
      ]
    }
  }
}

/** How many times as many seconds would make the interval as narrow as half the margin; intervals shrink with the root of it. */
const longer = ({ from, to }: Row, margin: number): number =>
  from === null || to === null ? Infinity : ((to - from) / margin) ** 2

const wide = (row: Row): string => row.change === null ? said(row) : `${said(row)}: too wide to tell`

const said = ({ change, from, metric, to, unit }: Row): string => {
  const name = Amounts.quantileName(metric)
  if (change === null || from === null || to === null) return `${name} has no values on one side`
  return unit === "ratio"
    ? `${name} ${Amounts.points(change)} (${Amounts.points(from)} to ${Amounts.points(to)})`
    : `${name} ${Amounts.signed(change)} (${Amounts.signed(from)} to ${Amounts.signed(to)})`
}
