/** `skein paginate`: lists of remote APIs, whole, in order, as a table, JSON, JSON lines or CSV. */
import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as Flags from "./Flags.ts"

const { config, env, envFile, root } = Flags.reading
const flags = {
  lists: Argument.String("list").pipe(
    Argument.withDescription("The URL of a first page, or profile:list and its arguments; several are read at once"),
    Argument.variadic({ min: 1 })
  ),
  header: Flags.headers,
  with: Flags.pairs("with", "A parameter of a profile's list; may be repeated"),
  style: Flags.text(
    "style",
    "style",
    "How it pages: page, page:p=0, offset:skip, cursor:after (the last id), cursor:after=meta.next, next:links.next, link, none [default: seen from the first answer]"
  ),
  rows: Flags.text("rows", "path", "Where the rows are in the answer, such as data.items [default: seen]"),
  id: Flags.text("id", "field", "The field that tells rows apart [default: seen]"),
  total: Flags.text(
    "total",
    "path",
    "Where the answer has the number of all rows; none when it has not [default: seen]"
  ),
  size: Flags.count("size", 1, "Rows of every page but the last [default: seen]"),
  concurrency: Flags.count("concurrency", 1, "Requests at once to one host [default: 5]"),
  requestsPerSecond: Flags.count("requests-per-second", 1, "Requests a second to one host [default: 10]"),
  maxPages: Flags.count("max-pages", 1, "A list with more pages is an error [default: 100000]"),
  hydrate: Flags.text("hydrate", "url", "Ask for the details of each row, such as /sites/${id}"),
  hydrateAs: Flags.text("hydrate-as", "field", "The field that details go into [default: detail]"),
  details: Flags.onOff("details", "Ask for the details of each row as the profile says"),
  where: Flags.text("where", "expression", "Keep rows for which it holds, such as \"!frozen && 'x' in tags\""),
  jq: Flags.text("jq", "program", "Make rows of each row by a jq program"),
  fields: Flags.text("fields", "names", "Columns: id,owner.name or label=owner.name [default: all]"),
  as: Flag.Literals("as", ["table", "jsonl", "json", "csv"]).pipe(
    Flag.withDescription("How rows are written to stdout [default: table]"),
    Flag.optional
  ),
  output: Flags.text("output", "file", "Write to a file, as .jsonl, .json or .csv; it is replaced when all is there"),
  resume: Flags.text("resume", "folder", "Keep a journal there; the same command goes on where it was killed"),
  rawCsv: Flags.onOff("raw-csv", "Leave texts in CSV as they are that a spreadsheet would calculate"),
  config,
  env,
  envFile,
  root
}

/** The flags of `paginate` as they were given. */
export type PaginateFlags = Command.Command.Config.Infer<typeof flags>

export const paginate = Command.make(
  "paginate",
  flags,
  (flags) => Effect.promise(() => import("./readLists.ts")).pipe(Effect.flatMap(({ paginate }) => paginate(flags)))
).pipe(
  Command.withDescription(
    "Read lists that an API hands out in pages, whole and in order; a list that was cut off is an error"
  ),
  Command.withExamples([
    { command: "skein paginate 'http://127.0.0.1:8080/sites?page=1'", description: "All pages, as a table" },
    {
      command: "skein paginate 'http://127.0.0.1:8080/sites?page=1' --fields id,name --output sites.csv",
      description: "Two columns into a file"
    },
    {
      command: "skein paginate 'http://127.0.0.1:8080/sites?page=1' --output sites.jsonl --resume .sites --format json",
      description: "Goes on where it was, should it be killed"
    }
  ])
)
