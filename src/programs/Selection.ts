/** Which cases of a plan run: by name, tag and last result, and the part of them that one of several machines runs. */
import { Result } from "effect"
import * as LinearRegex from "../core/LinearRegex.ts"

/** As much of a case as is needed to choose it. */
export interface Selectable {
  readonly id: string
  readonly name: string
  readonly tags: ReadonlyArray<string>
  /** Cases that share a lock of the form `serial:...` depend on their order and stay together. */
  readonly locks: ReadonlyArray<string>
}

export interface Criteria {
  /** Part of the id (which holds the file) or of the name, letter case free; or `/regular expression/`. @default every case */
  readonly filter?: string | undefined
  /** A case needs one of the plain tags and none of those with a `!` before them. @default none */
  readonly tags?: ReadonlyArray<string> | undefined
  /** Ids to choose from. @default every case */
  readonly only?: ReadonlySet<string> | undefined
  /** @default all of them */
  readonly shard?: Shard | undefined
  /** Past durations in milliseconds by id. Shards cover everything once only when all of them are given the same ones. @default none */
  readonly durations?: ReadonlyMap<string, number> | undefined
}

/** One of `count` parts; `index` is 1-based. */
export interface Shard {
  readonly index: number
  readonly count: number
}

/** Reads `i/n`; `undefined` when it is none, or `i` is not within 1 and `n`. */
export const parseShard = (text: string): Shard | undefined => {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text.trim())
  const shard = { index: Number(match?.[1]), count: Number(match?.[2]) }
  return match !== null && shard.index >= 1 && shard.index <= shard.count ? shard : undefined
}

/** Returns the chosen cases in their order. Fails with a sentence when the filter is no regular expression. */
export const select = <C extends Selectable>(
  cases: ReadonlyArray<C>,
  criteria: Criteria
): Result.Result<ReadonlyArray<C>, string> =>
  Result.map(matcher(criteria.filter), (matches) => {
    const chosen = cases.filter((one) =>
      matches(one) && hasTags(one, criteria.tags ?? []) && (criteria.only?.has(one.id) ?? true)
    )
    return criteria.shard === undefined ? chosen : shardOf(chosen, criteria.shard, criteria.durations ?? new Map())
  })

const matcher = (filter: string | undefined): Result.Result<(one: Selectable) => boolean, string> => {
  if (filter === undefined) return Result.succeed(() => true)
  const pattern = /^\/(.+)\/([a-z]*)$/.exec(filter)
  if (pattern !== null) {
    return Result.mapBoth(LinearRegex.compile(pattern[1]!, pattern[2]), {
      onSuccess: (regex) => (one: Selectable) => regex.test(one.id) || regex.test(one.name),
      onFailure: (problem) => problem.message
    })
  }
  const wanted = filter.toLowerCase()
  return Result.succeed((one) => one.id.toLowerCase().includes(wanted) || one.name.toLowerCase().includes(wanted))
}

const hasTags = (one: Selectable, tags: ReadonlyArray<string>): boolean => {
  const refused = tags.filter((tag) => tag.startsWith("!")).map((tag) => tag.slice(1))
  const wanted = tags.filter((tag) => !tag.startsWith("!"))
  return (wanted.length === 0 || wanted.some((tag) => one.tags.includes(tag))) &&
    !refused.some((tag) => one.tags.includes(tag))
}

/** Deals the longest unit first, always to the shard with the least to do. A case never seen takes as long as the median. */
const shardOf = <C extends Selectable>(
  cases: ReadonlyArray<C>,
  shard: Shard,
  durations: ReadonlyMap<string, number>
): ReadonlyArray<C> => {
  const usual = median(cases.flatMap((one) => durations.get(one.id) ?? []))
  const units = new Map<string, { readonly key: string; weight: number }>()
  for (const one of cases) {
    const key = unitOf(one)
    const unit = units.get(key) ?? { key, weight: 0 }
    unit.weight += durations.get(one.id) ?? usual
    units.set(key, unit)
  }
  const loads = Array.from({ length: shard.count }, () => 0)
  const mine = new Set<string>()
  for (const unit of [...units.values()].sort((a, b) => b.weight - a.weight || (a.key < b.key ? -1 : 1))) {
    const least = loads.indexOf(Math.min(...loads))
    loads[least]! += unit.weight
    if (least === shard.index - 1) mine.add(unit.key)
  }
  return cases.filter((one) => mine.has(unitOf(one)))
}

const unitOf = (one: Selectable): string => one.locks.find((lock) => lock.startsWith("serial:")) ?? one.id

const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 1
