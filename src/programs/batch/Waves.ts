/** Holds items back until all of the waves before theirs have ended. */
import { Effect, Latch } from "effect"

export interface Waves {
  /** Waits until the wave of an item begins. */
  readonly enter: (index: number) => Effect.Effect<void>
  /**
   * Tells that an item has ended; answers with its wave, from 1, when it was the last of that. `judge` runs then, before the
   * next wave begins.
   */
  readonly leave: (
    index: number,
    judge?: () => void
  ) => Effect.Effect<{ readonly wave: number; readonly items: number } | undefined>
}

/** `sizes` are those of the first waves; what is left is the last one, of which no end is told. */
export const make = (sizes: ReadonlyArray<number>): Effect.Effect<Waves> =>
  Effect.sync(() => {
    /** Index of the first item after each wave. */
    const ends = sizes.map((_, wave) => sizes.slice(0, wave + 1).reduce((sum, size) => sum + size, 0))
    const begins = sizes.map(() => Latch.makeUnsafe(false))
    const left = sizes.slice()
    const waveOf = (index: number): number => {
      const wave = ends.findIndex((end) => index < end)
      return wave === -1 ? sizes.length : wave
    }
    return {
      enter: (index) => begins[waveOf(index) - 1]?.await ?? Effect.void,
      leave: (index, judge) =>
        Effect.sync(() => {
          const wave = waveOf(index)
          if (wave === sizes.length || --left[wave]! > 0) return undefined
          judge?.()
          begins[wave]!.openUnsafe()
          return { wave: wave + 1, items: sizes[wave]! }
        })
    }
  })
