/** What `skein download` does once its flags are read. */
import { Duration, Effect, FileSystem, Option, Path } from "effect"
import type { HttpClient } from "effect/http"
import type { RemoteFile } from "../profile/RemoteApi.ts"
import * as Thing from "../profile/Thing.ts"
import * as Config from "../programs/Config.ts"
import * as Download from "../programs/Download.ts"
import * as Checksums from "../programs/download/Checksums.ts"
import * as DownloadText from "../programs/download/DownloadText.ts"
import * as FileName from "../programs/download/FileName.ts"
import * as PoliteClient from "../services/polite/Client.ts"
import * as PoliteHttp from "../services/PoliteHttp.ts"
import type { DownloadFlags } from "./download.ts"
import * as DownloadProgress from "./DownloadProgress.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"
import * as Output from "./Output.ts"
import * as Reading from "./Reading.ts"
import * as RemoteApis from "./RemoteApis.ts"
import * as Stop from "./Stop.ts"

type Item = Download.Item<HttpClient.HttpClient>

/** Downloads, prints where files are, and answers with the exit code. */
export const download = Effect.fnUntraced(function*(flags: DownloadFlags) {
  const config = yield* Reading.configuration({ ...Reading.noFlags, ...flags })
  const options = yield* optionsOf(flags, config)
  const sums = yield* checksumsOf(flags)
  const time = Option.getOrElse(flags.timeout, () => Duration.infinity)
  const work = Effect.gen(function*() {
    const [spent, { http, items }] = yield* wantedOf(flags, config, sums).pipe(
      Effect.timeoutOrElse({ duration: time, orElse: () => Effect.fail(outOfTime) }),
      Effect.timed
    )
    const onEvent = yield* DownloadProgress.open()
    return yield* Download.all(items, { ...options, timeout: Duration.subtract(time, spent), onEvent }).pipe(
      Effect.provideService(PoliteHttp.PoliteHttp, http)
    )
  })
  const report = yield* Effect.scoped(work).pipe(Reading.withMachine(config), Stop.within(0))
  yield* Output.result({ json: () => DownloadText.json(report), text: () => DownloadText.paths(report) })
  return codeOf(report)
})

const outOfTime = new ExitCode.CommandError({
  code: ExitCode.timedOut,
  message: "the list of files was not there in time"
})

const optionsOf = Effect.fnUntraced(function*(flags: DownloadFlags, config: Config.Loaded) {
  const { directory } = yield* Invocation
  const { resolve } = yield* Path.Path
  if (flags.overwrite && flags.skip) return yield* ExitCode.wrongUsage("--overwrite and --skip exclude each other")
  return {
    folder: resolve(directory, Option.getOrElse(flags.output, () => ".")),
    concurrency: Option.getOrUndefined(flags.concurrency),
    ranges: Option.getOrUndefined(flags.ranges),
    maxBytes: Option.getOrUndefined(flags.maxBytes),
    publicOnly: flags.publicOnly,
    exists: flags.overwrite ? "overwrite" : flags.skip ? "skip" : "verify",
    limits: Config.politeSettings(config.settings)
  } satisfies Download.Options
})

const checksumsOf = Effect.fnUntraced(function*({ checksums }: DownloadFlags) {
  if (Option.isNone(checksums)) return new Map<string, Checksums.Checksum>()
  const { directory } = yield* Invocation
  const { resolve } = yield* Path.Path
  const files = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(
    files.readFileString(resolve(directory, checksums.value)),
    ({ message, reason }) =>
      ExitCode.wrongUsage(
        reason._tag === "NotFound"
          ? `--checksums: there is no file ${checksums.value}`
          : `--checksums: cannot read ${checksums.value}: ${message}`
      )
  )
  const sums = Checksums.parse(text)
  if ("line" in sums) {
    return yield* ExitCode.wrongUsage(
      `--checksums ${checksums.value}: line ${sums.line} is no checksum`,
      "lines are as sha256sum and md5sum write them: HEX  NAME"
    )
  }
  return sums
})

/** The files, and the client whose limits all of their requests keep to. */
const wantedOf = Effect.fnUntraced(function*(
  flags: DownloadFlags,
  config: Config.Loaded,
  sums: ReadonlyMap<string, Checksums.Checksum>
) {
  const [first = "", ...targets] = flags.what
  const thing = Thing.parse(first)
  if (thing === undefined) {
    const items = yield* itemsOfUrls(flags, sums)
    return {
      http: yield* PoliteClient.make({ ...PoliteHttp.defaults, ...Config.politeSettings(config.settings) }),
      items
    }
  }
  if (targets.length === 0) {
    return yield* ExitCode.wrongUsage(`${first} needs a target`, `write it behind: ${first} TARGET`)
  }
  const api = yield* RemoteApis.open(thing.profile, config)
  const download = yield* api.download(thing.name)
  const options = {
    elements: Option.getOrUndefined(Option.map(flags.elements, (text) => text.split(",").map((one) => one.trim()))),
    with: Object.fromEntries(flags.with)
  }
  const files = yield* Effect.forEach(targets, (target) => download.files(target, options), { concurrency: 5 })
  return { http: api.http, items: files.flat().map((file) => itemOfFile(file, sums)) }
})

const itemOfFile = (file: RemoteFile, sums: ReadonlyMap<string, Checksums.Checksum>): Item => {
  const name = FileName.suggested(file.name) ?? file.name
  const { lasts, md5, request, size } = file
  const label = file.element === undefined ? file.target : `${file.target} ${file.element}`
  return { label, name, size, md5, ...sums.get(name), request, lasts }
}

const itemsOfUrls = Effect.fnUntraced(function*(flags: DownloadFlags, sums: ReadonlyMap<string, Checksums.Checksum>) {
  const isOne = flags.what.length === 1
  if (!isOne && (Option.isSome(flags.name) || Option.isSome(flags.sha256))) {
    return yield* ExitCode.wrongUsage("--name and --sha256 are for one URL", "give checksums of many with --checksums")
  }
  const fault = Option.map(flags.name, FileName.fault)
  if (Option.isSome(fault) && fault.value !== undefined) return yield* ExitCode.wrongUsage(`--name: ${fault.value}`)
  const sha256 = Option.map(flags.sha256, Checksums.of)
  if (Option.isSome(sha256) && sha256.value?.sha256 === undefined) {
    return yield* ExitCode.wrongUsage("--sha256 is not 64 digits of hexadecimal")
  }
  return yield* Effect.forEach(
    flags.what,
    Effect.fnUntraced(function*(text) {
      const url = URL.parse(text)
      if (url === null || !/^https?:$/.test(url.protocol)) {
        return yield* ExitCode.wrongUsage(`${text} is no URL`, "write it like https://example.com/file.zip")
      }
      const ending = FileName.fromUrl(url)
      const sum = ending === undefined ? undefined : sums.get(ending)
      const item: Item = {
        label: `${url.origin}${url.pathname}`,
        request: Effect.succeed({ url: text, headers: Object.fromEntries(flags.header) }),
        name: Option.getOrElse(flags.name, () => sum === undefined ? undefined : ending),
        ...sum,
        ...Option.getOrUndefined(sha256)
      }
      return item
    })
  )
})

/** Failures that are those of a server or a disk, not of a file. */
const unusable: ReadonlySet<Download.DownloadError["reason"]> = new Set([
  "Source",
  "Network",
  "Unsendable",
  "DiskFull",
  "Permission",
  "Disk",
  "Busy"
])

/** Status that mean that the server cannot be used now; others are its answer. */
const isUnwell = (status: number): boolean => status >= 500 || status === 408 || status === 429

const codeOf = (report: Download.Report): number => {
  const errors = report.flatMap((result) => result._tag === "Failed" ? [result.error] : [])
  if (errors.length === 0) return ExitCode.ok
  if (errors.some(({ reason }) => reason === "Timeout")) return ExitCode.timedOut
  if (errors.length < report.length) return ExitCode.partial
  return errors.every(({ reason, status = 0 }) => unusable.has(reason) || isUnwell(status))
    ? ExitCode.unavailable
    : ExitCode.no
}
