/** What goes wrong on the way, as the switch `fault` has it. */
import { type Answer, html, refused } from "./PantheonAnswer.ts"
import type { Fault, Switches } from "./PantheonSwitches.ts"

/** Takes the fault of the next request to a route, one of those that are left. */
export const take = (switches: Switches, route: string): Fault["what"] | undefined => {
  const fault = switches.get("fault", route)
  if (fault?.times !== undefined) {
    const left = fault.times - 1
    switches.set(switches.keyOf("fault", route), left <= 0 ? "none" : `${fault.what}*${left}`)
  }
  return fault?.what
}

/** The answer in the place of the right one; `undefined` for a fault that needs the right one. */
export const instead = (fault: Fault["what"] | undefined): Answer | undefined => {
  switch (fault) {
    case "reset":
      return { ...refused(500, ""), cutAt: 0 }
    case "html":
      return html(200, "Maintenance")
    case "500":
      return refused(500, "Internal server error.")
    case "502":
      return html(502, "Bad Gateway")
    case "503":
      return html(503, "Service Unavailable")
    case "504":
      return html(504, "Gateway Time-out")
    case "lost":
    case "truncated":
    case undefined:
      return undefined
  }
}

/** What becomes of the right answer. */
export const spoil = (fault: Fault["what"] | undefined, answer: Answer): Answer => {
  if (fault === "lost") return { ...answer, cutAt: 0 }
  // Whole as far as HTTP can tell: the length is that of the half.
  if (fault === "truncated") return { ...answer, body: answer.body.subarray(0, answer.body.length >> 1) }
  return answer
}
