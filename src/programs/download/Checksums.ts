/** Files of checksums, as `sha256sum`, `md5sum` and their BSD relatives write them. Pure. */

export interface Checksum {
  readonly md5?: string | undefined
  readonly sha256?: string | undefined
}

/** A line that is no checksum, from 1. */
export interface Mistake {
  readonly line: number
}

/** Reads such a file into checksums by name; folders before a name are left out. */
export const parse = (text: string): ReadonlyMap<string, Checksum> | Mistake => {
  const sums = new Map<string, Checksum>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue
    const [, plainSum, plainName] = /^\\?([0-9a-f]{32}|[0-9a-f]{64})[ \t]+\*?(.+)$/i.exec(line) ?? []
    const [, kind, bsdName, bsdSum] = /^(MD5|SHA256) \((.+)\) = ([0-9a-f]+)$/i.exec(line) ?? []
    const sum = of(plainSum ?? bsdSum ?? "")
    const name = (plainName ?? bsdName)?.split(/[/\\]/).at(-1)
    if (sum === undefined || name === undefined || kind?.toLowerCase() === "md5" && sum.md5 === undefined) {
      return { line: index + 1 }
    }
    sums.set(name, { ...sums.get(name), ...sum })
  }
  return sums
}

/** Tells by its length what a checksum in hexadecimal is; `undefined` for what is none. */
export const of = (text: string): Checksum | undefined => {
  const [, named, digits = ""] = /^(?:(md5|sha256):)?([0-9a-f]+)$/i.exec(text.trim()) ?? []
  const kind = digits.length === 32 ? "md5" : digits.length === 64 ? "sha256" : undefined
  return kind === undefined || named !== undefined && named.toLowerCase() !== kind
    ? undefined
    : { [kind]: digits.toLowerCase() }
}
