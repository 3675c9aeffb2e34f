/** How `args` and `options` of a Robogo step become named inputs, where an action needs more than "in their order". */
import { emptyRecord, type Value, type ValueRecord } from "../../core/Value.ts"

/**
 * Names the arguments in their order and adds the options, renamed by `names` (`{ skip_header: "header" }`). Arguments
 * that are not there are left out; an argument wins over an option of the same name.
 */
export const named = (
  fields: ReadonlyArray<string>,
  args: ReadonlyArray<Value>,
  options: ValueRecord,
  names: Readonly<Record<string, string>> = {}
): ValueRecord => {
  const input = emptyRecord()
  for (const [key, value] of Object.entries(options)) input[Object.hasOwn(names, key) ? names[key]! : key] = value
  fields.forEach((field, at) => {
    const value = args[at]
    if (value !== undefined) input[field] = value
  })
  return input
}
