/**
 * Reads `data_management` and `environments` of a Robogo file. That tool read half of their keys; what its files write under
 * the others in forms that mean nothing here is left out with a warning.
 */
import * as Validation from "../data/Validation.ts"
import * as Node from "../read/Node.ts"
import * as Reader from "../read/Reader.ts"
import type { DataSets } from "../Scenario.ts"
import * as RobogoReader from "./RobogoReader.ts"
import * as RobogoStep from "./RobogoStep.ts"

const { any, optional } = Reader
const { fields, soft } = RobogoReader

const managementFields = {
  environment: optional(any, "The environment"),
  isolation: optional(any, "Keep cases with the same data apart"),
  cleanup: optional(any, "Run the clean-up also after a failure"),
  data_sets: optional(soft(Reader.list(any)), "The sets"),
  setup: optional(RobogoStep.steps, "Steps that put the data in its place"),
  teardown: optional(RobogoStep.steps, "Steps that take it away"),
  validation: optional(any, "Rules about the data")
}

/** What a file says about its data. */
export interface Read {
  readonly dataSets: DataSets
  /** Secrets of the environment that the file chooses. */
  readonly secrets: ReadonlyArray<Reader.Named<Node.Node>>
}

/** Reads both keys; `undefined` when the file has neither. */
export const read = (
  management: Node.Node | undefined,
  environments: ReadonlyArray<Node.Node>,
  notes: Reader.Notes
): Read | undefined => {
  if (management === undefined && environments.length === 0) return undefined
  const own = management === undefined ? undefined : fields("data_management", managementFields).read(management, notes)
  const span = management?.span ?? environments[0]!.span
  const sets = (own?.data_sets ?? []).map((set) => plainSet(set, notes))
  const definition = mapOf(span, {
    environment: own?.environment,
    data_sets: { _tag: "List", items: sets, span },
    validation: own?.validation === undefined || own.validation._tag === "List"
      ? own?.validation
      : { _tag: "List", items: [own.validation], span }
  })
  return {
    dataSets: {
      definition,
      environments: { _tag: "List", items: environments.map(plainEnvironment), span },
      names: sets.flatMap((set) => {
        const name = Node.get(set, "name")
        return name === undefined ? [] : [String(Node.toValue(name))]
      }),
      isolated: own?.isolation !== undefined && !isOff(own.isolation),
      setup: own?.setup ?? [],
      teardown: own?.teardown ?? [],
      cleanup: !isOff(own?.cleanup),
      span: management === undefined ? span : Reader.headOf(management)
    },
    secrets: secretsOf(own?.environment, environments)
  }
}

const isOff = (node: Node.Node | undefined): boolean =>
  node?._tag === "Scalar" && /^(false|no|off|none|never|)$/i.test(String(node.value ?? ""))

const mapOf = (span: Node.Node["span"], values: Readonly<Record<string, Node.Node | undefined>>): Node.MapNode => ({
  _tag: "Map",
  entries: Object.entries(values).flatMap(([key, value]) => value === undefined ? [] : [{ key, keySpan: span, value }]),
  span
})

/** A set without the parts of `schema` and `relations` that are of another kind than ours. */
const plainSet = (set: Node.Node, notes: Reader.Notes): Node.Node => {
  if (set._tag !== "Map") return set
  const entries = set.entries.flatMap((entry) => {
    switch (entry.key) {
      case "schema":
        return [{ ...entry, value: plainSchema(entry.value, notes) }]
      case "relations":
        return isRelations(entry.value) ? [entry] : left(entry, notes)
      default:
        return [entry]
    }
  })
  return { ...set, entries }
}

const plainSchema = (schema: Node.Node, notes: Reader.Notes): Node.MapNode => ({
  _tag: "Map",
  entries: schema._tag === "Map"
    ? schema.entries.flatMap((entry) =>
      entry.value._tag === "Scalar" && Validation.isType(String(entry.value.value)) ? [entry] : left(entry, notes)
    )
    : [],
  span: schema.span
})

const isRelations = (node: Node.Node): boolean =>
  node._tag === "List" &&
  node.items.every((item) => Node.get(item, "field") !== undefined && Node.get(item, "reference") !== undefined)

const left = (entry: Node.Entry, notes: Reader.Notes): ReadonlyArray<Node.Entry> => {
  Reader.warn(notes, "left-out", `${entry.key} is not checked: it names no type or field`, entry.keySpan)
  return []
}

/** Variables may stand under `vars`, as those of a case do. */
const plainEnvironment = (environment: Node.Node): Node.Node =>
  environment._tag !== "Map" ? environment : {
    ...environment,
    entries: environment.entries.map((entry) =>
      entry.key === "variables" ? { ...entry, value: Node.get(entry.value, "vars") ?? entry.value } : entry
    )
  }

const secretsOf = (
  chosen: Node.Node | undefined,
  environments: ReadonlyArray<Node.Node>
): ReadonlyArray<Reader.Named<Node.Node>> => {
  const name = chosen?._tag === "Scalar" ? String(chosen.value) : undefined
  const active = environments.find((environment) => {
    const own = Node.get(environment, "name")
    return own?._tag === "Scalar" && String(own.value) === name
  })
  const secrets = active === undefined ? undefined : Node.get(active, "secrets")
  return secrets?._tag === "Map"
    ? secrets.entries.map((entry) => ({ name: entry.key, nameSpan: entry.keySpan, value: entry.value }))
    : []
}
