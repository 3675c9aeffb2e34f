/** Gets the text of one source, by what a layer brings. */
import { Effect, Result, type Scope } from "effect"
import { parse as parseShell } from "shell-quote"
import { hint as didYouMean } from "../core/DidYouMean.ts"
import * as DotEnv from "../core/DotEnv.ts"
import { absolute, defaultDotEnv, type SecretReference, vaultPath, type VaultReference } from "./SecretReference.ts"
import type { ResolveOptions, Sources, Texts, Trouble } from "./Secrets.ts"

/** The text of a source, or those of a folder. */
export const fetch = (
  name: string,
  reference: SecretReference,
  sources: Sources,
  options: ResolveOptions
): Effect.Effect<string | Texts, Trouble, Scope.Scope> => {
  const { directory, environment } = options
  if ("value" in reference) return Effect.succeed(String(reference.value))
  if ("env" in reference) {
    return Effect.fromResult(pick(environment, reference.env, "is not set", `set ${reference.env}`))
  }
  if ("command" in reference) return fromCommand(reference.command, sources, options)
  if ("file" in reference) {
    return Effect.map(sources.readFile(absolute(reference.file, directory)), withoutLineEnd)
  }
  if ("dotenv" in reference) {
    const path = absolute(reference.dotenv ?? defaultDotEnv, directory)
    const key = reference.key ?? name
    return Effect.flatMap(
      sources.readFile(path),
      (text) =>
        Effect.fromResult(pick(DotEnv.parse({ path, text }).values, key, "is not there", `add the line ${key}=...`))
    )
  }
  if ("folder" in reference) return fromFolder(reference.key, absolute(reference.folder, directory), sources)
  return fromVault(reference, name, sources, environment)
}

/** The source as it reads in a message. Of a command only the program: an argument may be a secret. */
export const describe = (name: string, reference: SecretReference): string => {
  if ("value" in reference) return "the value in the file"
  if ("env" in reference) return `environment variable ${reference.env}`
  if ("file" in reference) return `file ${reference.file}`
  if ("folder" in reference) {
    return reference.key === undefined ? `folder ${reference.folder}` : `${reference.key} in folder ${reference.folder}`
  }
  if ("dotenv" in reference) return `${reference.key ?? name} in ${reference.dotenv ?? defaultDotEnv}`
  if ("vault" in reference) {
    const parsed = vaultPath(reference, name)
    return parsed === undefined ? "vault" : `${parsed.key} of ${parsed.at.mount}/${parsed.at.path} in vault`
  }
  const program = typeof reference.command === "string" ? reference.command.trim().split(/\s/)[0] : reference.command[0]
  return `command ${program ?? ""}`
}

const withoutLineEnd = (text: string): string => text.replace(/\r?\n$/, "")

/** The text under `key`; when there is none, the hint says what to do, and which key was probably meant. */
const pick = (texts: Texts, key: string, problem: string, hint: string): Result.Result<string, Trouble> => {
  if (Object.hasOwn(texts, key)) return Result.succeed(texts[key]!)
  const meant = didYouMean(key, Object.keys(texts))
  return Result.fail({ kind: "Absent", problem, hint: meant === undefined ? hint : `${hint}, or ${meant}` })
}

const fromFolder = (
  key: string | undefined,
  path: string,
  sources: Sources
): Effect.Effect<string | Texts, Trouble> =>
  Effect.flatMap(sources.readFolder(path), (files) => {
    const texts = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, withoutLineEnd(text)]))
    return key === undefined
      ? Effect.succeed<string | Texts>(texts)
      : Effect.fromResult(pick(texts, key, "does not exist", "create it"))
  })

const fromVault = (
  reference: VaultReference,
  name: string,
  sources: Sources,
  environment: ResolveOptions["environment"]
): Effect.Effect<string, Trouble> => {
  const parsed = vaultPath(reference, name)
  // Read at check time: one that is not well formed does not come here.
  if (parsed === undefined) return Effect.die(new Error("a vault reference without a path"))
  const { at, key } = parsed
  return Effect.flatMap(
    sources.readVault(at, environment),
    (texts) => Effect.fromResult(pick(texts, key, "is not one of its keys", knownKeys(texts)))
  )
}

const knownKeys = (texts: Texts): string => {
  const keys = Object.keys(texts)
  return keys.length === 0
    ? "write one"
    : `its keys are ${keys.slice(0, 10).join(", ")}${keys.length > 10 ? ", ..." : ""}`
}

const fromCommand = (
  command: string | ReadonlyArray<string>,
  sources: Sources,
  options: ResolveOptions
): Effect.Effect<string, Trouble, Scope.Scope> => {
  const words = typeof command === "string" ? split(command) : command
  const [program, ...args] = words ?? []
  if (program === undefined || program === "" || args.some((word) => word.includes("\0"))) {
    return Effect.fail({
      kind: "Invalid",
      problem: "needs a shell, and none is used",
      hint: "write the program and its arguments as a list; [sh, -c, \"...\"] when it has to be a shell"
    })
  }
  return Effect.map(sources.run([program, ...args], options), withoutLineEnd)
}

/** Words as a shell would read them, nothing expanded; `undefined` when the text has operators. */
const split = (command: string): ReadonlyArray<string> | undefined => {
  const words = parseShell(command, (variable) => `$${variable}`).map((word) =>
    typeof word === "string" ? word : "op" in word && word.op === "glob" ? word.pattern : undefined
  )
  return words.every((word) => word !== undefined) ? words : undefined
}
