/**
 * The API as a state machine: a request and a time in, an answer out. No clock and no socket: `FakePantheon` waits by `Clock`,
 * `embedded/PantheonServer` listens.
 *
 * The order of things is that of a real server: it counts, refuses what is too much, fails as it is told to, asks for a session,
 * does what was asked, and then the answer may still get lost.
 */
import { Result } from "effect"
import * as Json from "../../../core/Json.ts"
import type { Value } from "../../../core/Value.ts"
import { isRecord } from "../../../core/Value.ts"
import * as Account from "./PantheonAccountRoutes.ts"
import { type Answer, json, type Received, refused, withHeaders } from "./PantheonAnswer.ts"
import * as Backup from "./PantheonBackupRoutes.ts"
import { type Call, notFound, type Parts, router } from "./PantheonCall.ts"
import { Counters } from "./PantheonCounters.ts"
import * as Environment from "./PantheonEnvironmentRoutes.ts"
import * as Etags from "./PantheonEtags.ts"
import * as Faults from "./PantheonFaults.ts"
import * as Files from "./PantheonFiles.ts"
import { Limiter } from "./PantheonLimiter.ts"
import { Pages } from "./PantheonPages.ts"
import { seeded } from "./PantheonSeed.ts"
import { Sessions } from "./PantheonSessions.ts"
import * as Site from "./PantheonSiteRoutes.ts"
import { Switches } from "./PantheonSwitches.ts"
import * as Workflow from "./PantheonWorkflowRoutes.ts"
import { Workflows } from "./PantheonWorkflows.ts"
import * as World from "./PantheonWorld.ts"

export interface PantheonApi extends Parts {
  /** `now` in milliseconds since 1970, never less than before. The answer is sent after its delay; then `left` is called. */
  readonly receive: (received: Received, now: number) => { readonly answer: Answer; readonly left: () => void }
}

const find = router({
  ...Account.routes,
  ...Site.routes,
  ...Environment.routes,
  ...Workflow.routes,
  ...Backup.routes
})

const login = "POST authorize/machine-token"
const file = "GET _fake/files"

export const make = (sizes: World.Sizes = {}): PantheonApi => {
  const world = World.make(sizes)
  const switches = new Switches()
  const counters = new Counters()
  const workflows = new Workflows(world, switches)
  const sessions = new Sessions(world, switches)
  const parts: Parts = { world, switches, counters, workflows, sessions, pages: new Pages(switches) }
  const limiter = new Limiter(switches)
  let traces = 0

  const receive: PantheonApi["receive"] = (received, now) => {
    workflows.settle(now)
    const path = received.url.pathname.split("/").slice(1).map(decoded)
    const isFile = path[0] === "_fake" && path[1] === "files"
    if (path[0] === "_fake" && !isFile) return { answer: own(parts, received, path[1] ?? ""), left: () => {} }

    const base = path.shift()
    const found = base === "api" || base === "v0" ? find(received.method, path) : undefined
    const key = isFile ? file : found?.key ?? "unknown"
    const left = counters.came(key)
    const done = (answer: Answer) => {
      counters.answered(answer.cutAt === 0 ? "lost" : String(answer.status))
      return { answer: { ...answer, delay: delayOf(switches, key, received) }, left }
    }
    const call = (params: Call["params"]): Call => ({
      ...parts,
      received,
      params,
      query: received.url.searchParams,
      body: bodyOf(received),
      now,
      isV0: base === "v0"
    })
    if (isFile) return done(files(switches, call({ path: path.slice(1).join("/") })))

    const tooMany = limiter.take(now)
    if (tooMany !== undefined) {
      counters.add("refused")
      return done(tooMany)
    }
    const fault = Faults.take(switches, key)
    const right = (): Answer => {
      if (key !== login && !sessions.isGood(received.headers, now)) return refused(401, "Authorization failed.")
      if (found === undefined) return notFound
      const answer = found.handle(call(found.params))
      // The newer API has none.
      return base === "api" && switches.get("list_etags") ? Etags.answer(found.key, received, answer) : answer
    }
    const answer = Faults.spoil(fault, Faults.instead(fault) ?? right())
    return done(withHeaders(answer, {
      "date": new Date(now).toUTCString(),
      ...limiter.headers(now),
      ...base === "v0" ? {} : legacyHeaders(received, seeded(world.seed, `trace ${++traces}`).uuid())
    }))
  }
  return { ...parts, receive }
}

const legacyHeaders = ({ headers }: Received, trace: string): Readonly<Record<string, string>> => ({
  "x-pantheon-trace-id": headers["x-pantheon-trace-id"] ?? trace,
  "cache-control": "no-cache",
  "pragma": "no-cache",
  "vary": "Accept-Encoding"
})

const files = (switches: Switches, call: Call): Answer => {
  const fault = Faults.take(switches, file)
  return Faults.spoil(fault, Faults.instead(fault) ?? Files.download(call))
}

/** Routes that are pages of a list take longer for the first one, when that is wanted. */
const delayOf = (switches: Switches, key: string, { url }: Received): number => {
  const first = switches.get("first_page_latency")
  return first !== undefined && key.includes("memberships") && !url.searchParams.has("start")
    ? first
    : switches.get("latency", key)
}

/** What a test asks the fake itself; neither counted nor held to limits. */
const own = (parts: Parts, received: Received, what: string): Answer => {
  switch (`${received.method} ${what}`) {
    case "GET counters":
      return json(parts.counters.read() as unknown as Value)
    case "DELETE counters":
      parts.counters.reset()
      return json("Ok")
    case "GET starts":
      return json(parts.counters.starts() as unknown as Value)
    case "GET switches":
      return json(parts.switches.all())
    case "DELETE sessions":
      parts.sessions.end()
      return json("Ok")
    case "POST switches": {
      const problems = setAll(parts.switches, bodyOf(received))
      return problems.length > 0 ? refused(400, problems.join("; ")) : json(parts.switches.all())
    }
    default:
      return notFound
  }
}

const setAll = (switches: Switches, body: Value): ReadonlyArray<string> => {
  if (!isRecord(body)) return ["switches are an object"]
  return Object.entries(body).flatMap(([key, value]) => {
    const isText = typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    return isText ? switches.set(key, value) ?? [] : [`the switch "${key}" is text, a number, true or false`]
  })
}

const decoder = new TextDecoder()

const bodyOf = ({ body }: Received): Value =>
  body.length === 0 ? null : Result.getOrElse(Json.parse(decoder.decode(body)), () => null)

const decoded = (part: string): string => Result.getOrElse(Result.try(() => decodeURIComponent(part)), () => part)
