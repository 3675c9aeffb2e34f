/** Expectations that an action asks itself, of names that it brings along. */
import { Effect } from "effect"
import type { ValueRecord } from "../core/Value.ts"
import type { Condition } from "./Action.ts"
import { isTrue } from "./expression/Expression.ts"

/** Says why the first of them that does not hold does not; `undefined` when all hold. */
export const broken = Effect.fnUntraced(function*(
  conditions: ReadonlyArray<Condition>,
  names: ValueRecord
): Effect.fn.Return<string | undefined> {
  for (const condition of conditions) {
    const holds = yield* Effect.result(condition.evaluate(names))
    if (holds._tag === "Success" && isTrue(holds.success)) continue
    if (holds._tag === "Failure") return holds.failure.message
    const parts = condition.explain(names).map((part) => `${part.expression} is ${part.value}`)
    return `${condition.text} did not hold: ${parts.join(", ")}`
  }
  return undefined
})
