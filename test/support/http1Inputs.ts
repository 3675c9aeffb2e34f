/** Random responses of HTTP/1.1, sound ones and broken ones, the same for the same seed. */

export interface Random {
  /** At least 0, less than `below`. */
  readonly integer: (below: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <A>(choices: ReadonlyArray<A>) => A
}

/** Mulberry32. */
export const random = (seed: number): Random => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const integer = (below: number): number => Math.floor(next() * below)
  return {
    integer,
    chance: (probability) => next() < probability,
    pick: (choices) => choices[integer(choices.length)]!
  }
}

/** One to three responses, one after the other, one character a byte; `headOnly` as if HEAD had been asked. */
export const sound = (random: Random, headOnly: boolean): string =>
  Array.from({ length: 1 + random.integer(3) }, () => response(random, headOnly)).join("")

const response = (random: Random, headOnly: boolean): string => {
  const interim = random.chance(0.15) ? `HTTP/1.1 103 Hints\r\n${headers(random, plainNames)}\r\n` : ""
  const status = random.pick([200, 200, 200, 201, 204, 206, 301, 304, 404, 500, 599, 999])
  const bodiless = headOnly || status === 204 || status === 304
  const version = random.chance(0.1) ? "1.0" : "1.1"
  const reason = random.pick([" OK", " ", "", " Not Found \t", " \xe9\xff"])
  const body = random.pick(["", "a", "hello", "HTTP/1.1 200 OK\r\n\r\n", "\r\n0\r\n\r\n", "\0\xff".repeat(20)])
  const [framing, text] = random.pick([
    () => [`${name(random, "Content-Length")}:${space(random)}${body.length}${end(random)}\r\n`, body],
    () => [`${name(random, "Transfer-Encoding")}:${space(random)}${name(random, "chunked")}\r\n`, chunks(random, body)],
    () => ["", body]
  ])()
  return `${interim}HTTP/${version} ${status}${reason}\r\n${headers(random)}${framing}${headers(random)}\r\n${
    bodiless ? "" : text
  }`
}

const headers = (random: Random, names = allNames): string =>
  Array.from(
    { length: random.integer(3) },
    () => `${random.pick(names)}:${space(random)}${value(random)}${end(random)}\r\n`
  )
    .join("")

const plainNames = ["X", "x-A_b", "Content-Lengt", "Date", "!#$%&'*+.^_`|~"]
const allNames = [...plainNames, "Connection"]
const value = (random: Random): string =>
  random.pick(["", "a", "close", "Keep-Alive, x", "x,close", "a \t b", "\x80\xff", ":", "x".repeat(30)])

const chunks = (random: Random, body: string): string => {
  let text = ""
  for (let at = 0; at < body.length;) {
    const size = 1 + random.integer(body.length - at)
    text += `${random.pick(["", "0", "000"])}${name(random, size.toString(16))}${extension(random)}\r\n${
      body.slice(at, at + size)
    }\r\n`
    at += size
  }
  return `${text}${random.pick(["0", "00"])}${extension(random)}\r\n${headers(random, plainNames)}\r\n`
}

const extension = (random: Random): string => random.pick(["", "", "", ";a", ";a=b", ";a=\"b c\"", ";a;b=c"])
const space = (random: Random): string => random.pick(["", " ", "\t ", "  "])
const end = (random: Random): string => random.pick(["", "", " ", "  "])
const name = (random: Random, text: string): string => random.pick([text, text, text.toLowerCase(), text.toUpperCase()])

const words = (
  "\r\n|\n|\r|\0| |\t|:|;|,|0|-1|f|\x7f|\xff|\r\n\r\n|HTTP/1.1 200 OK\r\n|HTTP/1.1 100 Continue\r\n\r\n|Content-Length: 5\r\n|" +
  "Transfer-Encoding: chunked\r\n|Transfer-Encoding: gzip\r\n|Connection: close\r\n|99999999999999999999|0\r\n\r\n| folded\r\n|" +
  "Upgrade: h2c\r\n|101|\""
).split("|")

/** Changes a text in a few places: bytes flipped, left out, doubled, moved, words of the protocol put in, the end cut off. */
export const broken = (random: Random, sound: string): string => {
  let text = sound
  for (let changes = 1 + random.integer(3); changes > 0; changes--) {
    const at = random.integer(text.length + 1)
    const to = at + random.integer(8)
    text = random.pick([
      () => `${text.slice(0, at)}${String.fromCharCode(random.integer(256))}${text.slice(at + 1)}`,
      () => `${text.slice(0, at)}${text.slice(to)}`,
      () => `${text.slice(0, to)}${text.slice(at)}`,
      () => `${text.slice(0, at)}${random.pick(words)}${text.slice(at)}`,
      () => `${text.slice(0, at)}${random.pick(words)}${text.slice(to)}`,
      () => text.slice(0, at)
    ])()
  }
  return text
}
