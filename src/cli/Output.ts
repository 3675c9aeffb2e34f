/** Where text goes: results to stdout, everything else to stderr. */
import { Console, Effect } from "effect"
import { Format, Quiet } from "./Settings.ts"

/** Writes the result: `json()` as one JSON document under `--format json`, else `text()`; nothing when that is empty. */
export const result = Effect.fnUntraced(
  function*(forms: { readonly json: () => unknown; readonly text: () => string }) {
    const text = (yield* Format) === "json" ? JSON.stringify(forms.json(), null, 2) : forms.text()
    if (text !== "") yield* Console.log(text)
  }
)

/** Writes a line for people to stderr, unless `--quiet`. */
export const note = Effect.fnUntraced(function*(text: string) {
  if (!(yield* Quiet)) yield* Console.error(text)
})
