/** What must hold of a batch over Pantheon however often it was killed, judged by the fake API's own log of what was started. */
import type { Start } from "../../src/layers/fake/FakePantheon.ts"

/** One run of the batch, the last one or one that was killed. */
export interface Run {
  /** Starts in the API's log when it had ended. */
  readonly starts: number
  /** Items that it said were done: their success was in its journal before. */
  readonly succeeded: ReadonlyArray<string>
}

export interface Story {
  /** All of them, as targets of the operation. */
  readonly items: ReadonlyArray<string>
  /** Whether the operation may be done twice. */
  readonly idempotent: boolean
  /** In order. */
  readonly killed: ReadonlyArray<Run>
  /** What the last run, which came to its end, did not call done. */
  readonly unknown: ReadonlyArray<string>
  /** By `_fake/starts`, oldest first. */
  readonly log: ReadonlyArray<Pick<Start, "target">>
}

/** A sentence for each thing that must not be. */
export const broken = ({ idempotent, items, killed, log, unknown }: Story): ReadonlyArray<string> => {
  const times = (target: string, from = 0) => log.slice(from).filter((start) => start.target === target).length
  const problems = items.flatMap((item) => {
    const isUnknown = unknown.includes(item)
    return [
      ...(times(item) === 0 && !isUnknown ? [`${item} is called done and was never started`] : []),
      ...(times(item) > 1 && !idempotent ? [`${item} was started ${times(item)} times`] : []),
      ...(isUnknown && idempotent ? [`${item} may be done twice and was left alone`] : [])
    ]
  })
  const repeated = killed.flatMap(({ starts, succeeded }) =>
    succeeded.flatMap((item) => [
      ...(times(item, starts) > 0 ? [`${item} was started again after its success was recorded`] : []),
      ...(unknown.includes(item) ? [`the recorded success of ${item} is forgotten`] : [])
    ])
  )
  const strange = log.filter(({ target }) => !items.includes(target)).map(({ target }) => `nobody asked for ${target}`)
  return [...problems, ...repeated, ...strange]
}
