/**
 * The storage behind the API: files at signed URLs that end, with ranges, as S3 answers. Contents are real gzip, made from the
 * seed and the file's name, and the same each time.
 */
import { createHash } from "node:crypto"
import { gzipSync } from "node:zlib"
import { type Answer, text } from "./PantheonAnswer.ts"
import type { Call, Handler, Parts } from "./PantheonCall.ts"
import { seeded } from "./PantheonSeed.ts"
import { sessionOf } from "./PantheonSessions.ts"
import type { BackupElement } from "./PantheonWorld.ts"

/** Where signed URLs lead: below the origin of the request that asked for one. */
export const folder = "_fake/files"

/** `path` is `site/environment/folder/element/name`. */
export const sign = ({ now, received, switches }: Call, path: string): string => {
  const expires = Math.floor(now / 1_000) + switches.get("url_seconds")
  return `${received.url.origin}/${folder}/${path}?Expires=${expires}&Signature=${signatureOf(path, expires)}`
}

const signatureOf = (path: string, expires: number): string =>
  createHash("sha256").update(`${path} ${expires}`).digest("hex").slice(0, 32)

export const sizeOf = (parts: Parts, { filename }: BackupElement): number => contentOf(parts, filename).bytes.length

interface Content {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly md5: string
}

/** The files made last, by name and size. */
const made = new Map<string, Content>()
const maxMade = 64

const contentOf = ({ switches, world }: Parts, filename: string): Content => {
  const size = switches.get("backup_bytes")
  const key = `${world.seed}/${size}/${filename}`
  const known = made.get(key)
  if (known !== undefined) return known
  const random = seeded(world.seed, filename)
  const plain = new Uint8Array(size)
  for (let at = 0; at < size; at++) plain[at] = random.below(256)
  const bytes = gzipSync(plain, { level: 1 })
  const content = { bytes, md5: createHash("md5").update(bytes).digest("hex") }
  made.set(key, content)
  if (made.size > maxMade) made.delete(made.keys().next().value!)
  return content
}

/** `GET _fake/files/...`: whole or in part. */
export const download: Handler = (call) => {
  const { counters, now, query, received, switches } = call
  const path = call.params["path"]!
  const expires = Number(query.get("Expires"))
  if (sessionOf(received.headers) !== undefined) counters.add("sessionsShown")
  if (received.method !== "GET" || query.get("Signature") !== signatureOf(path, expires)) {
    return denied(
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided."
    )
  }
  if (now >= expires * 1_000) return denied("AccessDenied", "Request has expired")

  const { bytes, md5 } = contentOf(call, path.split("/").at(-1)!)
  const etag = { md5: `"${md5}"`, multipart: `"${md5}-3"`, none: undefined }[switches.get("etag")]
  const range = switches.get("ranges") ? rangeOf(received.headers, bytes.length, etag) : undefined
  if (range === "unsatisfiable") {
    return { ...denied("InvalidRange", "The requested range is not satisfiable"), status: 416 }
  }
  const [from, to] = range ?? [0, bytes.length]
  return {
    status: range === undefined ? 200 : 206,
    headers: {
      "content-type": "application/x-gzip",
      "content-length": String(to - from),
      ...switches.get("ranges") ? { "accept-ranges": "bytes" } : {},
      ...etag === undefined ? {} : { etag },
      ...range === undefined ? {} : { "content-range": `bytes ${from}-${to - 1}/${bytes.length}` }
    },
    body: corrupted(bytes, switches.get("corrupt_byte")).subarray(from, to),
    delay: 0,
    cutAt: switches.get("disconnect_at"),
    rate: switches.get("body_rate")
  }
}

const denied = (code: string, message: string): Answer =>
  text(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
    403,
    "application/xml"
  )

const corrupted = (bytes: Uint8Array<ArrayBuffer>, at: number | undefined): Uint8Array<ArrayBuffer> => {
  if (at === undefined) return bytes
  const wrong = bytes.slice()
  if (at < wrong.length) wrong[at]! ^= 0xff
  return wrong
}

/** One range, from and to before; `undefined` where the whole is meant. */
const rangeOf = (
  headers: Call["received"]["headers"],
  length: number,
  etag: string | undefined
): readonly [number, number] | "unsatisfiable" | undefined => {
  const condition = headers["if-range"]
  if (condition !== undefined && condition !== etag) return undefined
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(headers["range"] ?? "") ?? []
  if (first === "" && last === "") return undefined
  if (first === "") return [Math.max(0, length - Number(last)), length]
  if (Number(first) >= length) return "unsatisfiable"
  return [Number(first), last === "" ? length : Math.min(length, Number(last) + 1)]
}
