/**
 * Splits a command line as a POSIX shell would, without running anything: quotes, escapes, `$'...'`, line continuations,
 * comments. `$NAME` becomes an expression over the environment; `$(...)` and backticks stay characters.
 *
 * Source: POSIX.1-2024, Shell Command Language, section 2.2 "Quoting".
 */
import { type Part, Text, text } from "./Draft.ts"

export type Word = Text

export interface Commands {
  /** The words of each command, in order; commands end at a line end, `;`, `&&`, `||`, `|` or `&`. */
  readonly commands: ReadonlyArray<ReadonlyArray<Word>>
  readonly notes: ReadonlyArray<string>
}

/** Reads a script; never fails: a quote without an end reaches to the end of the text. */
export const split = (source: string): Commands => {
  const scanner = new Scanner(source.replaceAll("\r\n", "\n"))
  scanner.run()
  return { commands: scanner.commands, notes: [...scanner.notes] }
}

const ansiEscapes: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  e: "\u001b",
  E: "\u001b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v"
}

class Scanner {
  readonly commands: Array<Array<Word>> = []
  readonly notes = new Set<string>()
  private readonly source: string
  private at = 0
  private words: Array<Word> = []
  private parts: Array<Part> | undefined

  constructor(source: string) {
    this.source = source
  }

  run(): void {
    while (this.at < this.source.length) this.step(this.source[this.at]!)
    this.endCommand()
  }

  private step(char: string): void {
    if (char === "\n" || char === ";" || char === "&" || char === "|") return this.separator()
    if (char === " " || char === "\t") return this.endWord()
    if (char === "#" && this.parts === undefined) {
      const end = this.source.indexOf("\n", this.at)
      this.at = end === -1 ? this.source.length : end
      return
    }
    this.parts ??= []
    if (char === "'") return this.single()
    if (char === "\"") return this.double()
    if (char === "\\") return this.escaped()
    if (char === "$") return this.dollar()
    this.add(char)
  }

  private add(plain: Part, length = 1): void {
    this.parts!.push(plain)
    this.at += length
  }

  private separator(): void {
    this.at++
    this.endCommand()
  }

  private endWord(): void {
    if (this.source[this.at] !== undefined) this.at++
    if (this.parts !== undefined) this.words.push(text(...this.parts))
    this.parts = undefined
  }

  private endCommand(): void {
    if (this.parts !== undefined) this.words.push(text(...this.parts))
    this.parts = undefined
    if (this.words.length > 0) this.commands.push(this.words)
    this.words = []
  }

  private single(): void {
    const end = this.source.indexOf("'", this.at + 1)
    const stop = end === -1 ? this.source.length : end
    this.add(this.source.slice(this.at + 1, stop), stop + 1 - this.at)
  }

  private double(): void {
    this.at++
    while (this.at < this.source.length && this.source[this.at] !== "\"") {
      const char = this.source[this.at]!
      const next = this.source[this.at + 1]
      if (char === "\\" && next !== undefined && "$`\"\\\n".includes(next)) this.add(next === "\n" ? "" : next, 2)
      else if (char === "$") this.dollar()
      else this.add(char)
    }
    this.at++
  }

  private escaped(): void {
    const next = this.source[this.at + 1] ?? ""
    if (next !== "\n") return this.add(next, 2)
    // The line goes on; when nothing of a word was read yet, none has begun.
    this.at += 2
    if (this.parts?.length === 0) this.parts = undefined
  }

  private dollar(): void {
    const rest = this.source.slice(this.at, this.at + 300)
    if (rest.startsWith("$'")) return this.ansi()
    const name = /^\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/.exec(rest)
    if (name !== null) return this.add({ expression: `env.${name[1] ?? name[2]!}` }, name[0].length)
    if (rest.startsWith("$(")) this.notes.add("the command runs another one, $(...); put its result into a variable")
    this.add("$")
  }

  /** `$'it\'s'`: what browsers write when they copy a request as curl. */
  private ansi(): void {
    this.at += 2
    while (this.at < this.source.length && this.source[this.at] !== "'") {
      const rest = this.source.slice(this.at, this.at + 12)
      const code = /^\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3}))/.exec(rest)
      if (code !== null) {
        const point = code[4] === undefined
          ? Number.parseInt(code[1] ?? code[2] ?? code[3]!, 16)
          : Number.parseInt(code[4], 8)
        this.add(point <= 0x10ffff ? String.fromCodePoint(point) : "\ufffd", code[0].length)
      } else if (rest.startsWith("\\") && rest.length > 1) this.add(ansiEscapes[rest[1]!] ?? rest[1]!, 2)
      else this.add(rest[0]!)
    }
    this.at++
  }
}
