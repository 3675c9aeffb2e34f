/** How the bounds of a batch are written: `--stop-after 5%`, `--waves 5,50,rest`. */
import type * as Batch from "../Batch.ts"

/** `10` failures, or `5%` of what ended; `undefined` when it is neither. */
export const stopAfter = (text: string): NonNullable<Batch.Options<never>["stopAfter"]> | undefined => {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim()) ?? []
  const number = Number(digits)
  if (digits === undefined || number <= 0) return undefined
  if (percent === "%") return number <= 100 ? { percent: number } : undefined
  return Number.isSafeInteger(number) ? { failures: number } : undefined
}

/** Sizes of the first waves: `5,50,rest`, where `rest` may be left out; `undefined` when it is no such list. */
export const waves = (text: string): ReadonlyArray<number> | undefined => {
  const sizes = text.split(",").map((size) => size.trim())
  if (sizes.at(-1) === "rest") sizes.pop()
  return sizes.length > 0 && sizes.every((size) => /^[1-9]\d{0,8}$/.test(size)) ? sizes.map(Number) : undefined
}
