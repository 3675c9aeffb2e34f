/** What is seen of watched workflows, a line each. */
import type * as Style from "../../core/Style.ts"
import * as TerminalText from "../../core/TerminalText.ts"
import type * as WorkflowWatch from "../WorkflowWatch.ts"

type Changed = Extract<WorkflowWatch.Event, { readonly _tag: "Changed" }>
type Trouble = Exclude<WorkflowWatch.Event, Changed>

/** `12:31:05  running  my-site/1b2c  deploy live  40%  Deploying code`; times are UTC. `at` in milliseconds since 1970. */
export const text = ({ seen }: Changed, handle: string, at: number, style: Style.Style): string => {
  const { about, message, progress, state, text } = seen
  const color = { done: style.green, failed: style.red, running: (text: string) => text, unknown: style.yellow }[state]
  const parts = [
    handle,
    about,
    state === "running" && progress !== undefined ? `${Math.floor(progress * 100)}%` : undefined,
    state === "unknown" ? `its state is ${JSON.stringify(text)}` : undefined,
    message
  ]
  const said = parts.filter((part) => part !== undefined && part !== "").map((part) => TerminalText.escape(part!))
  return `${style.dim(new Date(at).toISOString().slice(11, 19))}  ${color(state.padEnd(7))}  ${said.join("  ")}`
}

/** One of several JSON lines. */
export const json = ({ isNew, owner, seen }: Changed, handle: string, at: number) => ({
  at: new Date(at).toISOString(),
  handle,
  owner,
  is_new: isNew,
  ...seen
})

export const trouble = ({ _tag, owner, problem }: Trouble): string =>
  TerminalText.escape(
    _tag === "Lost" ? `${owner} is not watched any more: ${problem}` : `cannot look at ${owner}: ${problem}`
  )
