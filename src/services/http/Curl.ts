/** The `curl` command that repeats a request in a POSIX shell. */
import { Redacted } from "effect"
import { Base64 } from "effect/encoding"
import type { ConnectionOptions } from "../HttpPolicy.ts"
import type { Prepared, Request } from "./Request.ts"

/** Bodies longer than this are left to a file that the reader has to fill. */
const maxBodyLength = 65_536

/**
 * Returns one line. It holds the secrets of the request: it passes the masking sink before anyone sees it.
 *
 * Certificates and files are named as files, since a line cannot hold them; `cookies` are those that the jar added.
 */
export const line = (
  request: Request,
  sent: Prepared,
  options: {
    readonly maxRedirects: number
    readonly connection: ConnectionOptions
    readonly cookies?: string | undefined
  }
): string => {
  const body = bodyOf(request, sent)
  return [
    ...body.before,
    "curl",
    ...methodOf(sent, body.impliesPost),
    ...connectionOf(options.connection),
    ...(options.maxRedirects > 0 ? ["--location", "--max-redirs", String(options.maxRedirects)] : []),
    "--compressed",
    ...headersOf(request, sent, options.cookies),
    ...body.options,
    shellQuote(sent.url.href)
  ].join(" ")
}

/** Quotes a text for a POSIX shell, unless it needs none. */
export const shellQuote = (text: string): string =>
  /^[A-Za-z0-9_./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

const methodOf = (sent: Prepared, impliesPost: boolean): ReadonlyArray<string> => {
  if (sent.method === "HEAD") return ["--head"]
  // With --request, curl repeats the method after a redirect where a client must not.
  return sent.method === (impliesPost ? "POST" : "GET") ? [] : ["--request", shellQuote(sent.method)]
}

const connectionOf = (connection: ConnectionOptions): ReadonlyArray<string> => [
  ...(connection.insecure === true ? ["--insecure"] : []),
  ...(connection.ca === undefined ? [] : ["--cacert", "ca.pem"]),
  ...(connection.certificate === undefined ? [] : ["--cert", "cert.pem"]),
  ...(connection.key === undefined ? [] : ["--key", "key.pem"]),
  ...(connection.proxy === undefined
    ? []
    : connection.proxy === false
    ? ["--noproxy", "'*'"]
    : ["--proxy", shellQuote(Redacted.value(connection.proxy))])
]

const headersOf = (request: Request, sent: Prepared, cookies: string | undefined): ReadonlyArray<string> => {
  const options: Array<string> = []
  for (const [name, value] of Object.entries(sent.headers)) {
    if (name === "user-agent" && value === "skein" || name === "accept" && value === "*/*") continue
    if (name === "content-type" && request.body?._tag === "Multipart") continue
    if (name === "authorization" && request.auth?._tag === "Basic") {
      options.push("--user", shellQuote(`${request.auth.user}:${Redacted.value(request.auth.password)}`))
    } else if (name !== "cookie") {
      // A header without a value is written with a semicolon: with a colon it would be left out.
      options.push("--header", shellQuote(value === "" ? `${name};` : `${name}: ${value}`))
    }
  }
  const cookie = [sent.headers["cookie"], cookies].filter(Boolean).join("; ")
  // Not --cookie, which reads a value without an equals sign as a file name.
  return cookie === "" ? options : [...options, "--header", shellQuote(`cookie: ${cookie}`)]
}

interface CurlBody {
  readonly before: ReadonlyArray<string>
  readonly options: ReadonlyArray<string>
  readonly impliesPost: boolean
}

const bodyOf = (request: Request, sent: Prepared): CurlBody => {
  if (sent.body === undefined || request.body === undefined) return { before: [], options: [], impliesPost: false }
  if (request.body._tag === "Multipart") {
    const options = request.body.parts.flatMap((part) =>
      part._tag === "Field"
        ? ["--form-string", shellQuote(`${part.name}=${part.value}`)]
        : [
          "-F",
          shellQuote(
            `${part.name}=@"${formQuote(part.filename)}"${part.type === undefined ? "" : `;type=${part.type}`}`
          )
        ]
    )
    return { before: [], options, impliesPost: true }
  }
  if (sent.body.length > maxBodyLength) return { before: [], options: ["--data-binary", "@body"], impliesPost: true }
  const text = asText(sent.body)
  // Not --data or --data-binary: those read a file when the text begins with @.
  if (text !== undefined) return { before: [], options: ["--data-raw", shellQuote(text)], impliesPost: true }
  return {
    before: [`printf %s ${Base64.encode(sent.body)} | base64 -d |`],
    options: ["--data-binary", "@-"],
    impliesPost: true
  }
}

const formQuote = (text: string): string => text.replaceAll("\\", String.raw`\\`).replaceAll("\"", String.raw`\"`)

/** The text of a body that a shell can hold: UTF-8 without NUL. */
const asText = (bytes: Uint8Array): string | undefined => {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)
  return text.includes("\u0000") || text.includes("\ufffd") ? undefined : text
}
