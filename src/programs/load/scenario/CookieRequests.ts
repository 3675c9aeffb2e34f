/** The requests of one virtual user with its cookies: made once as long as request and cookies stay the same. */
import { Result } from "effect"
import type { Ready, Unsendable } from "./Ready.ts"
import type { HttpUserStep } from "./UserStep.ts"

export class CookieRequests {
  /** By the place of a step. */
  private readonly made: Array<{ readonly of: Ready; readonly cookies: string; readonly ready: Ready } | undefined> = []

  with({ index, requests }: HttpUserStep, of: Ready, cookies: string): Result.Result<Ready, Unsendable> {
    const known = this.made[index]
    if (known !== undefined && known.of === of && known.cookies === cookies) return Result.succeed(known.ready)
    return Result.map(requests.ready(of.prepared, cookies), (ready) => {
      if (requests.same !== undefined) this.made[index] = { of, cookies, ready }
      return ready
    })
  }
}
