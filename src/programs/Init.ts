/**
 * `skein init`: a first scenario, or one made of what another tool has. The converters in `init/` are pure; nothing of a
 * secret in the source gets into what they write.
 */
import { Result } from "effect"
import * as Emit from "./init/Emit.ts"
import * as FromCurl from "./init/FromCurl.ts"
import * as FromHar from "./init/FromHar.ts"
import * as FromHttpFile from "./init/FromHttpFile.ts"
import * as FromOpenApi from "./init/FromOpenApi.ts"
import * as FromPostman from "./init/FromPostman.ts"
import * as Guard from "./init/Guard.ts"
import * as Starter from "./init/Starter.ts"

export const sources = ["curl", "openapi", "postman", "http", "har"] as const
export type SourceKind = (typeof sources)[number]

export interface Source {
  readonly from: SourceKind
  readonly text: string
  /** Name of the source without its extension, for the scenario and its file. @default that of the kind */
  readonly name?: string | undefined
  /** Path of the API document as the scenario will name it, to check every answer against it. @default no check */
  readonly contract?: string | undefined
}

export interface Made {
  /** Paths are relative and use `/`. Whoever writes them must not overwrite a file that is there. */
  readonly files: ReadonlyArray<{ readonly path: string; readonly text: string }>
  /** What the person should know or do now, one sentence each. */
  readonly notes: ReadonlyArray<string>
}

/** Why nothing could be made of a source, in one sentence. */
export interface InitProblem {
  readonly message: string
}

/** Makes a scenario of another tool's text. It passes `skein check`; what could not be taken over is in notes and comments. */
export const convert = (source: Source): Result.Result<Made, InitProblem> => {
  const name = source.name ?? source.from
  const converted = read(source, name)
  if (Result.isFailure(converted)) return Result.fail({ message: converted.failure })
  if (converted.success.draft.steps.length === 0) {
    return Result.fail({ message: `no request was found in the ${labels[source.from]}` })
  }

  const { draft, notes: secretNotes } = Guard.guard(converted.success.draft)
  const notes = [...secretNotes, ...converted.success.notes]
  const comments = [`Made by skein init --from ${source.from}.`, ...secretNotes]
  return Result.succeed({ files: [{ path: `${fileName(name)}.yaml`, text: Emit.scenario(draft, comments) }], notes })
}

/** Makes a scenario that runs at once without a server, and a commented `skein.yaml`. */
export const starter = (): Made => ({ files: Starter.files, notes: ["run it: npx skein run scenarios"] })

const labels: Readonly<Record<SourceKind, string>> = {
  curl: "command",
  openapi: "API document",
  postman: "collection",
  http: ".http file",
  har: "archive"
}

const read = (source: Source, name: string): Result.Result<FromCurl.Converted, string> => {
  switch (source.from) {
    case "curl":
      return Result.succeed(FromCurl.convert(source.text, name))
    case "http":
      return Result.succeed(FromHttpFile.convert(source.text, name))
    case "openapi":
      return FromOpenApi.convert(source.text, name, { contract: source.contract })
    case "postman":
      return FromPostman.convert(source.text)
    case "har":
      return FromHar.convert(source.text, name)
  }
}

/** A name that every file system takes. */
const fileName = (name: string): string => {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-+|-+$/g, "").slice(0, 60)
  return plain === "" || /^(con|prn|aux|nul|com\d|lpt\d)$/.test(plain) ? `scenario-${plain}`.replace(/-$/, "") : plain
}
