/** Reads what the `ping` programs of Linux (iputils, BusyBox), macOS and Windows print. */

/** What came of a number of echo requests. Times are milliseconds, `null` when no answer came. */
export interface PingReport {
  readonly resolvedAddress: string
  readonly transmitted: number
  readonly received: number
  /** 0 to 100. */
  readonly lossPercent: number
  readonly minMillis: number | null
  readonly averageMillis: number | null
  readonly maxMillis: number | null
  /** What the program printed. */
  readonly output: string
}

/** Returns the report in the output of a `ping` program, or `undefined` when it has no summary. */
export const parse = (output: string): PingReport | undefined => {
  const unix = /(\d+) packets transmitted, (\d+) (?:packets )?received/.exec(output)
  const windows = /Sent = (\d+), Received = (\d+)/.exec(output)
  const counts = unix ?? windows
  if (counts === null) return undefined
  const transmitted = Number(counts[1])
  const received = Number(counts[2])
  const times = unix === null ? windowsTimes(output) : unixTimes(output)
  return {
    resolvedAddress: /^PING .*?\(([0-9a-fA-F.:]+)/m.exec(output)?.[1] ?? /\[([0-9a-fA-F.:]+)\]/.exec(output)?.[1] ??
      /^P(?:ING|inging) ([0-9a-fA-F.:]+)/m.exec(output)?.[1] ?? "",
    transmitted,
    received,
    lossPercent: transmitted === 0 ? 100 : Math.max(0, 100 * (transmitted - received) / transmitted),
    minMillis: times?.[0] ?? null,
    averageMillis: times?.[1] ?? null,
    maxMillis: times?.[2] ?? null,
    output
  }
}

type Times = readonly [min: number, average: number, max: number]

const unixTimes = (output: string): Times | undefined => {
  const found = /min\/avg\/max(?:\/\w+)? = ([\d.]+)\/([\d.]+)\/([\d.]+)/.exec(output)
  return found === null ? undefined : [Number(found[1]), Number(found[2]), Number(found[3])]
}

const windowsTimes = (output: string): Times | undefined => {
  const found = /Minimum = (\d+)ms, Maximum = (\d+)ms, Average = (\d+)ms/.exec(output)
  return found === null ? undefined : [Number(found[1]), Number(found[3]), Number(found[2])]
}
