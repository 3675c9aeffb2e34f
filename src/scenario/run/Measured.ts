/** What a step's `metrics:` come to. */
import { kindOf } from "../../core/Value.ts"
import { CodeFailure, type Machine, type Names } from "../compile/Code.ts"
import type { CompiledMetric } from "../compile/Compiled.ts"

/** The number that a metric takes: 1 or 0 of a rate. Throws {@link CodeFailure} for a value that it cannot be. */
export const numberOf = ({ code, kind, name }: CompiledMetric, names: Names, machine: Machine): number => {
  const value = code.run(names, machine)
  if (kind === "rate") {
    if (typeof value === "boolean") return value ? 1 : 0
  } else if ((typeof value === "number" || typeof value === "bigint") && value >= 0) return Number(value)
  const wanted = kind === "rate" ? "true or false" : "a number of 0 or more"
  const found = typeof value === "number" || typeof value === "bigint" ? String(value) : kindOf(value)
  throw new CodeFailure("bad-metric", `metric ${name}: a ${kind} is ${wanted}, not ${found}`, undefined, code.node.span)
}
