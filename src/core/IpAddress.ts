/** Which IP addresses are of this machine or of a private network, in every spelling. */

/**
 * True for loopback, private, link-local (with the metadata services of clouds), shared, multicast and reserved addresses, and for IPv6
 * addresses that lead to one of IPv4. False for what is no IP address.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 */
export const isPrivate = (address: string): boolean => {
  const bare = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "").toLowerCase()
  if (bare.includes(":")) return isPrivate6(bare)
  const four = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(bare)
  return four !== null && isPrivate4(Number(four[1]), Number(four[2]), Number(four[3]))
}

const isPrivate4 = (a: number, b: number, c: number): boolean =>
  a === 0 || a === 10 || a === 127 || a >= 224 ||
  a === 100 && b >= 64 && b < 128 ||
  a === 169 && b === 254 ||
  a === 172 && b >= 16 && b < 32 ||
  a === 192 && (b === 168 || b === 0 && (c === 0 || c === 2)) ||
  a === 198 && (b === 18 || b === 19 || b === 51 && c === 100) ||
  a === 203 && b === 0 && c === 113

const isPrivate6 = (address: string): boolean => {
  const words = wordsOf(address)
  if (words === undefined) return false
  const [first = 0, second = 0] = words
  const four = (high: number, low: number) => isPrivate4(high >> 8, high & 255, low >> 8)
  if (words.slice(0, 5).every((word) => word === 0)) {
    // ::, ::1, ::ffff:a.b.c.d and the old ::a.b.c.d
    return words[5] === 0xffff || words[5] === 0 ? four(words[6]!, words[7]!) : true
  }
  if (first === 0x64 && second === 0xff9b) return words[2] === 1 || four(words[6]!, words[7]!)
  if (first === 0x2002) return four(second, words[2]!)
  return (first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80 || (first & 0xffc0) === 0xfec0 ||
    first >= 0xff00 || first === 0x2001 && (second === 0 || second === 0xdb8) || first === 0x100 && second === 0
}

const read = (text: string): ReadonlyArray<number> =>
  text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16))

/** The eight words of an IPv6 address; `undefined` for what is none. */
const wordsOf = (address: string): ReadonlyArray<number> | undefined => {
  const url = URL.parse(`http://[${address}]/`)
  if (url === null) return undefined
  const [head = "", tail] = url.hostname.slice(1, -1).split("::")
  if (tail === undefined) return read(head)
  const before = read(head)
  const after = read(tail)
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
}
