/** The flags of `skein load` and `skein load compare` that both have. */
import { Option } from "effect"
import { Flag } from "effect/cli"
import * as Flags from "./Flags.ts"

/** A number a second: `200`, `200/s`, `12000/m`, `3600/h`. */
const rate = Flag.String("rate").pipe(
  Flag.withAlias("R"),
  Flag.filterMap(
    (text) => {
      const [, amount, unit] = /^(\d+(?:\.\d+)?)(?:\/([smh]))?$/.exec(text) ?? []
      const perSecond = Number(amount) / (unit === "h" ? 3600 : unit === "m" ? 60 : 1)
      return perSecond > 0 ? Option.some(perSecond) : Option.none()
    },
    () => "a rate above 0, such as 200/s, 600/m, or a number a second"
  ),
  Flag.withMetavar("rate"),
  Flag.withDescription("Requests started a second, whatever comes back: the open model"),
  Flag.optional
)

const withAlias = <A>(flag: Flag.Flag<A>, alias: string): Flag.Flag<A> => Flag.withAlias(flag, alias)

/** How load is made: for one URL, and for two that are compared. */
export const making = {
  connections: withAlias(
    Flags.count("connections", 1, "Connections at once; with --rate at most so many [default: 50, with --rate 500]"),
    "c"
  ),
  duration: withAlias(
    Flags.duration("duration", "How long requests are started [default: 10s; of scenarios as they say, or 30s]"),
    "z"
  ),
  requests: withAlias(Flags.count("requests", 1, "How many requests, instead of how long"), "n"),
  rate,
  arrivals: Flag.Literals("arrivals", ["even", "poisson"]).pipe(
    Flag.withDescription(
      "With --rate: evenly spaced, or as people come who know nothing of each other [default: even]"
    ),
    Flag.withDefault("even" as const)
  ),
  threads: withAlias(
    Flags.count("threads", 1, "Threads that make the load, each with its part of it [default: 1]"),
    "t"
  ),
  method: withAlias(Flags.text("method", "method", "Method of the requests [default: GET, with a body POST]"), "m"),
  header: Flags.headers,
  body: withAlias(Flags.text("body", "text", "Body of the requests; @file takes it from a file"), "d"),
  timeout: Flags.duration("timeout", "Bound on one request [default: 30s]"),
  noKeepalive: Flags.onOff("no-keepalive", "Make a new connection for each request"),
  resolve: Flags.pairs("resolve", "Use an address in place of what DNS says: shop.test=127.0.0.1; may be repeated"),
  insecure: Flags.onOff("insecure", "Accept any certificate"),
  http2: Flags.onOff("http2", "Speak HTTP/2 and nothing else; with http:// by prior knowledge"),
  proxy: Flag.Redacted("proxy").pipe(
    Flag.withMetavar("url"),
    Flag.withDescription(
      "Send through an HTTP proxy; false connects directly [default: as http_proxy and no_proxy say]"
    ),
    Flag.optional
  ),
  warmup: Flags.duration("warmup", "Run so long before, and leave it out of the figures [default: 0s]"),
  gracefulStop: Flags.duration(
    "graceful-stop",
    "How long the last answers are waited for [default: 5s, of scenarios 30s]"
  ),
  phases: Flags.onOff("phases", "Measure DNS, connect, TLS, wait and transfer apart"),
  expectedInterval: Flags.duration(
    "expected-interval",
    "Without --rate: also show latencies corrected for users that were to ask this often"
  ),
  seed: Flags.count("seed", 0, "Makes random choices the same in every run"),
  config: Flags.reading.config,
  env: Flags.reading.env,
  envFile: Flags.reading.envFile
}

/** A share of one: `5%`, `0.05`. */
export const margin = Flag.String("margin").pipe(
  Flag.filterMap(
    (text) => {
      const [, amount, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? []
      const share = Number(amount) / (percent === "%" ? 100 : 1)
      return share > 0 && share < 1 ? Option.some(share) : Option.none()
    },
    () => "a share between 0 and 1, such as 5%"
  ),
  Flag.withMetavar("share"),
  Flag.withDescription("When compared: changes below it do not matter [default: 5%]"),
  Flag.optional
)
