/** Finds the name that was probably meant. Used wherever a name, key or flag is unknown. */

/** Longer words are not compared: nobody misspells a text of that length as a name. */
const maxLength = 64

/**
 * Returns the candidate closest to `word`, the first one of several equally close, or `undefined` when none is close.
 *
 * Letter case is free; a swap of neighbours counts as one edit; about one edit in three letters is allowed. A
 * word that others begin with means the shortest of those.
 */
export const suggest = (word: string, candidates: Iterable<string>): string | undefined => {
  if (word.length === 0 || word.length > maxLength) return undefined
  const wanted = fold(word)
  let best: string | undefined
  let bestDistance = allowedEdits(word.length) + 1
  for (const candidate of candidates) {
    if (candidate === word || candidate.length === 0 || candidate.length > maxLength) continue
    const distance = editDistance(wanted, fold(candidate), bestDistance)
    if (distance < bestDistance && distance < Math.max(word.length, candidate.length)) {
      best = candidate
      bestDistance = distance
    }
  }
  return best ?? beginningWith(wanted, candidates)
}

/** `update` for `update_one`: the only word, or the shortest one, that begins so. */
const beginningWith = (wanted: string, candidates: Iterable<string>): string | undefined =>
  wanted.length < 4 ? undefined : [...candidates].filter((candidate) => fold(candidate).startsWith(wanted))
    .reduce<string | undefined>((best, one) => best === undefined || one.length < best.length ? one : best, undefined)

/** `did you mean "x"?`, or `undefined`. */
export const hint = (word: string, candidates: Iterable<string>): string | undefined => {
  const found = suggest(word, candidates)
  return found === undefined ? undefined : `did you mean "${found}"?`
}

/** `first_name`, `first-name` and `firstName` are one word to a person. */
const fold = (word: string): string => word.toLowerCase().replaceAll(/[_-]/g, "")

const allowedEdits = (length: number): number => (length < 3 ? 1 : Math.min(4, Math.ceil(length / 3)))

/** Counts insertions, deletions, replacements and swaps of neighbours (optimal string alignment); stops at `limit`. */
const editDistance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let beforePrevious: Array<number> = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    let least = row
    for (let column = 1; column <= b.length; column++) {
      const replaced = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      let cost = Math.min(previous[column]! + 1, current[column - 1]! + 1, replaced)
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, beforePrevious[column - 2]! + 1)
      }
      current.push(cost)
      least = Math.min(least, cost)
    }
    if (least >= limit) return limit
    beforePrevious = previous
    previous = current
  }
  return previous[b.length]!
}
