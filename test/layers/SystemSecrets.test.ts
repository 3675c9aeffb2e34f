import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import { Duration, Effect, FileSystem, Layer } from "effect"
import { readFileSync } from "node:fs"
import { dirname } from "node:path"
import { Masking } from "../../src/core/Masking.ts"
import * as SystemSecrets from "../../src/layers/live/SystemSecrets.ts"
import * as UndiciHttpClient from "../../src/layers/live/UndiciHttpClient.ts"
import { Secrets } from "../../src/services/Secrets.ts"
import { SecretsWorld, suite } from "../services/SecretsSuite.ts"
import * as VaultServer from "../support/VaultServer.ts"

const world = Layer.effect(
  SecretsWorld,
  Effect.gen(function*() {
    const fileSystem = yield* FileSystem.FileSystem
    const directory = yield* fileSystem.makeTempDirectoryScoped()
    const vault = yield* VaultServer.make
    const { url } = yield* VaultServer.listen(vault)
    return SecretsWorld.of({
      directory,
      environment: { PATH: process.env["PATH"] ?? "", VAULT_ADDR: url, VAULT_TOKEN: vault.root },
      writeFile: (name, text) =>
        fileSystem.makeDirectory(dirname(`${directory}/${name}`), { recursive: true }).pipe(
          Effect.andThen(fileSystem.writeFileString(`${directory}/${name}`, text)),
          Effect.orDie
        ),
      writeVault: (path, keys) => Effect.sync(() => vault.put(path, keys)),
      program: (output, exitCode = 0) =>
        Effect.succeed(["sh", "-c", `printf %s "$1"; exit $2`, "program", output, String(exitCode)])
    })
  })
)

const system = SystemSecrets.layer().pipe(
  Layer.provide(UndiciHttpClient.layer()),
  Layer.provideMerge(Masking.layer),
  Layer.merge(world),
  Layer.provide(NodeServices.layer)
)

suite("SystemSecrets", system)

const ask = Effect.fnUntraced(function*(command: ReadonlyArray<string>, timeout: Duration.Duration) {
  const secrets = yield* Secrets
  const { directory, environment } = yield* SecretsWorld
  return yield* Effect.flip(secrets.resolve({ a: { command } }, { directory, environment, timeout }))
})

it.layer(system, { excludeTestServices: true })("SystemSecrets", (it) => {
  it.effect("ends a command that gives no answer in time, and names it", () =>
    Effect.gen(function*() {
      const { directory } = yield* SecretsWorld
      const error = yield* ask(["sh", "-c", `echo $$ > ${directory}/pid; exec sleep 30`], Duration.seconds(2))

      assert.include(error.message, "command sh gave no answer within 2s")
      const pid = Number(readFileSync(`${directory}/pid`, "utf8"))
      assert.throws(() => process.kill(pid, 0), /ESRCH/)
    }))

  it.effect("ends a command that prints without end", () =>
    Effect.gen(function*() {
      const error = yield* ask(["yes"], Duration.seconds(5))
      assert.include(error.message, "command yes wrote more than 1 MB")
    }))

  it.effect("gives a command the environment that was handed in and nothing else", () =>
    Effect.gen(function*() {
      const secrets = yield* Secrets
      const { directory, environment } = yield* SecretsWorld
      process.env["SKEIN_SECRETS_TEST"] = "leaked"
      const command = ["sh", "-c", "printf %s \"${SKEIN_SECRETS_TEST-unset} $OWN\""]
      const found = yield* secrets.resolve({ a: { command } }, {
        directory,
        environment: { ...environment, OWN: "own" }
      })
      delete process.env["SKEIN_SECRETS_TEST"]

      assert.strictEqual(yield* Effect.map(Masking, (masking) => masking.text("unset own")), "***")
      assert.deepStrictEqual(Object.keys(found), ["a"])
    }))

  it.effect("refuses a folder and bytes that are no text", () =>
    Effect.gen(function*() {
      const secrets = yield* Secrets
      const { directory, environment } = yield* SecretsWorld
      const error = yield* Effect.flip(secrets.resolve({
        folder: { file: "." },
        bytes: { command: ["printf", "\\377\\376"] }
      }, { directory, environment }))

      assert.include(error.message, "file . cannot be read")
      assert.include(error.message, "command printf is not text in UTF-8")
    }))

  it.effect("R41 names a Vault that does not answer in time", () =>
    Effect.gen(function*() {
      const secrets = yield* Secrets
      const { directory } = yield* SecretsWorld
      const vault = yield* VaultServer.make
      vault.slow(5_000)
      const { url } = yield* VaultServer.listen(vault)
      const error = yield* Effect.flip(secrets.resolve({ a: { vault: "secret/app" } }, {
        directory,
        environment: { VAULT_ADDR: url, VAULT_TOKEN: vault.root },
        timeout: Duration.millis(200)
      }))

      assert.include(error.message, "a of secret/app in vault gave no answer within 200ms")
    }))
})
