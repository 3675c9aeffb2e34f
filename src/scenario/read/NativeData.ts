/** Reads `data_sets` of skein's own spelling: data by name, rules that it must keep, steps that put it in place and take it away. */
import { kinds } from "../data/Validation.ts"
import { type DataSets, reservedNames } from "../Scenario.ts"
import { steps } from "./NativeStep.ts"
import * as Node from "./Node.ts"
import * as Reader from "./Reader.ts"

const { any, flag, int, list, name, named, oneOf, optional, required, text } = Reader

const setName: Reader.Reader<string> = Reader.map(
  name,
  (value, node, notes) =>
    (reservedNames as ReadonlyArray<string>).includes(value) || !/^[\p{L}_][\p{L}\p{N}_-]*$/u.test(value)
      ? Reader.note(
        notes,
        "bad-name",
        `${JSON.stringify(value)} cannot be the name of a variable`,
        node.span,
        "use letters, digits, _ and -, begin with a letter, and take no reserved name"
      )
      : value
)

const set = Reader.fields("a data set", {
  name: required(setName, "The variable that holds the data"),
  description: optional(text, "What it is"),
  data: optional(any, "Fields, records by name, or a list of records"),
  generate: optional(
    Reader.fields("generate", {
      count: required(int(0), "How many records"),
      fields: required(named(any), "For each field a kind of faker, a pattern with {index}, or a value")
    }),
    "Records that are made up, after those of data"
  ),
  schema: optional(named(name), "The type of each field: text, int, email, date, ..."),
  required: optional(list(name), "Fields that every record must have"),
  unique: optional(list(name), "Fields that no two records share"),
  relations: optional(
    list(Reader.fields("a relation", {
      field: required(name, "The field that refers"),
      reference: required(name, "The set and field that is referred to: users.id"),
      required: optional(flag, "The field must be there [default: false]")
    })),
    "Fields whose values stand in another set"
  )
})

const rule = Reader.fields("a rule", {
  name: optional(name, "What it is called in a report"),
  type: required(oneOf(kinds), "The kind of rule"),
  field: required(name, "The place: users.admin.email, or users.*.email for all"),
  rule: optional(any, "The format, or { min, max }"),
  message: optional(name, "What to say when it is broken"),
  severity: optional(oneOf(["error", "warning", "info"]), "What a broken rule means [default: error]")
})

/** `actions` are the names that may stand as the key of a step. */
export const reader = (actions: ReadonlyArray<string>): Reader.Reader<DataSets> =>
  Reader.map(
    Reader.fields("data_sets", {
      sets: required(list(set), "The sets"),
      rules: optional(list(rule), "What the data must keep; a broken rule fails the case before its first step"),
      setup: optional(steps(actions), "Steps that put the data in its place, before the case's own setup"),
      teardown: optional(steps(actions), "Steps that take it away, after the case's own teardown, whatever happened"),
      isolation: optional(flag, "True: cases with a set of the same name never run at once [default: false]"),
      cleanup: optional(flag, "False: the data of a case that did not pass stays, to be looked at [default: true]")
    }),
    (read, node): DataSets => {
      const entry = (key: string, value: Node.Node | undefined) =>
        value === undefined ? [] : [{ key, keySpan: node.span, value }]
      return {
        definition: {
          _tag: "Map",
          entries: [...entry("data_sets", Node.get(node, "sets")), ...entry("validation", Node.get(node, "rules"))],
          span: node.span
        },
        environments: { _tag: "List", items: [], span: node.span },
        names: (read.sets ?? []).flatMap((one) => one.name ?? []),
        isolated: read.isolation ?? false,
        setup: read.setup ?? [],
        teardown: read.teardown ?? [],
        cleanup: read.cleanup ?? true,
        span: Reader.headOf(node)
      }
    }
  )
