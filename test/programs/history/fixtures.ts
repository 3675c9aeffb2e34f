/** Histories written as one line of signs per case, oldest run first. */
import type { History, Run } from "../../../src/programs/History.ts"
import type { Status } from "../../../src/scenario/Event.ts"
import { start } from "../report/fixtures.ts"

const statuses: Readonly<Record<string, Status>> = {
  "✓": "passed",
  "✗": "failed",
  "!": "error",
  "≈": "flaky",
  "○": "skipped",
  "■": "interrupted"
}

/** `{ a: "✓✗ ✓" }` is four runs; in the third, `a` did not take part. Run `i` starts after `i` minutes. */
export const history = (
  cases: Readonly<Record<string, string>>,
  duration: (id: string, run: number) => number = () => 10
): History => {
  const count = Math.max(...Object.values(cases).map((signs) => signs.length))
  const runs = Array.from({ length: count }, (_, i): Run => {
    const ended = Object.entries(cases).flatMap(([id, signs]) => {
      const status = statuses[signs[i] ?? " "]
      return status === undefined ? [] : [[id, status, duration(id, i)] as const]
    })
    const summary = { total: ended.length, passed: 0, failed: 0, error: 0, skipped: 0, flaky: 0, interrupted: 0 }
    for (const [, status] of ended) summary[status]++
    return {
      format: "skein-run",
      version: 1,
      run: `run-${i}`,
      started_at: new Date(start + i * 60_000).toISOString(),
      duration_ms: 1_000 * (i + 1),
      interrupted: summary.interrupted > 0,
      summary,
      cases: ended
    }
  })
  return { runs: runs.reverse(), damaged: [] }
}
