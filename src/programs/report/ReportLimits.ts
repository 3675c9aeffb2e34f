/** Bounds on what a report keeps of a run, and what is done to events that go over them. */
import type { Attachment, EventOf, Failure, Status } from "../../scenario/Event.ts"
import * as ReportText from "./ReportText.ts"

/** How much of a run is kept. What is left out is said in its place. */
export interface Limits {
  /** Steps of one case; more are kept only when they did not pass. @default 20_000 */
  readonly steps?: number | undefined
  /** Log lines of one step. @default 1_000 */
  readonly logs?: number | undefined
  /** Characters of attachments of passed steps in the whole run. @default 32 Mi */
  readonly passedAttachments?: number | undefined
  /** Characters of attachments of all other steps in the whole run. @default 128 Mi */
  readonly otherAttachments?: number | undefined
}

/** Characters of attachments that still fit into a report. Changes as steps are added. */
export interface Room {
  passed: number
  other: number
}

export const room = (limits: Limits): Room => ({
  passed: limits.passedAttachments ?? 32 * 2 ** 20,
  other: limits.otherAttachments ?? 128 * 2 ** 20
})

/** Returns the attachments of a step, and takes the room they need; without their bodies when there is none left. */
export const fit = (room: Room, step: EventOf<"StepFinished">): ReadonlyArray<Attachment> => {
  const kind = isPassed(step.status) ? "passed" : "other"
  const size = step.attachments.reduce((sum, attachment) => sum + bodySize(attachment), 0)
  if (size > room[kind]) return step.attachments.map(withoutBodies)
  room[kind] -= size
  return step.attachments
}

/** Returns the failure with its texts cut. */
export const cutFailure = (failure: Failure): Failure => ({
  ...failure,
  message: ReportText.cut(failure.message),
  ...(failure.hint === undefined ? {} : { hint: ReportText.cut(failure.hint) }),
  ...(failure.frame === undefined ? {} : { frame: ReportText.cut(failure.frame) }),
  ...(failure.values === undefined ? {} : {
    values: failure.values.map(({ expression, value }) => ({
      expression: ReportText.cut(expression),
      value: ReportText.cut(value)
    }))
  })
})

const isPassed = (status: Status): boolean => status === "passed" || status === "skipped"

const bodySize = (attachment: Attachment): number => {
  switch (attachment._tag) {
    case "Http":
      return (attachment.request.body?.length ?? 0) * 2 + (attachment.response?.body?.length ?? 0)
    case "Sql":
      return attachment.statement.length + attachment.params.reduce((sum, param) => sum + param.length, 0)
    case "Operation":
      return (attachment.sent?.length ?? 0) + (attachment.received?.length ?? 0)
    case "Text":
      return attachment.text.length
  }
}

const leftOut = "(left out: this report is full)"

const withoutBodies = (attachment: Attachment): Attachment => {
  switch (attachment._tag) {
    case "Http": {
      const { request, response } = attachment
      return {
        ...attachment,
        request: request.body === undefined ? request : { ...request, body: leftOut },
        ...(response === undefined
          ? {}
          : { response: response.body === undefined ? response : { ...response, body: leftOut } }),
        curl: request.body === undefined ? attachment.curl : leftOut
      }
    }
    case "Sql":
      return { ...attachment, statement: ReportText.cut(attachment.statement, 1_000), params: [] }
    case "Operation": {
      const { received, sent } = attachment
      return {
        ...attachment,
        ...(sent === undefined ? {} : { sent: leftOut }),
        ...(received === undefined ? {} : { received: leftOut })
      }
    }
    case "Text":
      return { ...attachment, text: leftOut }
  }
}
