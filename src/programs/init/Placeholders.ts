/** What `{{name}}` stands for in Postman collections and `.http` files: a variable, a dynamic value, an earlier answer. */
import * as Draft from "./Draft.ts"

/** Collects the variables of a file while its requests are read. */
export class Placeholders {
  readonly notes = new Set<string>()
  private readonly names = new Draft.Names()
  private readonly identifiers = new Map<string, string>()
  private readonly values = new Map<string, Draft.Text>()
  /** Set by an earlier step, so it needs no first value. */
  private readonly saved = new Set<string>()

  /** Gives a variable its first value; a later one replaces it. */
  declare(name: string, value: Draft.Text): void {
    this.values.set(name, value)
    this.identifierOf(name)
  }

  /** The name under which a step saves what the source calls `name`. */
  save(name: string): string {
    this.saved.add(name)
    return this.identifierOf(name)
  }

  readonly resolve = (name: string): Draft.Part => {
    const dynamic = dynamicValue(name)
    if (dynamic !== undefined) return { expression: dynamic }
    if (name.startsWith("$")) {
      this.notes.add(`{{${name}}} is not known here; it stays as it is`)
      return `{{${name}}}`
    }
    const answer = earlierAnswer(name)
    if (answer !== undefined) return { expression: answer }
    return { expression: this.identifierOf(name) }
  }

  /** Variables that were given no value are taken from the environment. */
  variables(): ReadonlyArray<Draft.Pair> {
    return [...this.identifiers].flatMap(([name, identifier]): ReadonlyArray<Draft.Pair> => {
      const value = this.values.get(name)
      if (value !== undefined) return [[identifier, value]]
      if (this.saved.has(name)) return []
      const environment = identifier.toUpperCase()
      this.notes.add(`the source gives ${name} no value: set the environment variable ${environment}, or edit vars`)
      return [[identifier, Draft.expression(`env.${environment}`)]]
    })
  }

  private identifierOf(name: string): string {
    const known = this.identifiers.get(name) ?? this.names.take(Draft.identifier(name, "value"))
    this.identifiers.set(name, known)
    return known
  }
}

/** Dynamic values by the names that Postman, VS Code's REST Client and JetBrains' client give them. */
const dynamicValue = (name: string): string | undefined => {
  const [word = "", ...rest] = name.split(/\s+/)
  const fixed = dynamicValues[word]
  if (fixed !== undefined && rest.length === 0) return fixed
  const environment = /^\$(?:processEnv|dotenv)\s+%?([A-Za-z_]\w*)$/.exec(name) ?? /^\$env\.([A-Za-z_]\w*)$/.exec(name)
  if (environment !== null) return `env.${environment[1]!}`
  const range = /^\$randomInt\s+(-?\d{1,9})\s+(-?\d{1,9})$/.exec(name) ??
    /^\$random\.integer\((-?\d{1,9}),\s*(-?\d{1,9})\)$/.exec(name)
  if (range === null) return undefined
  const [from, to] = [Number(range[1]), Number(range[2])]
  return to > from ? `${from} + random(${to - from})` : undefined
}

const dynamicValues: Readonly<Record<string, string>> = {
  $guid: "uuid()",
  $uuid: "uuid()",
  $randomUUID: "uuid()",
  "$random.uuid": "uuid()",
  $timestamp: "floor(now() / 1000)",
  $isoTimestamp: "now_iso()",
  $datetime: "now_iso()",
  $randomInt: "random(1001)"
}

/** `login.response.body.$.token` of an `.http` file: the answer of the request called `login`. */
const earlierAnswer = (name: string): string | undefined => {
  const found = /^([\w-]+)\.response\.(body|headers)\.(?:\$\.)?([\w.[\]-]+)$/.exec(name)
  if (found === null) return undefined
  const [, request, part, path] = found
  const id = Draft.identifier(request!, "request")
  return part === "headers"
    ? `steps.${id}.output.headers[${quote(path!.toLowerCase())}]`
    : `steps.${id}.output.body${pathCode(path!)}`
}

/** Writes `items[0].x-id` as an expression's path. */
export const pathCode = (path: string): string =>
  path.split(/\.|(?=\[)/).filter((part) => part !== "").map((part) => {
    const index = /^\[(\d+)\]$/.exec(part)
    if (index !== null) return part
    const key = part.replaceAll(/^\[["']?|["']?\]$/g, "")
    return /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${quote(key)}]`
  }).join("")

/** Writes a text of the expression language. */
export const quote = (value: string): string =>
  `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n").replaceAll("\r", "\\r")}'`
