/** Names a server by its URL in labels and tables, where neither user nor password may stand. */

const ports: Readonly<Record<string, number>> = {
  postgres: 5432,
  postgresql: 5432,
  mongodb: 27017,
  amqp: 5672,
  amqps: 5671,
  redis: 6379,
  rediss: 6379,
  http: 80,
  https: 443
}

/**
 * Returns `host:port`, several of them separated by commas as in the URL, or the URL itself when it is `embedded:`.
 *
 * `unknown` when the host cannot be told from the password for certain: one with a bare `/`, `?` or `#` in it ends the host early.
 */
export const of = (url: string): string => {
  if (/^embedded:/i.test(url)) return url
  const [, scheme = "", authority = "", rest = ""] = /^([a-z][\w+.-]*):\/\/([^/?#]*)(.*)$/is.exec(url) ?? []
  const hosts = authority.slice(authority.lastIndexOf("@") + 1)
  if (hosts === "" || rest.includes("@")) return "unknown"
  const port = ports[scheme.toLowerCase()]
  return hosts.split(",").map((host) => /:\d+$/.test(host) || port === undefined ? host : `${host}:${port}`).join(",")
}
