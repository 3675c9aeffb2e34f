/** What must hold of a profile beyond the shape of its parts: every name that is read is there, and parts fit each other. */
import { Result } from "effect"
import { suggest } from "../core/DidYouMean.ts"
import type { Code, NameUse } from "../scenario/compile/Code.ts"
import * as Node from "../scenario/read/Node.ts"
import * as Reader from "../scenario/read/Reader.ts"
import * as SecretReference from "../services/SecretReference.ts"
import type * as Format from "./Format.ts"
import * as Target from "./Target.ts"

/** Names that a piece of code may read; those with fields list them, unless anything may be in them. */
type Scope = ReadonlyMap<string, ReadonlySet<string> | undefined>

const answer = ["status", "headers", "body", "text"]
/** `env` may be an argument: as `{site}.{env}` it is no rare one, and what the environment says can be had from `vars`. */
const reserved = ["files", "vars", "secrets", "session", "given", "row", "name", "sent", ...answer]

/** Notes everything that is wrong with a profile whose parts have been read. */
export const check = (form: Format.ProfileForm, notes: Reader.Notes): void => {
  const checker = new Checker(form, notes)
  checker.head()
  checker.lists()
  checker.operations()
  checker.workflows()
  checker.downloads()
}

const namesOf = (entries: ReadonlyArray<Reader.Named<unknown>> | undefined): ReadonlySet<string> =>
  new Set(entries?.map(({ name }) => name))

const isCode = (value: unknown): value is Code => typeof value === "object" && value !== null && "uses" in value

class Checker {
  private readonly form: Format.ProfileForm
  private readonly notes: Reader.Notes
  /** What stands before anything is sent. */
  private readonly settings: Scope
  /** What stands when a request is made. */
  private readonly opened: Scope

  constructor(form: Format.ProfileForm, notes: Reader.Notes) {
    this.form = form
    this.notes = notes
    this.settings = new Map([["env", undefined], ["files", namesOf(form.files)], ["vars", namesOf(form.vars)]])
    this.opened = new Map([
      ...this.settings,
      ["secrets", namesOf(form.secrets)],
      ...(form.login === undefined ? [] : [["session", namesOf(form.login.save)] as const])
    ])
  }

  head(): void {
    const { base, files, headers, limits, login, names, secrets, vars } = this.form
    const earlier = new Set<string>()
    for (const { value } of files ?? []) this.code(value.path, new Map([["env", undefined]]))
    for (const { name, value } of vars ?? []) {
      this.code(value, new Map([...this.settings, ["vars", new Set(earlier)]]))
      earlier.add(name)
    }
    for (const { name, value } of secrets ?? []) this.secret(name, value)
    this.code(base, this.settings)
    this.all(headers, this.opened)
    const { slow_down, span: _, node: __, ...bounds } = limits ?? {} as NonNullable<typeof limits>
    for (const bound of Object.values(bounds)) if (isCode(bound)) this.code(bound, this.settings)
    this.code(slow_down, this.with(this.settings, answer))
    if (login !== undefined) this.login(login)
    for (const { name, nameSpan, value } of names ?? []) {
      this.argument(name, nameSpan)
      const scope = this.with(this.opened, ["name"])
      this.code(value.id, scope)
      this.request(value.request, scope)
      this.code(value.from, this.with(scope, answer))
    }
  }

  private login(login: Format.LoginForm): void {
    const before = new Map([...this.settings, ["secrets", this.opened.get("secrets")] as const])
    this.request(login.request, before)
    this.all(login.save, this.with(before, answer))
    this.code(login.bearer, this.opened)
    this.all(login.headers, this.opened)
    this.code(login.expires, this.opened)
    this.code(login.again_on, this.with(this.settings, answer))
    this.code(login.file, this.settings)
    if (login.bearer === undefined && login.headers === undefined) {
      Reader.note(
        this.notes,
        "missing-key",
        "login needs bearer or headers: how requests show the session",
        Reader.headOf(login.node)
      )
    }
    for (const one of login.secret ?? []) {
      if (namesOf(login.save).has(one)) continue
      this.unknown("login.save", one, [...namesOf(login.save)], Node.get(login.node, "secret")!.span)
    }
  }

  /** A reference with templates is judged when they are filled in. */
  private secret(name: string, code: Code): void {
    this.code(code, this.settings)
    const read = SecretReference.read(Node.toValue(code.node))
    if (Result.isFailure(read)) {
      Reader.note(
        this.notes,
        "bad-secret",
        `secret ${JSON.stringify(name)}: ${read.failure.message}`,
        code.node.span,
        read.failure.hint
      )
    }
  }

  lists(): void {
    const { lists = [] } = this.form
    for (const { name, nameSpan, value: list } of lists) {
      this.thing(name, nameSpan)
      const scope = this.inputs(list.args ?? [], list.with, list.node)
      const ways = [list.path, list.request, list.merge].filter((way) => way !== undefined)
      if (ways.length !== 1) {
        Reader.note(
          this.notes,
          "missing-key",
          `a list of the API needs path, request or merge, and but one of them`,
          nameSpan
        )
      }
      this.code(list.path, scope)
      this.request(list.request, scope)
      const row = this.with(scope, ["row"])
      this.code(list.where, row)
      this.all(list.fields, row)
      this.request(list.hydrate?.request, row)
      for (const part of list.merge ?? []) this.part(part, name, row)
    }
  }

  private part(part: NonNullable<Format.ListForm["merge"]>[number], within: string, scope: Scope): void {
    const { lists = [] } = this.form
    const find = (key: "list" | "for") => {
      const wanted = part[key]
      if (wanted === undefined) return undefined
      const span = Node.get(part.node, key)!.span
      const found = lists.find(({ name }) => name === wanted)
      if (found === undefined) this.unknown("lists", wanted, lists.map(({ name }) => name), span)
      else if (wanted === within || found.value.merge !== undefined) {
        Reader.note(
          this.notes,
          "nested-merge",
          `${wanted} is merged from lists itself`,
          span,
          "name the lists that it is made of"
        )
      }
      return found?.value
    }
    find("for")
    const list = find("list")
    this.code(part.where, scope)
    this.all(part.with, scope)
    const known = [...list?.args ?? [], ...namesOf(list?.with)]
    const given = namesOf(part.with)
    for (const { name, nameSpan } of part.with ?? []) {
      if (list !== undefined && !known.includes(name)) this.unknown(`the list ${part.list}`, name, known, nameSpan)
    }
    const missing = list?.args?.find((name) => !given.has(name))
    if (missing !== undefined) {
      Reader.note(
        this.notes,
        "missing-key",
        `the list ${part.list} needs ${missing}`,
        part.span,
        `add with: { ${missing}: ... }`
      )
    }
  }

  operations(): void {
    for (const { name, nameSpan, value: operation } of this.form.operations ?? []) {
      this.thing(name, nameSpan)
      const scope = this.inputs(operation.target?.names ?? [], operation.with, operation.node)
      for (const request of operation.request ?? []) this.request(request, scope)
      this.code(operation.key, scope)
      this.code(operation.plan, scope)
      const after = this.with(scope, answer)
      this.all(operation.result, after)
      const { starts } = operation
      if (starts === undefined) continue
      this.code(starts.id, after)
      this.all(starts.parent, after)
      this.code(starts.adopt, this.with(scope, ["row", "sent"]))
      this.starts(starts, operation.target)
    }
  }

  private starts(starts: NonNullable<Format.OperationForm["starts"]>, target: Target.Pattern | undefined): void {
    const { workflows = [] } = this.form
    if (starts.workflow === undefined) return
    const workflow = workflows.find(({ name }) => name === starts.workflow)?.value
    const span = Node.get(starts.node, "workflow")!.span
    if (workflow === undefined) {
      this.unknown("workflows", starts.workflow, workflows.map(({ name }) => name), span)
      return
    }
    const parent = workflow.handle === undefined ? [] : Target.before(workflow.handle)?.names ?? []
    const given = starts.parent === undefined ? target?.names ?? [] : [...namesOf(starts.parent)]
    for (const name of parent) {
      if (given.includes(name)) continue
      const hint = `add parent: { ${name}: ... }`
      Reader.note(this.notes, "missing-key", `nothing says the ${name} of the workflow`, span, hint)
    }
    if (starts.adopt !== undefined && workflow.recent === undefined) {
      const place = Node.get(starts.node, "adopt")!.span
      Reader.note(this.notes, "missing-key", `adopt looks into recent of ${starts.workflow}, which has none`, place)
    }
  }

  workflows(): void {
    for (const { name, nameSpan, value: workflow } of this.form.workflows ?? []) {
      this.thing(name, nameSpan)
      const { handle } = workflow
      if (handle !== undefined && handle.names.at(-1) !== "id") {
        const place = Node.get(workflow.node, "handle")!.span
        Reader.note(this.notes, "bad-target", "the last part of a handle is {id}", place, "write it as {site}/{id}")
      }
      if (workflow.list === undefined && workflow.get === undefined) {
        Reader.note(this.notes, "missing-key", "a workflow needs list or get: how it is looked at", nameSpan)
      }
      const scope = this.inputs(handle?.names.filter((part) => part !== "id") ?? [], undefined, workflow.node)
      this.request(workflow.list?.request, scope)
      this.request(workflow.get, this.with(scope, ["id"]))
      const row = this.with(scope, ["row"])
      this.code(workflow.list?.id, row)
      this.request(workflow.recent?.request, scope)
      this.code(workflow.recent?.id, row)
      this.code(workflow.recent?.created, row)
      this.code(workflow.recent?.where, this.with(row, ["sent"]))
      this.code(workflow.state, row)
      this.code(workflow.about, row)
      this.code(workflow.progress, row)
      this.code(workflow.message, row)
    }
  }

  downloads(): void {
    for (const { name, nameSpan, value: download } of this.form.downloads ?? []) {
      this.thing(name, nameSpan)
      const scope = this.inputs(download.target?.names ?? [], download.with, download.node)
      this.request(download.request, scope)
      const row = this.with(scope, ["row"])
      this.code(download.where, row)
      this.code(download.element, row)
      this.code(download.newest, row)
      const file = this.with(row, ["element"])
      for (const code of [download.name, download.size, download.md5]) this.code(code, file)
      this.request(download.url?.request, file)
      this.code(download.url?.from, download.url?.request === undefined ? file : this.with(file, answer))
      if (download.elements !== undefined && download.element === undefined) {
        const place = Node.get(download.node, "elements")!.span
        Reader.note(this.notes, "missing-key", "elements needs element: which one a row is", place)
      }
    }
  }

  /** The scope of a thing with arguments and parameters, whose defaults may read the arguments. */
  private inputs(args: ReadonlyArray<string>, parameters: Format.ListForm["with"], node: Node.MapNode): Scope {
    for (const arg of args) this.argument(arg, (Node.get(node, "args") ?? Node.get(node, "target") ?? node).span)
    const given = new Map([...this.with(this.opened, args), ["given", new Set(args)] as const])
    for (const { name, nameSpan, value } of parameters ?? []) {
      this.argument(name, nameSpan)
      this.code(value.default, given)
    }
    return this.with(given, [...namesOf(parameters)])
  }

  private request(request: Format.RequestForm | undefined, scope: Scope): void {
    if (request === undefined) return
    for (const code of [request.path, request.url, request.json, request.if]) this.code(code, scope)
    for (const entries of [request.query, request.headers, request.form]) this.all(entries, scope)
  }

  private all(entries: ReadonlyArray<Reader.Named<Code>> | undefined, scope: Scope): void {
    for (const { value } of entries ?? []) this.code(value, scope)
  }

  private code(code: Code | undefined, scope: Scope): void {
    for (const use of code?.uses ?? []) if (!use.optional) this.use(use, scope)
  }

  private use(use: NameUse, scope: Scope): void {
    const fields = scope.get(use.name)
    const [field] = use.path
    if (!scope.has(use.name)) this.nothing(use, use.name, use.name, scope.keys())
    else if (fields !== undefined && field !== undefined && !fields.has(field)) {
      this.nothing(use, `${use.name}.${field}`, field, fields)
    }
  }

  private nothing(use: NameUse, shown: string, word: string, known: Iterable<string>): void {
    const names = [...known]
    const close = suggest(word, names)
    const hint = close !== undefined
      ? `did you mean ${close}?`
      : use.hint ?? (names.length === 0 ? undefined : `known here: ${names.join(", ")}`)
    Reader.note(this.notes, "unknown-name", `nothing sets ${shown}`, use.span, hint)
  }

  private unknown(where: string, word: string, known: ReadonlyArray<string>, span: Node.Node["span"]): void {
    const close = suggest(word, known)
    const hint = close !== undefined
      ? `did you mean ${close}?`
      : known.length === 0
      ? undefined
      : `known: ${known.join(", ")}`
    Reader.note(this.notes, "unknown-word", `${where} has no ${JSON.stringify(word)}`, span, hint)
  }

  private thing(name: string, span: Node.Node["span"]): void {
    if (/^[A-Za-z][\w-]*(:[A-Za-z][\w-]*)*$/.test(name)) return
    const hint = "use letters, digits, - and _, with colons between words"
    Reader.note(this.notes, "bad-name", `${JSON.stringify(name)} cannot be the name of a thing`, span, hint)
  }

  private argument(name: string, span: Node.Node["span"]): void {
    if (reserved.includes(name)) {
      Reader.note(this.notes, "reserved-name", `${name} is a reserved name`, span, "choose another name")
    } else if (!/^[A-Za-z_]\w*$/.test(name)) {
      const hint = "use letters, digits and _, and begin with a letter"
      Reader.note(this.notes, "bad-name", `${JSON.stringify(name)} cannot be the name of an argument`, span, hint)
    }
  }

  private with(scope: Scope, names: ReadonlyArray<string>): Scope {
    return new Map([...scope, ...names.map((name) => [name, undefined] as const)])
  }
}
