/**
 * `shell`: runs a program. Its arguments are a list and no shell looks at them, so a value can never become a command;
 * `shell: true` runs a fixed script, which gets values through `env`.
 */
import { Clock, Effect, Fiber, Option, type PlatformError, Schema, Stream } from "effect"
import { ChildProcess } from "effect/process"
import * as ByteSize from "../../core/ByteSize.ts"
import * as Json from "../../core/Json.ts"
import type { Value } from "../../core/Value.ts"
import * as Action from "../Action.ts"
import * as Fields from "../Fields.ts"
import * as SafePath from "../SafePath.ts"

const defaultMaxOutput = 10_000_000

const input = Schema.Struct({
  command: Fields.describe(
    Schema.Union([Schema.Array(Fields.Text), Fields.Text]),
    "The program and its arguments as a list; with `shell: true` one script as text"
  ),
  shell: Fields.optional(Fields.Flag, "Run the text by `sh -c`; it must not hold ${...} [default: false]"),
  env: Fields.optional(Fields.TextRecord, "Environment variables on top of those that skein has"),
  cwd: Fields.optional(Fields.Text, "Folder to run in, inside the root [default: the scenario's folder]"),
  stdin: Fields.optional(Fields.Value, "What the program reads: text, or a value as JSON [default: nothing]"),
  max_output: Fields.optional(Fields.Bytes, "The most that is taken from stdout, and from stderr [default: 10MB]"),
  any_exit: Fields.optional(Fields.Flag, "Pass whatever the exit code is [default: when expect speaks of exit_code]")
})

export const shell = Action.make({
  name: "shell",
  family: "system",
  summary: "Runs a program and takes what it prints; an exit code other than 0 fails the step",
  input,
  positional: ["command"],
  output: Schema.Struct({
    exit_code: Schema.Int,
    signal: Schema.NullOr(Schema.String),
    stdout: Schema.String,
    stderr: Schema.String,
    duration_ms: Schema.Finite
  }),
  effect: "write",
  validate: (present, constants) => {
    if (!present.has("shell")) return []
    if (constants["shell"] === undefined) return ["`shell` must be true or false itself, not ${...}"]
    const on = constants["shell"] === true || constants["shell"] === "true"
    if (!on || !present.has("command")) return []
    if (constants["command"] === undefined) {
      return ["a script for `shell: true` holds no ${...}: pass the value in `env` and write \"$NAME\" in the script"]
    }
    return typeof constants["command"] === "string" ? [] : ["with `shell: true` the command is one text, not a list"]
  },
  examples: [
    {
      title: "A program and its arguments; what is in them stays data",
      yaml: `vars: { name: "x; rm -rf ." }
steps:
  - shell: [printf, "%s", "\${name}"]
    expect: stdout == 'x; rm -rf .'
`
    },
    {
      title: "A script, with a value through the environment",
      yaml: `vars: { who: world }
steps:
  - shell:
      command: echo "hello $WHO" | tr a-z A-Z; exit 3
      shell: true
      env: { WHO: "\${who}" }
      any_exit: true
    expect: [exit_code == 3, trim(stdout) == 'HELLO WORLD']
`
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const argv = yield* argvOf(input)
    const cwd = yield* SafePath.resolve(input.cwd ?? ".", context).pipe(
      Effect.mapError(SafePath.asActionError)
    )
    const started = yield* Clock.monotonicTimeNanos
    const ended = yield* Effect.scoped(execute(argv, cwd, input, context))
    const duration = Number((yield* Clock.monotonicTimeNanos) - started) / 1e6
    const exitCode = ended.signal === null ? ended.code : 128 + (signalNumbers[ended.signal] ?? 0)

    yield* context.attach({
      _tag: "Text",
      name: "program output",
      text: `${named(argv)}\n${ended.stdout}${ended.stderr === "" ? "" : `\n[stderr]\n${ended.stderr}`}`
    })
    if (exitCode !== 0 && input.any_exit !== true) return yield* failed(argv, exitCode, ended)
    return {
      exit_code: exitCode,
      signal: ended.signal,
      stdout: ended.stdout,
      stderr: ended.stderr,
      duration_ms: duration
    }
  })
})

type Input = typeof input.Type
type Argv = readonly [string, ...ReadonlyArray<string>]

interface Ended {
  readonly code: number
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

/** The words to run. A lone text without `shell: true` is a program without arguments, so it cannot have blanks. */
const argvOf = (input: Input): Effect.Effect<Argv, Action.ActionError> => {
  if (typeof input.command === "string") {
    if (input.shell === true) return Effect.succeed(["/bin/sh", "-c", input.command])
    return /^[\w./+-]+$/.test(input.command)
      ? Effect.succeed([input.command])
      : invalid(
        "the command is one text, and no shell runs it",
        "Write the program and its arguments as a list, or set `shell: true`"
      )
  }
  const [program, ...args] = input.command
  if (program === undefined || program === "") {
    return invalid("the command has no program", "Name one first in the list")
  }
  if (input.command.some((word) => word.includes("\0"))) {
    return invalid("a word of the command has a NUL character", "No program can be given one; remove it")
  }
  return Effect.succeed([program, ...args])
}

/** Runs it to its end. Leaving the scope ends the whole process group: SIGTERM, and SIGKILL after 2 seconds. */
const execute = Effect.fnUntraced(function*(argv: Argv, cwd: string, input: Input, context: Action.ActionContext) {
  const [program, ...args] = argv
  const handle = yield* ChildProcess.make(program, args, {
    cwd,
    env: { ...context.environment, ...input.env },
    stdin: input.stdin === undefined ? "ignore" : Stream.make(stdinBytes(input.stdin)),
    forceKillAfter: "2 seconds"
  }).pipe(Effect.mapError((error) => cannotRun(program, error)))

  const cap = input.max_output ?? defaultMaxOutput
  const stdout = makeCollector(program, "stdout", cap)
  const stderr = makeCollector(program, "stderr", cap)
  const reading = yield* Effect.forkScoped(
    Effect.all([stdout.collect(handle.stdout), stderr.collect(handle.stderr)], { concurrency: 2, discard: true })
  )
  const exit = handle.exitCode.pipe(
    Effect.map((code) => ({ code: Number(code), signal: null as string | null })),
    Effect.catch((error) => signalOf(program, error))
  )
  // Output over the cap ends the wait for the program; the scope then ends the program.
  const ended = yield* Effect.raceFirst(exit, Effect.andThen(Fiber.join(reading), Effect.never))

  // What the program left behind may hold its pipes open for ever: it gets half a second, then the group is ended, and what
  // has left the group is not waited for.
  const closed = yield* Effect.timeoutOption(Fiber.join(reading), "500 millis")
  if (Option.isNone(closed)) {
    yield* Effect.ignore(handle.kill({ forceKillAfter: "2 seconds" }))
    yield* Effect.timeoutOption(Fiber.join(reading), "1 second")
  }
  return { ...ended, stdout: stdout.text(), stderr: stderr.text() }
})

/** Takes one stream of a program as text, up to `cap` bytes. `text` is what has come so far. */
const makeCollector = (program: string, name: string, cap: number) => {
  const decoder = new TextDecoder()
  const texts: Array<string> = []
  let size = 0
  const take = (chunk: Uint8Array) => {
    size += chunk.length
    if (size > cap) {
      const message = `"${program}" wrote more than ${ByteSize.format(cap)} to ${name}`
      const hint = "Let it write less, or raise max_output"
      return Effect.fail(new Action.ActionError({ reason: "Refused", message, hint }))
    }
    texts.push(decoder.decode(chunk, { stream: true }))
    return Effect.void
  }
  return {
    collect: (stream: Stream.Stream<Uint8Array, PlatformError.PlatformError>) =>
      stream.pipe(Stream.mapError((error) => cannotRun(program, error)), Stream.runForEach(take)),
    text: (): string => texts.join("") + decoder.decode()
  }
}

const invalid = (message: string, hint: string) =>
  Effect.fail(new Action.ActionError({ reason: "Invalid", message, hint }))

const stdinBytes = (value: Value): Uint8Array =>
  value instanceof Uint8Array
    ? value
    : new TextEncoder().encode(typeof value === "string" ? value : Json.stringify(value))

const cannotRun = (program: string, error: PlatformError.PlatformError): Action.ActionError => {
  const missing = error.reason._tag === "NotFound"
  const why = missing
    ? "there is no such program"
    : error.reason._tag === "PermissionDenied"
    ? "permission denied"
    : error.message
  return new Action.ActionError({
    reason: "Unavailable",
    message: `cannot run "${program}": ${why}`,
    ...(missing ? { hint: "Install it, or give its path; programs are looked for in PATH" } : {}),
    cause: error
  })
}

const signalNumbers: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15
}

/** The spawner tells of an end by signal as a failure whose cause names it. */
const signalOf = (program: string, error: PlatformError.PlatformError) => {
  const cause: unknown = error.reason.cause
  const found = /'(SIG[A-Z0-9]+)'/.exec(cause instanceof Error ? cause.message : "")
  return found?.[1] === undefined
    ? Effect.fail(cannotRun(program, error))
    : Effect.succeed<{ code: number; signal: string | null }>({ code: 0, signal: found[1] })
}

const failed = (argv: Argv, exitCode: number, ended: Ended): Action.ActionError => {
  const how = ended.signal === null ? `exited with ${exitCode}` : `was ended by ${ended.signal}`
  const said = (ended.stderr.trim() === "" ? ended.stdout : ended.stderr).trim().slice(-1_000)
  return new Action.ActionError({
    reason: "Failed",
    message: `${named(argv)} ${how}${said === "" ? "" : `: ${said}`}`,
    hint: "Expect something of exit_code, or set any_exit, when this is right"
  })
}

const named = (argv: Argv): string => {
  const text = argv[0] === "/bin/sh" && argv[1] === "-c" ? String(argv[2]) : argv.join(" ")
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text)
}
