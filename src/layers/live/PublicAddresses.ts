/** Connections to public addresses only. */
import { lookup as systemLookup } from "node:dns"
import { isIP, type LookupFunction } from "node:net"
import * as IpAddress from "../../core/IpAddress.ts"

/** A host with an address that is not public, where only public ones were wanted. */
export class PrivateAddress extends Error {
  readonly code = "SKEIN_PRIVATE_ADDRESS"
}

/** What is wrong with a host that is an address, which is never looked up. */
export const fault = (host: string): PrivateAddress | undefined =>
  isIP(host) !== 0 && IpAddress.isPrivate(host)
    ? new PrivateAddress(`${host} is an address of this machine or of a private network`)
    : undefined

/** Looks a name up and leaves out what is private: what the name means is settled here, not before. */
export const lookup: LookupFunction = (hostname, options, done) =>
  systemLookup(hostname, { ...options, all: true }, (error, found) => {
    if (error !== null) return done(error, [])
    const open = found.filter(({ address }) => !IpAddress.isPrivate(address))
    const [first] = open
    if (first === undefined) return done(new PrivateAddress(`${hostname} has only private addresses`), [])
    return options.all === true ? done(null, open) : done(null, first.address, first.family)
  })
