/**
 * Regular expressions whose time grows with the text and not with the pattern's nesting (RE2 syntax). Every pattern that
 * comes from a user goes through here; none reaches the engine's own `RegExp`.
 */
import { Result } from "effect"
import { Matcher, MatcherInput, RE2JS } from "re2js"

export interface Match {
  readonly text: string
  /** UTF-16 offset of the match. */
  readonly index: number
  /** The groups in order, without the whole match; `undefined` for one that took no part. */
  readonly groups: ReadonlyArray<string | undefined>
  /** The named groups; without a prototype. */
  readonly named: Readonly<Record<string, string | undefined>>
}

export interface LinearRegex {
  readonly pattern: string
  readonly flags: string
  /** True when the pattern is found anywhere in `text`. */
  readonly test: (text: string) => boolean
  /** True when the pattern covers all of `text`. */
  readonly testWhole: (text: string) => boolean
  /** The first match. */
  readonly exec: (text: string) => Match | undefined
  /** All matches that do not overlap. Fails when searching on and on would be quadratic, and beyond `maxMatches`. */
  readonly matchAll: (text: string) => Result.Result<ReadonlyArray<Match>, RegexProblem>
  /** Replaces all matches; `$1`, `$<name>`, `$&` stand for groups and the match, `$$` for a dollar. Fails as `matchAll`. */
  readonly replaceAll: (text: string, replacement: string) => Result.Result<string, RegexProblem>
}

/** Why a pattern cannot be used, or not on this text. */
export interface RegexProblem {
  readonly message: string
  readonly hint?: string | undefined
}

export const maxPatternLength = 10_000
export const maxMatches = 1_000_000

/** Compiles a pattern. `flags` are letters of `i` (any case), `m` (lines), `s` (dot matches line ends); `g` and `u` say nothing. */
export const compile = (pattern: string, flags = ""): Result.Result<LinearRegex, RegexProblem> => {
  const key = `${flags}/${pattern}`
  const known = compiled.get(key)
  if (known !== undefined) return Result.succeed(known)
  if (pattern.length > maxPatternLength) {
    return Result.fail({ message: `the pattern is longer than ${maxPatternLength} characters` })
  }
  const unknownFlag = /[^imsgu]/.exec(flags)
  if (unknownFlag !== null) {
    return Result.fail({ message: `unknown flag ${JSON.stringify(unknownFlag[0])}`, hint: "flags are i, m and s" })
  }
  try {
    const regex = wrap(pattern, flags, RE2JS.compile(pattern, bits(flags)))
    if (compiled.size >= maxCompiled) compiled.delete(compiled.keys().next().value!)
    compiled.set(key, regex)
    return Result.succeed(regex)
  } catch (error) {
    return Result.fail(problemOf(pattern, error))
  }
}

// A memo: patterns stand in files, so the same few come again and again. Oldest out first.
const maxCompiled = 256
const compiled = new Map<string, LinearRegex>()

const bits = (flags: string): number =>
  (flags.includes("i") ? RE2JS.CASE_INSENSITIVE : 0) | (flags.includes("m") ? RE2JS.MULTILINE : 0) |
  (flags.includes("s") ? RE2JS.DOTALL : 0)

const wrap = (pattern: string, flags: string, regex: RE2JS): LinearRegex => ({
  pattern,
  flags,
  test: (text) => regex.test(text),
  testWhole: (text) => regex.testExact(text),
  exec: (text) => {
    const matcher = regex.matcher(text)
    return matcher.find() ? matchOf(matcher) : undefined
  },
  matchAll: (text) =>
    bounded(pattern, () => {
      const matcher = counting(regex, text)
      const matches: Array<Match> = []
      while (matcher.find()) {
        matches.push(matchOf(matcher))
        if (matches.length > maxMatches) throw new TooMuch()
      }
      return matches
    }),
  replaceAll: (text, replacement) => bounded(pattern, () => counting(regex, text).replaceAll(replacement))
})

const matchOf = (matcher: Matcher): Match => {
  const groups: Array<string | undefined> = []
  for (let at = 1; at <= matcher.groupCount(); at++) groups.push(matcher.group(at) ?? undefined)
  const named = Object.create(null) as Record<string, string | undefined>
  for (const [name, text] of Object.entries(matcher.getNamedGroups())) named[name] = text ?? undefined
  return { text: matcher.group() ?? "", index: matcher.start(), groups, named }
}

class TooMuch extends Error {}

const bounded = <A>(pattern: string, run: () => A): Result.Result<A, RegexProblem> => {
  try {
    return Result.succeed(run())
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error
    return Result.fail({
      message: `finding every match of ${JSON.stringify(pattern)} takes too long on this text`,
      hint: "make the pattern stop early: [^x]* instead of .*, or ask for the first match only"
    })
  }
}

/**
 * One search is linear, but a search after each match need not be: `a.*b|a` reads to the end of the text for every `a`.
 * So the characters read are counted, and bounded by a multiple of the text.
 */
class CountedText extends String {
  left: number
  constructor(text: string) {
    super(text)
    this.left = 500_000 + 20 * text.length
  }
  override charCodeAt(at: number): number {
    this.left -= 1
    if (this.left < 0) throw new TooMuch()
    return super.charCodeAt(at)
  }
  override indexOf(wanted: string, from = 0): number {
    const found = super.indexOf(wanted, from)
    // The engine's own search reads some sixteen characters in the time of one of ours.
    this.left -= ((found === -1 ? this.length : found) - from) >> 4
    return found
  }
}

const counting = (regex: RE2JS, text: string): Matcher => regex.matcher(MatcherInput.utf16(new CountedText(text)))

const problemOf = (pattern: string, error: unknown): RegexProblem => {
  const message = error instanceof Error ? error.message : String(error)
  const reason = message.replace(/^error parsing regexp: /, "")
  const unsupported = /\(\?[=!]|\(\?<[=!]|\\[1-9]/.test(pattern)
  return {
    message: `${JSON.stringify(pattern.slice(0, 80))} is no pattern: ${reason.slice(0, 200)}`,
    hint: unsupported
      ? "lookaround and back-references are left out, so that every pattern takes linear time"
      : undefined
  }
}
