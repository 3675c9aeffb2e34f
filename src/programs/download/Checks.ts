/** What a file is compared with once it is whole, and how much each comparison is worth. Pure. */
import type { Found, Wanted } from "../../services/FileTransfer.ts"
import type { Headers } from "./Segments.ts"

/**
 * What was compared, and found equal.
 *
 * - `sha256` a given checksum: proof, even against somebody who wants to deceive
 * - `md5` a given checksum, `server-md5` that of the server, `gzip` the checksums in the file itself: shows damage on the way
 * - `size` the announced or given length: shows a cut
 */
export interface Check {
  readonly what: "sha256" | "md5" | "server-md5" | "gzip" | "size"
  readonly shows: Strength
}

export type Strength = "tampering" | "damage" | "truncation"

export interface Expected {
  readonly size?: number | undefined
  readonly md5?: string | undefined
  readonly sha256?: string | undefined
}

/** A comparison that failed. */
export interface Mismatch {
  readonly what: Check["what"]
  readonly message: string
}

/** What a server says about the MD5 of a file. */
export interface ServerMd5 {
  readonly md5: string
  /** False where it only looks like one: a difference means nothing then. */
  readonly sure: boolean
}

const hex = /^[0-9a-f]{32}$/i

/**
 * Finds it in the head of an answer: `x-goog-hash`, or an ETag that has the looks of an MD5. The ETag of S3 is one, unless the file was
 * uploaded in parts (then it has a dash) or encrypted with a key of its own.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 */
export const serverMd5 = (headers: Headers): ServerMd5 | undefined => {
  const google = /(?:^|[,\s])md5=([A-Za-z0-9+/]{22}==)/.exec(headers["x-goog-hash"] ?? "")?.[1]
  if (google !== undefined) return { md5: hexOf(google), sure: headers["x-goog-stored-content-encoding"] !== "gzip" }
  const etag = /^"([^"]*)"$/.exec(headers["etag"] ?? "")?.[1]
  if (etag === undefined || !hex.test(etag)) return undefined
  const isS3 = headers["x-amz-request-id"] !== undefined
  const plain = !/kms/.test(headers["x-amz-server-side-encryption"] ?? "") &&
    headers["x-amz-server-side-encryption-customer-algorithm"] === undefined
  return { md5: etag.toLowerCase(), sure: isS3 && plain }
}

const hexOf = (base64: string): string =>
  Array.from(atob(base64), (character) => character.charCodeAt(0).toString(16).padStart(2, "0")).join("")

/** What to read out of the file for all comparisons. */
export const wanted = (name: string, expected: Expected, server: ServerMd5 | undefined): Wanted => ({
  md5: expected.md5 !== undefined || server !== undefined,
  sha256: expected.sha256 !== undefined,
  gzip: /\.t?gz$/i.test(name)
})

export const isAnything = ({ gzip, md5, sha256 }: Wanted): boolean => gzip === true || md5 === true || sha256 === true

/** Compares. `size` is that of the file; `announced` what the server said before. */
export const compare = (
  found: Found,
  asked: Wanted,
  size: number,
  expected: Expected & { readonly announced?: number | undefined },
  server: ServerMd5 | undefined
): { readonly checks: ReadonlyArray<Check>; readonly mismatch: Mismatch | undefined } => {
  const checks: Array<Check> = []
  let mismatch: Mismatch | undefined
  const note = (what: Check["what"], shows: Strength, want: unknown, got: unknown, sure = true) => {
    if (want === undefined) return
    if (String(want).toLowerCase() === String(got).toLowerCase()) checks.push({ what, shows })
    else if (sure) mismatch ??= { what, message: `its ${what} is ${String(got)}, not ${String(want)}` }
  }
  note("size", "truncation", expected.size ?? expected.announced, size)
  note("sha256", "tampering", expected.sha256, found.sha256)
  note("md5", "damage", expected.md5, found.md5)
  note("server-md5", "damage", server?.md5, found.md5, server?.sure)
  if (asked.gzip === true) {
    if (found.gzipDamage === undefined) checks.push({ what: "gzip", shows: "damage" })
    else mismatch ??= { what: "gzip", message: `it is no whole gzip file: ${found.gzipDamage}` }
  }
  return { checks, mismatch }
}
