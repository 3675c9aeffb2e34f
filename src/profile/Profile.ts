/**
 * A remote API described in a file: read with positions, compiled, and checked so that nothing that is wrong in it is found only
 * when it is used. `profile/Format` has its keys, `profile/Open` opens it.
 */
import type { Problem, SourceText } from "../core/SourceText.ts"
import * as Node from "../scenario/read/Node.ts"
import * as Reader from "../scenario/read/Reader.ts"
import * as Yaml from "../scenario/read/Yaml.ts"
import * as Checks from "./Checks.ts"
import * as Format from "./Format.ts"

/** A profile without mistakes. Maps are in the order of the file. */
export interface Profile {
  readonly source: SourceText
  readonly name: string
  readonly summary: string | undefined
  readonly form: Format.ProfileForm
  readonly lists: ReadonlyMap<string, Format.ListForm>
  readonly operations: ReadonlyMap<string, Format.OperationForm>
  readonly workflows: ReadonlyMap<string, Format.WorkflowForm>
  readonly downloads: ReadonlyMap<string, Format.DownloadForm>
}

export interface Parsed {
  /** Absent when a problem is an error. */
  readonly profile: Profile | undefined
  /** All of them at once. */
  readonly problems: ReadonlyArray<Problem>
}

/** Reads the text of a profile. Never fails: what is wrong is a problem at its place. */
export const parse = (source: SourceText): Parsed => {
  const parsed = Yaml.parse(source)
  const notes: Reader.Notes = { problems: [...parsed.problems] }
  const whole = { source, start: 0, end: 0 }
  if (parsed.root === undefined) {
    if (notes.problems.length === 0) {
      Reader.note(notes, "empty-file", "the file is empty", whole, "begin with profile: and base:")
    }
    return { profile: undefined, problems: notes.problems }
  }
  // What is read from a broken text is a guess.
  if (notes.problems.some(({ code }) => code === "yaml-syntax")) return { profile: undefined, problems: notes.problems }
  if (Node.get(parsed.root, "profile") === undefined && Node.get(parsed.root, "steps") !== undefined) {
    Reader.note(
      notes,
      "no-profile",
      "this is a scenario, not a profile",
      Reader.headOf(parsed.root),
      "run it with skein run"
    )
    return { profile: undefined, problems: notes.problems }
  }
  const form = Format.profile.read(parsed.root, notes)
  if (form !== undefined) Checks.check(form, notes)
  if (form === undefined || notes.problems.some(({ severity }) => severity === "error")) {
    return { profile: undefined, problems: notes.problems }
  }
  const profile: Profile = {
    source,
    name: form.profile!,
    summary: form.summary,
    form,
    lists: mapOf(form.lists),
    operations: mapOf(form.operations),
    workflows: mapOf(form.workflows),
    downloads: mapOf(form.downloads)
  }
  return { profile, problems: notes.problems }
}

const mapOf = <A>(entries: ReadonlyArray<Reader.Named<A>> | undefined): ReadonlyMap<string, A> =>
  new Map((entries ?? []).map(({ name, value }) => [name, value]))

/** The JSON Schema of profile files, for editors. */
export const schema = (): Reader.JsonSchema => ({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "skein profile",
  description: "A remote API, described for skein paginate, batch, wait and download",
  ...Format.profile.schema
})
