/** `skein download`: files over HTTP, whole or not at all. */
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as ByteSize from "../core/ByteSize.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Flags from "./Flags.ts"

const { config, env, envFile, root } = Flags.reading
const flags = {
  what: Argument.String("what").pipe(
    Argument.withDescription("URLs; or a profile's downloads such as pantheon:backups, and targets in it"),
    Argument.variadic({ min: 1 })
  ),
  output: Flags.text("output", "folder", "Where files go; made when it is missing [default: the working directory]")
    .pipe(
      Flag.withAlias("o")
    ),
  name: Flags.text("name", "name", "What the file is called, of a single URL [default: as the server says]"),
  elements: Flags.text("elements", "names", "Which elements of each target, between commas [default: all]"),
  with: Flags.pairs("with", "A parameter of a profile's download; may be repeated"),
  header: Flags.headers,
  concurrency: Flags.count("concurrency", 1, "Files at once [default: 3]").pipe(Flag.withAlias("c")),
  ranges: Flags.count("ranges", 1, "Pieces of a large file at once, where the server allows it [default: 4]"),
  sha256: Flags.text("sha256", "hex", "What the SHA-256 of a single URL's file must be"),
  checksums: Flags.text("checksums", "file", "Checksums by name, as sha256sum and md5sum write them"),
  overwrite: Flags.onOff("overwrite", "Replace files that are there, each once the new one is whole"),
  skip: Flags.onOff("skip", "Leave files that are there as they are"),
  maxBytes: Flag.String("max-bytes").pipe(
    Flag.filterMap((text) => Option.fromUndefinedOr(ByteSize.parse(text)), () => "a size such as 500MB or 2GiB"),
    Flag.withMetavar("size"),
    Flag.withDescription("Bytes that all files together may have [default: no bound]"),
    Flag.optional
  ),
  publicOnly: Flags.onOff("public-only", "Refuse addresses of this machine and of private networks"),
  timeout: Flags.duration("timeout", "Time for everything; exit code 4 when it is over [default: none]"),
  config,
  env,
  envFile,
  root
}

/** The flags of `download` as they were given. */
export type DownloadFlags = Command.Command.Config.Infer<typeof flags>

export const download = Command.make(
  "download",
  flags,
  (flags) =>
    Effect.promise(() => import("./downloadFiles.ts")).pipe(
      Effect.flatMap(({ download }) => download(flags)),
      Effect.flatMap((code) => code === ExitCode.ok ? Effect.void : new ExitCode.Exit({ code }))
    )
).pipe(
  Command.withDescription(
    "Download files: several at once, large ones in pieces, on after an interruption, each named only when it is whole"
  ),
  Command.withExamples([
    {
      command: "skein download http://127.0.0.1:8080/sites --name sites.json --output files",
      description: "One file into a folder"
    },
    {
      command: "skein download http://127.0.0.1:8080/sites --output copies --overwrite --format json",
      description: "What was compared, for a program"
    }
  ])
)
