/**
 * The options of `curl` that say something about a request, and those that do not.
 *
 * Source: curl's manual page, version 8.
 */
import * as Draft from "./Draft.ts"

/** What has been read of one command. */
export interface Seen {
  method: string | undefined
  readonly urls: Array<Draft.Text>
  readonly headers: Array<Draft.Pair>
  readonly data: Array<Draft.Text>
  json: boolean
  get: boolean
  head: boolean
  readonly parts: Array<Draft.MultipartDraft>
  readonly query: Array<Draft.Text>
  basic: Draft.RequestDraft["basic"]
  bearer: Draft.Text | undefined
  insecure: boolean
  follow: boolean
  maxRedirects: number | undefined
  timeout: string | undefined
  readonly comments: Array<string>
}

/** Reads the words of a command after `curl`; what is not known is told in `comments`. */
export const read = (words: ReadonlyArray<Draft.Text>): Seen => {
  const seen: Seen = {
    method: undefined,
    urls: [],
    headers: [],
    data: [],
    json: false,
    get: false,
    head: false,
    parts: [],
    query: [],
    basic: undefined,
    bearer: undefined,
    insecure: false,
    follow: false,
    maxRedirects: undefined,
    timeout: undefined,
    comments: []
  }
  for (let at = 0; at < words.length; at++) at += readWord(words, at, seen)
  return seen
}

type Take = (seen: Seen, value: Draft.Text) => void

const header = (name: string): Take => (seen, value) => void seen.headers.push([name, value])

const data = (seen: Seen, value: Draft.Text): void => {
  const file = fileOf(value)
  if (file === undefined) seen.data.push(value)
  else seen.comments.push(`curl sends the file ${file}: put its content under body:`)
}

const valued: Readonly<Record<string, Take>> = {
  "--request": (seen, value) => void (seen.method = Draft.plainOf(value)),
  "--url": (seen, value) => void seen.urls.push(value),
  "--header": (seen, value) => {
    const pair = readHeader(value)
    if (pair !== undefined) seen.headers.push(pair)
  },
  "--data": data,
  "--data-ascii": data,
  "--data-binary": data,
  "--data-raw": (seen, value) => void seen.data.push(value),
  "--data-urlencode": (seen, value) => void seen.data.push(urlEncoded(value)),
  "--json": (seen, value) => {
    seen.json = true
    data(seen, value)
  },
  "--form": (seen, value) => void seen.parts.push(formPart(value, true)),
  "--form-string": (seen, value) => void seen.parts.push(formPart(value, false)),
  "--url-query": (seen, value) => void seen.query.push(urlEncoded(value)),
  "--user": (seen, value) => void (seen.basic = readUser(value)),
  "--oauth2-bearer": (seen, value) => void (seen.bearer = value),
  "--cookie": (seen, value) => {
    if (value.parts.some((part) => typeof part === "string" && part.includes("="))) seen.headers.push(["Cookie", value])
    else seen.comments.push("curl reads cookies from a file; cookies of answers are kept within a case here")
  },
  "--user-agent": header("User-Agent"),
  "--referer": header("Referer"),
  "--range": (seen, value) => void seen.headers.push(["Range", Draft.text("bytes=", ...value.parts)]),
  "--max-time": (seen, value) => {
    const seconds = Number(Draft.plainOf(value))
    if (seconds > 0) seen.timeout = `${seconds}s`
  },
  "--max-redirs": (seen, value) => {
    const count = Number(Draft.plainOf(value))
    if (Number.isInteger(count) && count >= 0) seen.maxRedirects = count
  }
}

const switches: Readonly<Record<string, (seen: Seen) => void>> = {
  "--insecure": (seen) => void (seen.insecure = true),
  "--get": (seen) => void (seen.get = true),
  "--head": (seen) => void (seen.head = true),
  "--location": (seen) => void (seen.follow = true),
  "--location-trusted": (seen) => void (seen.follow = true)
}

/** Only about output, or about what the client decides by itself. */
const silent = new Set(
  ("--compressed --silent --show-error --fail --fail-with-body --include --verbose --globoff --no-buffer --progress-bar --http1.1 " +
    "--http2 --http2-prior-knowledge --no-keepalive --basic --raw --path-as-is --ipv4 --ipv6 --remote-name --no-progress-meter " +
    "--tr-encoding --junk-session-cookies --styled-output --next").split(" ")
)
const silentValued = new Set(
  "--output --write-out --cookie-jar --dump-header --trace --trace-ascii --stderr".split(" ")
)
/** Their value must not be taken for a URL. */
const unknownValued = new Set(
  ("--proxy --proxy-user --cacert --capath --cert --cert-type --key --key-type --pass --upload-file --retry --retry-delay " +
    "--retry-max-time --connect-timeout --connect-to --resolve --interface --limit-rate --config --netrc-file --ciphers --pinnedpubkey " +
    "--tls-max --unix-socket --aws-sigv4 --noproxy --max-filesize --speed-limit --speed-time --time-cond --dns-servers")
    .split(" ")
)

const short: Readonly<Record<string, string>> = {
  X: "--request",
  H: "--header",
  d: "--data",
  F: "--form",
  u: "--user",
  b: "--cookie",
  A: "--user-agent",
  e: "--referer",
  r: "--range",
  m: "--max-time",
  k: "--insecure",
  G: "--get",
  I: "--head",
  L: "--location",
  s: "--silent",
  S: "--show-error",
  f: "--fail",
  i: "--include",
  v: "--verbose",
  g: "--globoff",
  N: "--no-buffer",
  O: "--remote-name",
  "#": "--progress-bar",
  "0": "--http1.1",
  "4": "--ipv4",
  "6": "--ipv6",
  j: "--junk-session-cookies",
  o: "--output",
  w: "--write-out",
  c: "--cookie-jar",
  D: "--dump-header",
  x: "--proxy",
  U: "--proxy-user",
  E: "--cert",
  T: "--upload-file",
  K: "--config"
}

/** Reads the word at `at`; answers with how many more it took. */
const readWord = (words: ReadonlyArray<Draft.Text>, at: number, seen: Seen): number => {
  const word = words[at]!
  const plain = Draft.plainOf(word) ?? (typeof word.parts[0] === "string" ? word.parts[0] : "")
  if (plain.startsWith("--") && plain.length > 2) return take(plain, words[at + 1], seen)
  if (!/^-[^-]/.test(plain)) {
    seen.urls.push(word)
    return 0
  }
  // `-sSLX POST`, `-XPOST` and `-HName: value` are one word.
  for (let index = 1; index < plain.length; index++) {
    const flag = short[plain[index]!] ?? `-${plain[index]!}`
    if (!takesValue(flag)) {
      take(flag, undefined, seen)
      continue
    }
    const [, ...later] = word.parts
    const attached = Draft.text(plain.slice(index + 1), ...later)
    return attached.parts.length === 0 ? take(flag, words[at + 1], seen) : (take(flag, attached, seen), 0)
  }
  return 0
}

const takesValue = (flag: string): boolean =>
  Object.hasOwn(valued, flag) || silentValued.has(flag) || unknownValued.has(flag)

const take = (flag: string, value: Draft.Text | undefined, seen: Seen): number => {
  if (!takesValue(flag)) {
    if (Object.hasOwn(switches, flag)) switches[flag]!(seen)
    else if (!silent.has(flag)) seen.comments.push(`not taken over: ${flag}`)
    return 0
  }
  if (Object.hasOwn(valued, flag)) valued[flag]!(seen, value ?? Draft.text())
  else if (unknownValued.has(flag)) seen.comments.push(`not taken over: ${flag} and its value`)
  return 1
}

/** `Name: value`; `Name;` is a header without a value, `Name:` takes one away. */
const readHeader = (value: Draft.Text): Draft.Pair | undefined => {
  const [first, ...rest] = value.parts
  if (typeof first !== "string") return undefined
  const colon = first.indexOf(":")
  if (colon < 1) return first.endsWith(";") && first.length > 1 ? [first.slice(0, -1), Draft.text()] : undefined
  const content = Draft.text(first.slice(colon + 1).trimStart(), ...rest)
  return content.parts.length === 0 ? undefined : [first.slice(0, colon).trim(), content]
}

const readUser = (value: Draft.Text): NonNullable<Draft.RequestDraft["basic"]> => {
  const at = value.parts.findIndex((part) => typeof part === "string" && part.includes(":"))
  if (at === -1) return { user: value, password: Draft.text() }
  const part = String(value.parts[at])
  const colon = part.indexOf(":")
  return {
    user: Draft.text(...value.parts.slice(0, at), part.slice(0, colon)),
    password: Draft.text(part.slice(colon + 1), ...value.parts.slice(at + 1))
  }
}

/** `name=value` and `=value` and `value`: what stands after the equals sign is encoded. */
const urlEncoded = (value: Draft.Text): Draft.Text => {
  const [first, ...rest] = value.parts
  const head = typeof first === "string" ? first : ""
  const equals = head.indexOf("=")
  const name = equals > 0 ? `${head.slice(0, equals)}=` : ""
  const later = rest.map((
    part
  ) => (typeof part === "string"
    ? encodeURIComponent(part.toWellFormed())
    : { expression: `url_encode(${part.expression})` })
  )
  const start = typeof first === "string"
    ? [encodeURIComponent(head.slice(equals + 1).toWellFormed())]
    : first === undefined
    ? []
    : [{ expression: `url_encode(${first.expression})` }]
  return Draft.text(name, ...start, ...later)
}

const formPart = (value: Draft.Text, files: boolean): Draft.MultipartDraft => {
  const [first, ...rest] = value.parts
  const head = typeof first === "string" ? first : ""
  const equals = head.indexOf("=")
  const name = equals === -1 ? head : head.slice(0, equals)
  const content = head.slice(equals + 1)
  const plain = rest.length === 0 ? content : undefined
  if (files && plain !== undefined && /^[@<]/.test(plain)) {
    const [file = "", ...options] = plain.slice(1).split(";")
    const type = options.find((option) => option.trim().startsWith("type="))?.trim().slice("type=".length)
    return { name, file: file.replaceAll(/^"|"$/g, ""), type }
  }
  return { name, value: Draft.text(content, ...rest) }
}

const fileOf = (value: Draft.Text): string | undefined => {
  const plain = Draft.plainOf(value)
  return plain !== undefined && plain.startsWith("@") ? plain.slice(1) : undefined
}
