/** What `ConnectionOptions` say about TLS, in the words of Node. `UndiciDispatcher` and `SocketLoadTransport` share it. */
import { Redacted } from "effect"
import type { SecureContextOptions } from "node:tls"
import type { ConnectionOptions } from "../../services/HttpPolicy.ts"

/** Authorities, certificate and key. Fields that were left out are absent. */
export const secureContextOptions = (connection: ConnectionOptions): SecureContextOptions => ({
  ...(connection.ca === undefined ? {} : { ca: connection.ca }),
  ...(connection.crl === undefined ? {} : { crl: connection.crl }),
  ...(connection.certificate === undefined ? {} : { cert: connection.certificate }),
  ...(connection.key === undefined ? {} : { key: Redacted.value(connection.key) }),
  ...(connection.passphrase === undefined ? {} : { passphrase: Redacted.value(connection.passphrase) })
})

/** Also whom to trust. */
export const tlsOptions = (connection: ConnectionOptions) => ({
  ...secureContextOptions(connection),
  rejectUnauthorized: connection.insecure !== true,
  ...(connection.serverName === undefined ? {} : { servername: connection.serverName })
})
