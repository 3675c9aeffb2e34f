/**
 * The format of profile files, as tables of readers: reading, checking and the editor's schema come from them. Templates and
 * expressions are compiled here; `Profile.ts` checks the names that they read.
 */
import * as Code from "../scenario/compile/Code.ts"
import * as Reader from "../scenario/read/Reader.ts"
import * as SecretReference from "../services/SecretReference.ts"
import { encoded } from "./PathCode.ts"
import * as Target from "./Target.ts"

const { duration, fields, flag, int, map, name, named, oneOf, oneOrMany, optional, required } = Reader

/** Any value; texts in it may hold `${...}`. */
const template: Reader.Reader<Code.Code> = map(
  Reader.any,
  (node, _, notes) => Code.template(node, "native", notes.problems)
)

const textSchema = { type: ["string", "number", "boolean"] }

/** A bare expression. */
const expression: Reader.Reader<Code.Code> = {
  schema: textSchema,
  read: (node, notes) => Code.expression(node, "native", notes.problems)
}

/** A bare expression that is true or false. */
const condition: Reader.Reader<Code.Code> = {
  schema: textSchema,
  read: (node, notes) => Code.condition(node, "native", notes.problems)
}

const path: Reader.Reader<Code.Code> = {
  schema: { type: "string" },
  read: (node, notes) => encoded(node, notes.problems)
}

const target: Reader.Reader<Target.Pattern> = {
  schema: { type: "string", pattern: "\\{\\w+\\}" },
  read: (node, notes) => {
    const text = Reader.name.read(node, notes)
    if (text === undefined) return undefined
    const pattern = Target.pattern(text)
    return typeof pattern === "string" ? Reader.note(notes, "bad-target", pattern, node.span) : pattern
  }
}

const requestFields = {
  method: optional(name, "The method [default: GET, or POST with a body]"),
  path: optional(path, "Behind the base; values in it are percent-encoded"),
  url: optional(template, "A whole URL in place of a path; on another host it gets neither headers nor session"),
  query: optional(named(template), "Parameters of the query; those that are null are left out"),
  headers: optional(named(template), "Headers of this request"),
  json: optional(template, "The body, as JSON"),
  form: optional(named(template), "The body, as a form"),
  if: optional(condition, "It is sent only when this holds")
}

/** A request; a text is its path. */
const request = Reader.byKind({
  expected: "a request: a path, or a map with path or url",
  scalar: map(path, (code, node): RequestForm => ({ span: node.span, path: code })),
  map: map(fields("a request", requestFields), (read, node, notes): RequestForm | undefined => {
    if (read.path === undefined && read.url === undefined) {
      return Reader.note(notes, "missing-key", "a request needs path or url", Reader.headOf(node))
    }
    return read
  })
})

export type RequestForm = Omit<Partial<Reader.Read<typeof requestFields>>, "span" | "node"> & {
  readonly span: Code.Code["node"]["span"]
}

const parameter = fields("a parameter", {
  summary: optional(name, "What it is for"),
  default: optional(template, "Its value when it is not given; without one it must be given"),
  choices: optional(oneOrMany(name), "The values that it may have"),
  type: optional(oneOf(["text", "number", "flag", "list"]), "What it is read as [default: text]")
})
const parameters = optional(named(parameter), "What may be given by --with name=value")
export type ParameterForm = Reader.Read<{
  summary: Reader.Field<string>
  default: Reader.Field<Code.Code>
  choices: Reader.Field<ReadonlyArray<string>>
  type: Reader.Field<"text" | "number" | "flag" | "list">
}>

const pagingFields = {
  by: required(oneOf(["page", "offset", "cursor", "next", "link", "none"]), "How the next page is reached"),
  parameter: optional(name, "The query parameter of page, offset or cursor [default: page, offset, cursor]"),
  from: optional(
    name,
    "Where the answer has the cursor or the next URL; left out, the cursor is the id of the last row"
  ),
  first: optional(int(0), "The number of the first page [default: 1]"),
  size: optional(
    fields("size", {
      parameter: required(name, "The query parameter"),
      rows: required(int(1), "Rows that are asked for in a page; a page with fewer is the last one")
    }),
    "How many rows a page is asked to have"
  ),
  inclusive: optional(flag, "The row of the cursor comes again [default: false]"),
  total: optional(name, "Where the answer says how many rows there are")
}
export type PagingForm = Omit<Reader.Read<typeof pagingFields>, "node" | "span">

/** How a list is paged; a word is `by` alone. */
const paging: Reader.Reader<PagingForm> = map(
  Reader.byKind({
    expected: "paging: a word, or a map with by",
    scalar: map(oneOf(["page", "offset", "cursor", "link", "none"]), (by): PagingForm => ({ by })),
    map: map(fields("paging", pagingFields), (read): PagingForm => read)
  }),
  (read, node, notes) =>
    read.by === "next" && read.from === undefined
      ? Reader.note(
        notes,
        "missing-key",
        "paging by next needs from: where the URL of the next page is",
        Reader.headOf(node)
      )
      : read
)

const part = fields("a part", {
  list: required(name, "A list of this profile"),
  for: optional(name, "A list: one is read for each of its rows"),
  where: optional(condition, "Only for rows for which this holds"),
  with: optional(named(expression), "Arguments of the list, from row")
})

const listFields = {
  summary: optional(name, "What it lists, for people"),
  args: optional(oneOrMany(name), "Arguments, in the order of the command line"),
  with: parameters,
  path: optional(path, "Where the list is"),
  request: optional(request, "The request of the first page, when a path is not enough"),
  paging: optional(paging, "How it is paged [default: as the first answer looks]"),
  rows: optional(Reader.text, "Where the rows are in the answer: names between dots, empty for the answer itself"),
  id: optional(name, "The field that tells rows apart"),
  where: optional(condition, "Rows for which this does not hold are left out"),
  fields: optional(named(expression), "What is shown of a row, by name"),
  hydrate: optional(
    fields("hydrate", {
      request: required(request, "Asked for each row, with --hydrate"),
      as: optional(name, "The name of its answer in the row [default: merged into the row]")
    }),
    "Details that the list does not have"
  ),
  merge: optional(Reader.list(part), "Several lists as one, in place of a path"),
  by: optional(name, "The field that tells merged rows apart [default: id]"),
  combine: optional(oneOrMany(name), "Fields of lists that are put together when rows are merged")
}

const start = fields("starts", {
  workflow: required(name, "A workflow of this profile"),
  id: required(expression, "Its id, from the answer"),
  parent: optional(
    named(expression),
    "What it belongs to [default: the parts of the target with the names of its handle]"
  ),
  adopt: optional(
    condition,
    "Which recent workflow is the one that this call started, when its answer was lost: what recent does not say; reads row and sent"
  )
})

const operationFields = {
  summary: optional(name, "What it does, for people"),
  target: required(target, "How a target is written, such as {site}.{env}"),
  with: parameters,
  request: required(oneOrMany(request), "What is sent; several are sent one after the other"),
  destructive: optional(flag, "It takes away what cannot be brought back [default: false]"),
  idempotent: optional(flag, "Doing it twice equals once [default: by the method]"),
  key: optional(
    template,
    "An idempotency key, for an API that knows the header idempotency-key: then a request may be sent twice"
  ),
  plan: optional(template, "One line that says what it would do"),
  starts: optional(start, "The remote workflow that it starts"),
  result: optional(named(expression), "What is shown of the answer [default: nothing]")
}

const workflowFields = {
  summary: optional(name, "What it is, for people"),
  handle: required(target, "How one is written; the last part is {id}, the others are its parent"),
  list: optional(
    fields("list", {
      request: required(request, "Tells of many workflows of one parent"),
      rows: optional(Reader.text, "Where they are in the answer"),
      id: required(expression, "The id of a row")
    }),
    "One request for all workflows of a parent"
  ),
  get: optional(request, "Tells of one workflow"),
  recent: optional(
    fields("recent", {
      request: required(request, "Tells of the latest workflows of one parent"),
      rows: optional(Reader.text, "Where they are in the answer"),
      id: required(expression, "The id of a row"),
      created: required(
        expression,
        "When it began: seconds or milliseconds since 1970, or a date; older ones are not it"
      ),
      where: optional(
        condition,
        "Rows that such a request of this user starts: reads row and sent, the body that was sent"
      )
    }),
    "Where a workflow is looked for that was started by a request whose answer was lost"
  ),
  state: required(expression, "The state of a row, as a word"),
  done: required(oneOrMany(name), "States of success"),
  failed: required(oneOrMany(name), "States of failure"),
  running: required(oneOrMany(name), "States in which it goes on; any other is unknown"),
  about: optional(expression, "What it does and to what, for people who watch all of them: deploy live"),
  progress: optional(expression, "From 0 to 1"),
  message: optional(expression, "What it does or why it failed, for people"),
  intervals: optional(oneOrMany(duration), "Waits between looks; the last one stays")
}

const downloadFields = {
  summary: optional(name, "What the files are, for people"),
  target: required(target, "How a target is written, such as {site}.{env}"),
  with: parameters,
  request: required(request, "Lists the files"),
  rows: optional(Reader.text, "Where they are in the answer"),
  where: optional(condition, "Rows for which this does not hold are left out"),
  elements: optional(oneOrMany(name), "What --elements may name"),
  element: optional(expression, "The element that a row is"),
  newest: optional(expression, "Of each element only the row with the highest of this"),
  url: required(
    fields("url", {
      request: optional(request, "Asked for the URL, late: just before the file is fetched"),
      from: required(expression, "The URL, from the answer or the row"),
      lasts: optional(duration, "How long it may be used")
    }),
    "Where a file's content is"
  ),
  name: required(expression, "Its name"),
  size: optional(expression, "Its size in bytes"),
  md5: optional(expression, "Its MD5, in hex")
}

const fileFields = {
  path: required(template, "Its path; * as its last part is the only file in the folder"),
  secret: optional(oneOrMany(name), "Fields that are secret")
}

const secret = {
  get schema() {
    return SecretReference.jsonSchema()
  },
  read: template.read
}

const profileFields = {
  profile: required(name, "The name of the profile"),
  summary: optional(name, "What API it is, for people"),
  base: required(template, "The URL that paths are put behind"),
  files: optional(
    named(Reader.byKind({
      expected: "a path, or a map with path and secret",
      scalar: map(template, (path): FileForm => ({ path, secret: [] })),
      map: map(
        fields("a file", fileFields),
        (read): FileForm | undefined => read.path && { path: read.path, secret: read.secret ?? [] }
      )
    })),
    "YAML or JSON files of other tools, as files.NAME; null when there is none"
  ),
  vars: optional(named(template), "Values by name, as vars.NAME; they may read env, files and those before them"),
  secrets: optional(named(secret), `Secrets by where they come from: ${SecretReference.spellings}`),
  headers: optional(named(template), "Headers of every request to the API"),
  limits: optional(
    fields("limits", {
      requests_per_second: optional(template, "Requests a second [default: 10]"),
      burst: optional(template, "Requests that may be sent at once after a pause [default: 20]"),
      concurrency: optional(template, "Requests under way at once [default: 5]"),
      retries: optional(template, "Tries after the first one [default: 5]"),
      lists: optional(template, "Lists, or pages of one, that are read at once"),
      workflows: optional(template, "Remote workflows under way at once"),
      slow_down: optional(condition, "An answer that means slow down, beside 429; reads status, headers, text and body")
    }),
    "How the API is spared"
  ),
  login: optional(
    fields("login", {
      request: required(request, "Asks for a session"),
      save: required(named(expression), "What is kept of the answer, as session.NAME"),
      bearer: optional(expression, "The token that is sent as authorization: Bearer"),
      headers: optional(named(template), "Headers that carry the session"),
      secret: optional(oneOrMany(name), "What of it is secret, beside the token"),
      expires: optional(expression, "When it ends: seconds or milliseconds since 1970, or a date"),
      early: optional(duration, "How long before its end it is renewed [default: 5m]"),
      again_on: optional(condition, "An answer that means log in again [default: status == 401]"),
      file: optional(template, "Where it is kept between runs, for the owner's eyes only")
    }),
    "How a session is had"
  ),
  names: optional(
    named(fields("a name", {
      id: required(condition, "True for a name that is an id already; reads name"),
      request: required(request, "Asked for the id; reads name"),
      from: required(expression, "The id, from the answer")
    })),
    "Arguments that may be given by name: how their ids are found"
  ),
  lists: optional(named(fields("a list of the API", listFields)), "What skein paginate reads"),
  operations: optional(named(fields("an operation", operationFields)), "What skein batch does"),
  workflows: optional(named(fields("a workflow", workflowFields)), "What skein wait waits for"),
  downloads: optional(named(fields("a download", downloadFields)), "What skein download fetches")
}

export interface FileForm {
  readonly path: Code.Code
  readonly secret: ReadonlyArray<string>
}

export const profile = fields("a profile", profileFields)

type ReadBy<R> = R extends Reader.Reader<infer A> ? A : never
type Item<L> = NonNullable<L> extends ReadonlyArray<Reader.Named<infer A>> ? A : never
export type ProfileForm = ReadBy<typeof profile>
export type ListForm = Item<ProfileForm["lists"]>
export type OperationForm = Item<ProfileForm["operations"]>
export type WorkflowForm = Item<ProfileForm["workflows"]>
export type DownloadForm = Item<ProfileForm["downloads"]>
export type LoginForm = NonNullable<ProfileForm["login"]>
export type NameForm = Item<ProfileForm["names"]>
