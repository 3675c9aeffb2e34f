/** Logins of the fake API: machine tokens for sessions that end. */
import { type Answer, json, refused } from "./PantheonAnswer.ts"
import { bodyText, type Call } from "./PantheonCall.ts"
import { seeded } from "./PantheonSeed.ts"
import type { Switches } from "./PantheonSwitches.ts"
import type { World } from "./PantheonWorld.ts"

/** The machine token of every fake API, so that examples can say it. */
export const machineToken = "fake-machine-token"

export class Sessions {
  private readonly world: World
  private readonly switches: Switches
  /** When each ends, in milliseconds. */
  private readonly ends = new Map<string, number>()
  private count = 0

  constructor(world: World, switches: Switches) {
    this.world = world
    this.switches = switches
  }

  /** `POST authorize/machine-token`. A bad token is a 500 of the old API, a 401 of the new one. */
  login(call: Call): Answer {
    if (bodyText(call, "machine_token") !== machineToken) {
      return refused(call.isV0 ? 401 : 500, "Authorization failed. Please check that your machine token is valid.")
    }
    call.counters.add("logins")
    this.count++
    const random = seeded(this.world.seed, `session ${this.count}`)
    const session = `${this.world.user.id}:${random.uuid()}:${random.hex(20)}`
    const expires = Math.floor(call.now / 1_000) + this.switches.get("session_seconds")
    this.ends.set(session, expires * 1_000)
    return json({ session, user_id: this.world.user.id, expires_at: expires })
  }

  /** Whether a request's headers hold a session that has not ended: as a bearer, a header of its own, or a cookie. */
  isGood(headers: Readonly<Record<string, string | undefined>>, now: number): boolean {
    const session = sessionOf(headers)
    return session !== undefined && (this.ends.get(session) ?? 0) > now
  }

  /** Ends all of them at once. */
  end(): void {
    this.ends.clear()
  }
}

export const sessionOf = (headers: Readonly<Record<string, string | undefined>>): string | undefined =>
  /^bearer\s+(\S+)$/i.exec(headers["authorization"] ?? "")?.[1] ??
    headers["x-pantheon-session"] ??
    /(?:^|;\s*)x-pantheon-session=([^;]+)/i.exec(headers["cookie"] ?? "")?.[1]
