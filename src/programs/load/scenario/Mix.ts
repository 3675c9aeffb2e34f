/** Which scenario of a mix an iteration runs. */

/**
 * Answers with the place of a scenario for the number of an iteration, in shares as near to the weights as whole numbers can be, in
 * no rhythm. The same number has the same answer on every thread. Weights need not sum up to anything; one of 0 is never run.
 *
 * @see https://en.wikipedia.org/wiki/Low-discrepancy_sequence#Additive_recurrence
 */
export const make = (weights: ReadonlyArray<number>): (iteration: number) => number => {
  if (weights.length < 2) return () => 0
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  let sum = 0
  const bounds = weights.map((weight) => (sum += weight) / whole)
  const last = weights.findLastIndex((weight) => weight > 0)
  return (iteration) => {
    const point = (iteration + 1) * goldenRatio % 1
    const found = bounds.findIndex((bound) => point < bound)
    return found === -1 ? last : found
  }
}

const goldenRatio = 0.618_033_988_749_895
