/** Looks names up once for all connections of a load run: thousands of them ask for the same one at the same moment. */
import { lookup, type LookupAddress } from "node:dns"
import { isIP, type LookupFunction } from "node:net"

/** How long an answer is used; a failed look-up is not remembered. */
const keptMillis = 30_000
/** Names that are remembered; above, all are forgotten. */
const maxNames = 1_000

type Answer = (error: NodeJS.ErrnoException | null, addresses: ReadonlyArray<LookupAddress>) => void

export class Addresses {
  private readonly known = new Map<
    string,
    { readonly addresses: ReadonlyArray<LookupAddress>; readonly until: number }
  >()
  private readonly asked = new Map<string, Array<Answer>>()

  /** For `net.connect`; `resolve` has addresses by name or `name:port`. */
  lookupFor(port: number, resolve: Readonly<Record<string, string>>): LookupFunction {
    return (hostname, options, done) => {
      const given = resolve[`${hostname}:${port}`] ?? resolve[hostname]
      const answer: Answer = (error, addresses) => {
        const [first] = addresses
        if (error !== null || first === undefined) return done(error ?? noAddress(hostname), [])
        return options.all === true ? done(null, [...addresses]) : done(null, first.address, first.family)
      }
      if (given === undefined) this.find(hostname, answer)
      else queueMicrotask(() => answer(null, [{ address: given, family: isIP(given) }]))
    }
  }

  private find(hostname: string, answer: Answer): void {
    const found = this.known.get(hostname)
    if (found !== undefined && found.until > performance.now()) {
      return queueMicrotask(() => answer(null, found.addresses))
    }
    const waiting = this.asked.get(hostname)
    if (waiting !== undefined) return void waiting.push(answer)
    this.asked.set(hostname, [answer])
    lookup(hostname, { all: true }, (error, addresses) => {
      if (this.known.size >= maxNames) this.known.clear()
      if (error === null) this.known.set(hostname, { addresses, until: performance.now() + keptMillis })
      const answers = this.asked.get(hostname) ?? []
      this.asked.delete(hostname)
      for (const one of answers) one(error, error === null ? addresses : [])
    })
  }
}

const noAddress = (hostname: string) => Object.assign(new Error(`${hostname} has no address`), { code: "ENODATA" })
