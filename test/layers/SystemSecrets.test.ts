import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import { Duration, Effect, Fiber, FileSystem, Layer, Redacted } from "effect"
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
  Layer.provideMerge(NodeServices.layer)
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
      const error = yield* ask(["sh", "-c", `echo $$ > ${directory}/pid; exec sleep 30`], Duration.millis(300))

      assert.include(error.message, "command sh gave no answer within 300ms")
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

  it.effect("reads a folder that Kubernetes mounts, all files of one version while they change", () =>
    Effect.gen(function*() {
      const secrets = yield* Secrets
      const { directory, environment } = yield* SecretsWorld
      const files = yield* FileSystem.FileSystem
      const mount = `${directory}/kubernetes`
      const names = ["one", "two", "three"]
      const version = Effect.fnUntraced(function*(name: string) {
        yield* files.makeDirectory(`${mount}/..${name}`, { recursive: true })
        yield* Effect.forEach(names, (file) => files.writeFileString(`${mount}/..${name}/${file}`, `${file}-${name}`))
        yield* files.remove(`${mount}/..next`, { force: true })
        yield* files.symlink(`..${name}`, `${mount}/..next`)
        yield* files.rename(`${mount}/..next`, `${mount}/..data`)
      })
      yield* version("v0")
      yield* Effect.forEach(names, (file) => files.symlink(`..data/${file}`, `${mount}/${file}`))
      const read = Effect.map(
        secrets.resolve({ app: { folder: mount } }, { directory, environment }),
        (found) => Object.entries(found).map(([name, secret]) => `${name}=${Redacted.value(secret)}`).join()
      )

      assert.strictEqual(yield* read, "app.one=one-v0,app.three=three-v0,app.two=two-v0")
      const changing = yield* Effect.forkChild(
        Effect.forEach(
          Array.from({ length: 50 }, (_, n) => n + 1),
          (n) => Effect.andThen(version(`v${n}`), files.remove(`${mount}/..v${n - 1}`, { recursive: true }))
        )
      )
      while (changing.pollUnsafe() === undefined) {
        const versions = new Set((yield* read).split(",").map((entry) => entry.replace(/.*-/, "")))
        assert.strictEqual(versions.size, 1)
      }
      yield* Fiber.join(changing)
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
