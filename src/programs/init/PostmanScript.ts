/**
 * Reads the checks of a Postman test script that have the usual form, line by line. Nothing is run; a line that is not
 * understood is counted, never guessed.
 */
import { pathCode, quote } from "./Placeholders.ts"

export interface Checks {
  readonly expect: ReadonlyArray<string>
  readonly save: ReadonlyArray<readonly [name: string, expression: string]>
  /** Lines that say something and were not understood. */
  readonly left: number
}

/** `saveAs` gives the name under which a variable of the script is saved. */
export const read = (script: string, saveAs: (name: string) => string): Checks => {
  const reader = new Reader(saveAs)
  for (const line of script.split("\n")) reader.line(line.trim().replace(/;$/, ""))
  return { expect: [...reader.expect], save: reader.save, left: reader.left }
}

/** Names that scripts give to the parsed body. */
const bodyCall = "pm\\.response\\.json\\(\\)|JSON\\.parse\\(responseBody\\)"
const path = "(?:\\.[A-Za-z_]\\w*|\\[\\d{1,9}\\]|\\[\"[^\"\\\\]{1,80}\"\\]|\\['[^'\\\\]{1,80}'\\])*"

class Reader {
  readonly expect = new Set<string>()
  readonly save: Array<readonly [name: string, expression: string]> = []
  left = 0
  private readonly bodies = new Set<string>()
  private readonly saveAs: (name: string) => string

  constructor(saveAs: (name: string) => string) {
    this.saveAs = saveAs
  }

  line(line: string): void {
    if (line.length > 2_000) return void this.left++
    // What only holds other lines together.
    if (/^(\}\)?\)?|\{|\/\/.*|)$/.test(line) || /^pm\.test\(.*(=>|function\s*\(\s*\))\s*\{$/.test(line)) return
    const whole = /^pm\.test\(.*?(?:=>|function\s*\(\s*\))\s*\{?\s*(pm\..*?);?\s*\}?\)$/.exec(line)
    if (whole !== null) return this.line(whole[1]!.replace(/;$/, ""))
    const body = new RegExp(`^(?:const|let|var)\\s+(\\w{1,60})\\s*=\\s*(?:${bodyCall})$`).exec(line)
    if (body !== null) return void this.bodies.add(body[1]!)
    const expectation = this.expectation(line)
    if (expectation !== undefined) return void this.expect.add(expectation)
    const saved = this.saved(line)
    if (saved !== undefined) return void this.save.push(saved)
    this.left++
  }

  private expectation(line: string): string | undefined {
    const status = /^pm\.response\.to\.have\.status\((\d{3})\)$/.exec(line) ??
      /^pm\.expect\(pm\.response\.(?:code|status)\)\.to\.(?:be\.)?(?:equal|equals|eql|eq)\((\d{3})\)$/.exec(line)
    if (status !== null) return `status == ${status[1]!}`
    const several = /^pm\.expect\(pm\.response\.code\)\.to\.be\.oneOf\(\[([\d\s,]{3,200})\]\)$/.exec(line)
    if (several !== null) return `status in [${several[1]!.split(",").map((code) => code.trim()).join(", ")}]`
    const named = /^pm\.response\.to\.(?:be\.(ok|success|clientError|serverError)|not\.be\.(error))$/.exec(line)
    if (named !== null) return statusRanges[named[1] ?? named[2]!]
    const time = /^pm\.expect\(pm\.response\.responseTime\)\.to\.be\.(?:below|lessThan)\((\d{1,9})\)$/.exec(line)
    if (time !== null) return `duration_ms < ${time[1]!}`
    const header = /^pm\.response\.to\.have\.header\(["']([\w-]{1,100})["']\)$/.exec(line)
    if (header !== null) return `has(headers[${quote(header[1]!.toLowerCase())}])`
    return this.comparison(line)
  }

  private comparison(line: string): string | undefined {
    const found =
      /^pm\.expect\((.{1,300}?)\)\.to\.(?:be\.)?(?:(?:equal|equals|eql|eq)\((.{1,300})\)|(above|greaterThan|least|below|lessThan|most)\((-?\d+(?:\.\d+)?)\)|(exist|true|false|null))$/
        .exec(line)
    const value = found === null ? undefined : this.bodyPath(found[1]!)
    if (found === null || value === undefined) return undefined
    const [, , equal, order, bound, word] = found
    if (equal !== undefined) {
      const literal = literalOf(equal)
      return literal === undefined ? undefined : `${value} == ${literal}`
    }
    if (order !== undefined) return `${value} ${operators[order]!} ${bound!}`
    return word === "exist" ? `has(${value})` : `${value} == ${word!}`
  }

  private saved(line: string): readonly [string, string] | undefined {
    const found =
      /^pm\.(?:environment|collectionVariables|globals|variables)\.set\(\s*["']([^"']{1,80})["']\s*,\s*(.{1,300}?)\s*\)$/
        .exec(line)
    const value = found === null ? undefined : this.bodyPath(found[2]!)
    return found === null || value === undefined ? undefined : [this.saveAs(found[1]!), value]
  }

  /** `json.items[0].id` where `json` is the parsed body. */
  private bodyPath(code: string): string | undefined {
    const direct = new RegExp(`^(?:${bodyCall})(${path})$`).exec(code)
    if (direct !== null) return `body${pathCode(direct[1]!)}`
    const named = new RegExp(`^(\\w{1,60})(${path})$`).exec(code)
    return named !== null && this.bodies.has(named[1]!) ? `body${pathCode(named[2]!)}` : undefined
  }
}

const statusRanges: Readonly<Record<string, string>> = {
  ok: "status == 200",
  success: "status >= 200 && status < 300",
  clientError: "status >= 400 && status < 500",
  serverError: "status >= 500",
  error: "status < 400"
}

const operators: Readonly<Record<string, string>> = {
  above: ">",
  greaterThan: ">",
  least: ">=",
  below: "<",
  lessThan: "<",
  most: "<="
}

const literalOf = (code: string): string | undefined => {
  const text = /^(?:"([^"\\]*)"|'([^'\\]*)')$/.exec(code)
  if (text !== null) return quote(text[1] ?? text[2]!)
  return /^(-?\d{1,15}(\.\d{1,10})?|true|false|null)$/.test(code) ? code : undefined
}
