/**
 * A scenario on its way from another tool's file to YAML. Converters make drafts, `Guard.ts` takes the secrets out of
 * them, `Emit.ts` writes them; what an http step's inputs are called is known to `Emit.ts` alone.
 */

/** A piece of a text: characters as they stand, or an expression. */
export type Part = string | { readonly expression: string }

/** A text with expressions in it. Characters such as `${` in its plain parts are just characters. */
export class Text {
  readonly parts: ReadonlyArray<Part>
  constructor(parts: ReadonlyArray<Part>) {
    this.parts = parts
  }
}

/** Makes a text; neighbouring plain pieces become one. */
export const text = (...parts: ReadonlyArray<Part>): Text => {
  const pieces: Array<Part> = []
  let plain: Array<string> = []
  for (const part of [...parts, undefined]) {
    if (typeof part === "string") plain.push(part)
    else {
      const piece = plain.join("")
      if (piece !== "") pieces.push(piece)
      if (part !== undefined) pieces.push(part)
      plain = []
    }
  }
  return new Text(pieces)
}

export const expression = (code: string): Text => text({ expression: code })

/** Returns the characters when there is no expression in it. */
export const plainOf = (value: Text): string | undefined =>
  value.parts.every((part) => typeof part === "string") ? value.parts.join("") : undefined

/** Applies `change` to the plain pieces of a text. */
export const mapPlain = (value: Text, change: (plain: string) => ReadonlyArray<Part>): Text =>
  text(...value.parts.flatMap((part) => (typeof part === "string" ? change(part) : [part])))

/** JSON whose texts may hold expressions. */
export type Data = null | boolean | number | bigint | Text | ReadonlyArray<Data> | { readonly [key: string]: Data }

export type Pair = readonly [name: string, value: Text]

export type BodyDraft =
  | { readonly kind: "json"; readonly data: Data }
  | { readonly kind: "form"; readonly fields: ReadonlyArray<Pair> }
  | { readonly kind: "multipart"; readonly parts: ReadonlyArray<MultipartDraft> }
  | { readonly kind: "text"; readonly text: Text }

/** A field, or a file that lies beside the scenario. */
export type MultipartDraft =
  | { readonly name: string; readonly value: Text }
  | { readonly name: string; readonly file: string; readonly type?: string | undefined }

export interface RequestDraft {
  readonly method: string
  readonly url: Text
  /** Added to the query of the URL. */
  readonly query: ReadonlyArray<Pair>
  /** Names as they were written. */
  readonly headers: ReadonlyArray<Pair>
  readonly body?: BodyDraft | undefined
  readonly basic?: { readonly user: Text; readonly password: Text } | undefined
  readonly bearer?: Text | undefined
  readonly insecure?: boolean | undefined
  readonly timeout?: string | undefined
  readonly maxRedirects?: number | undefined
}

export interface StepDraft {
  readonly name: string
  readonly id?: string | undefined
  /** What could not be taken over, for the person who goes on from here. Must hold no value of the source. */
  readonly comments: ReadonlyArray<string>
  readonly request: RequestDraft
  /** Expressions over the answer, or the operation of an API document. */
  readonly expect: ReadonlyArray<string | { readonly openapi: string; readonly operation: string }>
  readonly save: ReadonlyArray<readonly [name: string, expression: string]>
}

export interface ScenarioDraft {
  readonly name: string
  readonly description?: string | undefined
  readonly vars: ReadonlyArray<Pair>
  /** By name: the environment variable that holds it. */
  readonly secrets: ReadonlyArray<readonly [name: string, environment: string]>
  readonly steps: ReadonlyArray<StepDraft>
}

/** Turns any text into a name that expressions can read: `API key` becomes `api_key`. */
export const identifier = (name: string, fallback: string): string => {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase().replaceAll(/[^a-z0-9]+/g, "_")
  const trimmed = words.replaceAll(/^_+|_+$/g, "").slice(0, 40)
  if (trimmed === "") return fallback
  return /^\d/.test(trimmed) || taken.has(trimmed) ? `${fallback}_${trimmed}` : trimmed
}

/** Names that files cannot give, and words of the expression language. */
const taken = new Set(
  ("env vars secrets mocks item row index vu iteration steps true false null in and or not " +
    // Fields of an http answer, which come before variables in `expect` and `save`.
    "status headers body url cookies duration_ms").split(" ")
)

/** Gives each wish a name of its own: the second `item` becomes `item_2`. */
export class Names {
  private readonly used = new Set<string>()

  take(wish: string): string {
    let name = wish
    for (let count = 2; this.used.has(name); count++) name = `${wish}_${count}`
    this.used.add(name)
    return name
  }
}

/** Reads a text with `{{name}}` in it; `resolve` says what a name stands for. */
export const placeholders = (source: string, resolve: (name: string) => Part): Text => {
  const parts: Array<Part> = []
  let at = 0
  for (const found of source.matchAll(/\{\{([^{}]{1,200})\}\}/g)) {
    parts.push(source.slice(at, found.index), resolve(found[1]!.trim()))
    at = found.index + found[0].length
  }
  return text(...parts, source.slice(at))
}
