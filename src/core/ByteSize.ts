/** Sizes in bytes as people write them: `512`, `10MB` (powers of 1000), `64KiB` (powers of 1024). */

const units: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3
}

/** Reads a size in bytes, rounded down; `undefined` when the text is none. */
export const parse = (text: string): number | undefined => {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?i?b)?$/i.exec(text.trim())
  const factor = match === null ? undefined : units[(match[2] ?? "").toLowerCase()]
  return match === null || factor === undefined ? undefined : Math.floor(Number(match[1]) * factor)
}

/** Writes a size with a unit of 1000: `840 B`, `1.2 kB`, `10 MB`. */
export const format = (bytes: number): string => {
  if (bytes < 1e3) return `${bytes} B`
  const [factor, unit] = bytes < 1e6 ? [1e3, "kB"] as const : bytes < 1e9 ? [1e6, "MB"] as const : [1e9, "GB"] as const
  return `${Number((bytes / factor).toFixed(1))} ${unit}`
}
