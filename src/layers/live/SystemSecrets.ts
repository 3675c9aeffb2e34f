/** Secrets from this machine, its files and its programs, and from a Vault. Opens nothing until a secret is asked for. */
import { Effect, Fiber, FileSystem, Layer, Option, type PlatformError, type Scope, Stream } from "effect"
import type { HttpClient } from "effect/http"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import * as ByteSize from "../../core/ByteSize.ts"
import { Masking } from "../../core/Masking.ts"
import { type Argv, make, maxLength, type ResolveOptions, Secrets, type Trouble } from "../../services/Secrets.ts"
import type * as Vault from "../../services/Vault.ts"
import * as SecretFolder from "./secrets/SecretFolder.ts"
import * as VaultKv from "./secrets/VaultKv.ts"

export interface Options {
  /** Where the Vault is and how to log in. @default as the environment of each call says */
  readonly vault?: Vault.Options | undefined
}

const service = Effect.fnUntraced(function*(options: Options) {
  const fileSystem = yield* FileSystem.FileSystem
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const masking = yield* Masking
  const readFile = (path: string) =>
    fileSystem.stream(path, { bytesToRead: maxLength + 1 }).pipe(
      Stream.mapError(SecretFolder.cannotRead),
      collect("holds"),
      Effect.flatMap(decode)
    )
  const vault = yield* VaultKv.make(options.vault ?? {}, masking)
  return make({
    readFile,
    readFolder: (path) => SecretFolder.read(fileSystem, path, readFile),
    readVault: vault.read,
    vaultHealth: vault.health,
    run: (argv, options) => Effect.flatMap(run(spawner, argv, options), decode)
  }, masking)
})

/** Needs a file system, processes and HTTP; commands get exactly the environment that was handed in. */
export const layer = (
  options: Options = {}
): Layer.Layer<
  Secrets,
  never,
  FileSystem.FileSystem | ChildProcessSpawner.ChildProcessSpawner | HttpClient.HttpClient | Masking
> => Layer.effect(Secrets, service(options))

const run = Effect.fnUntraced(function*(
  spawner: ChildProcessSpawner.ChildProcessSpawner["Service"],
  [program, ...args]: Argv,
  options: ResolveOptions
): Effect.fn.Return<Uint8Array, Trouble, Scope.Scope> {
  const command = ChildProcess.make(program, args, {
    cwd: options.directory,
    env: { ...options.environment },
    extendEnv: false,
    stdin: "ignore",
    // What it says there may hold the secret, so nobody reads it.
    stderr: "ignore",
    forceKillAfter: "500 millis"
  })
  const handle = yield* Effect.mapError(spawner.spawn(command), cannotRun)
  const reading = yield* Effect.forkScoped(handle.stdout.pipe(Stream.mapError(cannotRun), collect("wrote")))
  const exitCode = yield* Effect.raceFirst(
    Effect.mapError(handle.exitCode, ended),
    Effect.andThen(Fiber.join(reading), Effect.never)
  )
  if (exitCode !== 0) return yield* Effect.fail(exited(exitCode))
  // A program that it left in the background may hold the pipe open for ever; what it wrote itself is here by now.
  const output = yield* Effect.timeoutOption(Fiber.join(reading), "500 millis")
  return yield* Option.match(output, { onNone: () => Effect.fail(leftOpen), onSome: Effect.succeed })
})

/** Reads a stream to its end; more than {@link maxLength} bytes are an error. */
const collect = (verb: string) => (stream: Stream.Stream<Uint8Array, Trouble>): Effect.Effect<Uint8Array, Trouble> =>
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let length = 0
    return stream.pipe(
      Stream.runForEach((chunk) => {
        length += chunk.length
        chunks.push(chunk)
        return length <= maxLength ? Effect.void : Effect.fail<Trouble>({
          kind: "Failed",
          problem: `${verb} more than ${ByteSize.format(maxLength)}`,
          hint: "a secret is a short text: see whether this is the right one"
        })
      }),
      Effect.map(() => {
        const all = new Uint8Array(length)
        let at = 0
        for (const chunk of chunks) {
          all.set(chunk, at)
          at += chunk.length
        }
        return all
      })
    )
  })

const decode = (bytes: Uint8Array): Effect.Effect<string, Trouble> =>
  Effect.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: (): Trouble => ({
      kind: "Failed",
      problem: "is not text in UTF-8",
      hint: "encode it, for example as base64"
    })
  })

const cannotRun = (error: PlatformError.PlatformError): Trouble =>
  error.reason._tag === "NotFound"
    ? {
      kind: "Failed",
      problem: "cannot be run: there is no such program",
      hint: "install it, or give its path; programs are looked for in PATH"
    }
    : { kind: "Failed", problem: "cannot be run", hint: "see whether it may be executed" }

const exited = (code: number): Trouble => ({
  kind: "Failed",
  problem: `exited with ${code}`,
  hint: "run it by hand to see why"
})

/** The spawner tells of an end by signal as a failure. */
const ended = (): Trouble => ({ kind: "Failed", problem: "was ended by a signal", hint: "run it by hand to see why" })

const leftOpen: Trouble = {
  kind: "Failed",
  problem: "left a program running that holds its output open",
  hint: "let it write its output and end"
}
