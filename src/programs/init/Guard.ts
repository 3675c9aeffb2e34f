/**
 * Takes secrets out of a draft: whatever looks like one becomes `${secrets.name}` with `{ env: NAME }`, and its value is
 * written nowhere. Found by the name of a header, parameter or field, and by the look of a value.
 */
import { Base64 } from "effect/encoding"
import * as Draft from "./Draft.ts"
import { decodeForm } from "./Foreign.ts"
import * as JsonBody from "./JsonBody.ts"

export interface Guarded {
  readonly draft: Draft.ScenarioDraft
  /** One sentence per environment variable that must be set now. */
  readonly notes: ReadonlyArray<string>
}

/** Returns the draft without its secrets. Equal values share one name. */
export const guard = (draft: Draft.ScenarioDraft): Guarded => {
  const book = new SecretBook(draft.secrets)
  const vars = draft.vars.map(([name, value]): Draft.Pair => [name, hideIf(sensitiveName(name), name, value, book)])
  const steps = draft.steps.map((step) => ({
    ...step,
    name: scrub(step.name),
    request: guardRequest(step.request, book),
    // An expectation of a token's very value says nothing about the next one.
    expect: step.expect.filter((each) => typeof each !== "string" || scrub(each) === each)
  }))
  const { description } = draft
  const guarded = { ...draft, name: scrub(draft.name), vars, steps, secrets: book.list() }
  return {
    draft: description === undefined ? guarded : { ...guarded, description: scrub(description) },
    notes: book.notes()
  }
}

/** Names and descriptions hold no expressions: what looks like a token there is cut out. */
const scrub = (text: string): string => text.replaceAll(tokenLook, "...")

class SecretBook {
  private readonly byValue = new Map<string, string>()
  private readonly environments = new Map<string, string>()
  private readonly names = new Draft.Names()
  private readonly hidden = new Set<string>()

  constructor(known: ReadonlyArray<readonly [name: string, environment: string]>) {
    for (const [name, environment] of known) this.environments.set(this.names.take(name), environment)
  }

  /** The expression that stands for `value` from now on. */
  hide(wish: string, value: string): Draft.Part {
    const known = this.byValue.get(value) ?? this.names.take(Draft.identifier(wish, "secret"))
    this.byValue.set(value, known)
    if (!this.environments.has(known)) this.environments.set(known, environmentOf(known))
    this.hidden.add(known)
    return { expression: `secrets.${known}` }
  }

  /** The same for a value that the source took from the environment itself. */
  fromEnvironment(wish: string, environment: string): Draft.Part {
    for (const [name, known] of this.environments) if (known === environment) return { expression: `secrets.${name}` }
    const name = this.names.take(Draft.identifier(wish, "secret"))
    this.environments.set(name, environment)
    return { expression: `secrets.${name}` }
  }

  list(): Draft.ScenarioDraft["secrets"] {
    return [...this.environments]
  }

  notes(): ReadonlyArray<string> {
    return [...this.hidden].map((name) =>
      `a secret was left out: set the environment variable ${this.environments.get(name)!} (secrets.${name})`
    )
  }
}

const environmentOf = (name: string): string => (name.startsWith("api_") ? name : `api_${name}`).toUpperCase()

const guardRequest = (request: Draft.RequestDraft, book: SecretBook): Draft.RequestDraft => {
  const located = guardUrl(request, book)
  const headers: Array<Draft.Pair> = []
  let { basic, bearer } = located
  for (const [name, value] of located.headers) {
    const login = name.toLowerCase() === "authorization" ? readLogin(value) : undefined
    if (login === undefined) headers.push([name, hideIf(sensitiveHeader.test(name), headerName(name), value, book)])
    else if ("bearer" in login) bearer ??= login.bearer
    else basic ??= login
  }
  // A request has one login; an Authorization header says more than a user in the URL.
  if (bearer !== undefined) basic = undefined
  return {
    ...located,
    headers,
    query: located.query.map(([name, value]) => [name, hideIf(sensitiveQuery(name), name, value, book)]),
    ...(basic === undefined
      ? {}
      : { basic: { user: basic.user, password: hideIf(true, "password", basic.password, book) } }),
    ...(bearer === undefined ? {} : { bearer: hideIf(true, "token", bearer, book) }),
    ...(located.body === undefined ? {} : { body: guardBody(located.body, book) })
  }
}

/** Moves the user out of the URL and its sensitive parameters into `query`, where they are encoded anew. */
const guardUrl = (request: Draft.RequestDraft, book: SecretBook): Draft.RequestDraft => {
  let { basic } = request
  const moved: Array<Draft.Pair> = []
  let query = false
  const url = Draft.mapPlain(request.url, (plain) => {
    let rest = plain.replace(/^([a-z][a-z0-9+.-]*:\/\/)([^/?#@]*)@/i, (_, scheme: string, user: string) => {
      const [name = "", ...password] = user.split(":")
      basic ??= { user: Draft.text(decodeForm(name)), password: Draft.text(decodeForm(password.join(":"))) }
      return scheme
    })
    // A parameter may follow an expression, so the question mark may stand in an earlier piece.
    const start = query ? 0 : rest.indexOf("?") + 1
    if (start === 0 && !query) return tokens(rest, book)
    query = true
    const kept = rest.slice(start).split("&").filter((pair) => {
      const [name = "", ...value] = pair.split("=")
      if (value.join("=") === "" || !sensitiveQuery(decodeForm(name))) return true
      moved.push([decodeForm(name), Draft.text(decodeForm(value.join("=")))])
      return false
    })
    rest = `${rest.slice(0, start)}${kept.join("&")}`
    return tokens(kept.length === 0 || kept.join("") === "" ? rest.replace(/\?$/, "") : rest, book)
  })
  return { ...request, url, query: [...request.query, ...moved], ...(basic === undefined ? {} : { basic }) }
}

const guardBody = (body: Draft.BodyDraft, book: SecretBook): Draft.BodyDraft => {
  const hide = (name: string | undefined, value: Draft.Text) =>
    hideIf(name !== undefined && sensitiveName(name), name ?? "secret", value, book)
  switch (body.kind) {
    case "json":
      return { kind: "json", data: JsonBody.mapTexts(body.data, (value, key) => hide(key, value)) }
    case "form":
      return { kind: "form", fields: body.fields.map(([name, value]) => [name, hide(name, value)]) }
    case "multipart":
      return {
        kind: "multipart",
        parts: body.parts.map((part) => "value" in part ? { ...part, value: hide(part.name, part.value) } : part)
      }
    case "text":
      return { kind: "text", text: Draft.mapPlain(body.text, (plain) => named(plain, book)) }
  }
}

/** Hides a value that has plain characters in it; one that is an expression already shows nothing. */
const hideIf = (sensitive: boolean, name: string, value: Draft.Text, book: SecretBook): Draft.Text => {
  const plain = Draft.plainOf(value)
  if (!sensitive || plain === "") return Draft.mapPlain(value, (piece) => tokens(piece, book))
  if (plain !== undefined) return Draft.text(book.hide(name, plain))
  const [only] = value.parts
  const environment = typeof only === "object" && value.parts.length === 1
    ? /^env\.(\w+)$/.exec(only.expression)?.[1]
    : undefined
  if (environment !== undefined) return Draft.text(book.fromEnvironment(name, environment))
  // `Token {{token}}`: the word before an expression is the scheme, anything longer may be a part of the secret.
  return Draft.mapPlain(
    value,
    (piece) => (/^\s*[A-Za-z]{0,10}[\s=:]*$/.test(piece) ? [piece] : [book.hide(name, piece)])
  )
}

/** Hides what has the look of a token wherever it stands. */
const tokens = (plain: string, book: SecretBook): ReadonlyArray<Draft.Part> =>
  hideMatches(plain, tokenLook, "token", book)

/** Hides tokens, and in XML or form-like texts the values of sensitive names. */
const named = (plain: string, book: SecretBook): ReadonlyArray<Draft.Part> =>
  hideMatches(plain, namedValue, "secret", book).flatMap((
    part
  ) => (typeof part === "string" ? tokens(part, book) : [part]))

const hideMatches = (plain: string, pattern: RegExp, wish: string, book: SecretBook): ReadonlyArray<Draft.Part> => {
  const parts: Array<Draft.Part> = []
  let at = 0
  for (const found of plain.matchAll(pattern)) {
    const { element, field, value = found[0] } = found.groups ?? {}
    const name = element ?? field
    if (name !== undefined && !sensitiveName(name)) continue
    const start = found.index + found[0].length - value.length
    parts.push(plain.slice(at, start), book.hide(name ?? wish, value))
    at = start + value.length
  }
  return [...parts, plain.slice(at)]
}

/** Tokens that services give a look of their own: JWT, GitHub, GitLab, Slack, AWS, Stripe, Google, private keys. */
const tokenLook =
  /(?<![\w-])eyJ[\w-]{8,4096}\.[\w-]{8,8192}\.[\w-]{0,8192}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{15,}|\bxox[abeprs]-[\w-]{10,}|\bA[KS]IA[0-9A-Z]{16}\b|\b[sr]k_(?:live|test)_\w{10,}|\bAIza[\w-]{35}|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g

/** `<password>x`, `password=x`, `"password": "x"`. Bounded and anchored, so that a long text costs no more than its length. */
const namedValue =
  /(?:<(?<element>[\w:.-]{1,64})>|(?<![\w.-])(?<field>[\w.-]{1,64})["']?[ \t]{0,8}[:=][ \t]{0,8}["']?)(?<value>[^\s<>"'&,;]+)/g

const sensitiveHeader =
  /^(proxy-)?authorization$|^cookie2?$|auth|api-?key|token|secret|passw|session|signature|credential/i

const sensitiveWords =
  /(^|_)(pass|password|passwd|passphrase|pwd|secret|token|jwt|api_?key|access_?key|private_?key|apikey|auth|authorization|credentials?|sig|signature|session|session_?id|otp|pin|cvv|cvc|ssn)(_|$)/

/** Names of what belongs to a token without being one. */
const harmless = /_(type|types|url|uri|endpoint|expires?|expires_in|at|count|limit|length|method)$/

const sensitiveName = (name: string): boolean => {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase().replaceAll(/[^a-z0-9]+/g, "_")
  return sensitiveWords.test(words) && !harmless.test(words)
}

const sensitiveQuery = (name: string): boolean => sensitiveName(name) || /^(key|sid|access_token|id_token)$/i.test(name)

const headerName = (name: string): string =>
  name.toLowerCase().replace(/^x-/, "").replace(/^proxy-authorization$/, "proxy_token").replace(
    /^authorization$/,
    "token"
  )

type Login = { readonly bearer: Draft.Text } | { readonly user: Draft.Text; readonly password: Draft.Text }

/** Reads `Bearer x` and `Basic x` out of an authorization header. */
const readLogin = (value: Draft.Text): Login | undefined => {
  const [first, ...rest] = value.parts
  if (typeof first !== "string") return undefined
  const scheme = /^\s*(bearer|basic)\s+/i.exec(first)
  if (scheme === null) return undefined
  const remaining = Draft.text(first.slice(scheme[0].length), ...rest)
  if (scheme[1]!.toLowerCase() === "bearer") return { bearer: remaining }
  const decoded = Base64.decodeString(Draft.plainOf(remaining)?.trim() ?? "")
  if (decoded._tag === "Failure" || !decoded.success.includes(":")) return undefined
  const colon = decoded.success.indexOf(":")
  return { user: Draft.text(decoded.success.slice(0, colon)), password: Draft.text(decoded.success.slice(colon + 1)) }
}
