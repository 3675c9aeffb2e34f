import { assert, it } from "@effect/vitest"
import { Context, Duration, Effect, type Layer, Redacted } from "effect"
import { Masking } from "../../src/core/Masking.ts"
import type { ValueRecord } from "../../src/core/Value.ts"
import { maxLength, Secrets } from "../../src/services/Secrets.ts"

/** What the suite needs from the world of a layer. */
export class SecretsWorld extends Context.Service<SecretsWorld, {
  /** Absolute folder of the scenario. */
  readonly directory: string
  /** Environment with which programs can be found. */
  readonly environment: Readonly<Record<string, string>>
  readonly writeFile: (name: string, text: string) => Effect.Effect<void>
  /** Writes a new version of a path in the Vault that the environment names. */
  readonly writeVault: (path: string, keys: Readonly<Record<string, string>>) => Effect.Effect<void>
  /** Makes a program that prints `output` and exits; answers with its words. */
  readonly program: (output: string, exitCode?: number) => Effect.Effect<ReadonlyArray<string>>
}>()("test/SecretsWorld") {}

const resolve = Effect.fnUntraced(
  function*(references: ValueRecord, environment: Readonly<Record<string, string>> = {}) {
    const secrets = yield* Secrets
    const world = yield* SecretsWorld
    const found = yield* secrets.resolve(references, {
      directory: world.directory,
      environment: { ...world.environment, ...environment },
      timeout: Duration.seconds(20)
    })
    return Object.fromEntries(Object.entries(found).map(([name, secret]) => [name, Redacted.value(secret)]))
  }
)

const messageOf = (references: ValueRecord, environment: Readonly<Record<string, string>> = {}) =>
  Effect.map(Effect.flip(resolve(references, environment)), (error) => error.message)

/** What every `Secrets` must do. Each layer's test file calls it once. */
export const suite = <E>(name: string, layer: Layer.Layer<Secrets | Masking | SecretsWorld, E>) =>
  it.layer(layer)(`Secrets (${name})`, (it) => {
    it.effect("reads the environment, .env files, files, commands and inline values, all at once", () =>
      Effect.gen(function*() {
        const world = yield* SecretsWorld
        yield* world.writeFile(".env", "A=from-dotenv\nexport other=\"o\\nther\"\n")
        yield* world.writeFile("local.env", "B='from local'\n")
        yield* world.writeFile("token", "from-file\n")
        const command = yield* world.program("from-command\n")

        const found = yield* resolve({
          env: { env: "TOKEN" },
          A: { dotenv: null },
          other: { dotenv: ".env", key: "other" },
          b: { dotenv: "local.env", key: "B" },
          file: { file: "token" },
          absolute: { file: `${world.directory}/token` },
          command: { command: [...command] },
          value: { value: "inline" },
          number: { value: 123456 }
        }, { TOKEN: "from-env" })

        assert.deepStrictEqual(found, {
          env: "from-env",
          A: "from-dotenv",
          other: "o\nther",
          b: "from local",
          file: "from-file",
          absolute: "from-file",
          command: "from-command",
          value: "inline",
          number: "123456"
        })
      }))

    it.effect("reads a folder of secrets: all of its files, or the one that is named", () =>
      Effect.gen(function*() {
        const world = yield* SecretsWorld
        yield* world.writeFile("mounted/db_password", "from-folder\n")
        yield* world.writeFile("mounted/tls.key", "line 1\nline 2\n")
        yield* world.writeFile("mounted/.dockerconfigjson", "{}")
        yield* world.writeFile("mounted/empty", "")
        yield* world.writeFile("mounted/..2026_01_01/db_password", "of another version")

        const found = yield* resolve({
          app: { folder: "mounted" },
          one: { folder: `${world.directory}/mounted`, key: "tls.key" }
        })

        assert.deepStrictEqual(found, {
          "app..dockerconfigjson": "{}",
          "app.db_password": "from-folder",
          "app.tls.key": "line 1\nline 2",
          one: "line 1\nline 2"
        })
        assert.include(
          yield* messageOf({ a: { folder: "mounted", key: "db_pasword" }, b: { folder: "unmounted" } }),
          "cannot get the secret \"a\": db_pasword in folder mounted does not exist; create it, or did you mean \"db_password\"?\n" +
            "cannot get the secret \"b\": folder unmounted does not exist; create it"
        )
      }))

    it.effect("reads keys of a path in a Vault, of the newest version or an older one", () =>
      Effect.gen(function*() {
        const world = yield* SecretsWorld
        yield* world.writeVault("secret/team/app", { token: "old-token", user: "ada" })
        yield* world.writeVault("secret/team/app", { token: "new-token", user: "ada" })

        const found = yield* resolve({
          token: { vault: "secret/team/app" },
          user: { vault: "secret/data/team/app#user" },
          old: { vault: "team/app", mount: "secret", key: "token", version: 1 }
        })

        assert.deepStrictEqual(found, { token: "new-token", user: "ada", old: "old-token" })
      }))

    it.effect("names the path and the key that a Vault does not have, and the key that was meant", () =>
      Effect.gen(function*() {
        const world = yield* SecretsWorld
        yield* world.writeVault("secret/keys", { token: "a-token", user: "ada" })
        const message = yield* messageOf({
          a: { vault: "secret/keys#tokn" },
          b: { vault: "secret/keys#zzz" },
          c: { vault: "secret/nothing#zzz" },
          d: { vault: "secret/keys#token", version: 9 }
        })
        const lines = message.split("\n")

        assert.strictEqual(
          lines[0],
          "cannot get the secret \"a\": tokn of secret/keys in vault is not one of its keys; its keys are token, user, or did you mean \"token\"?"
        )
        assert.include(lines[1], "zzz of secret/keys in vault is not one of its keys; its keys are token, user")
        assert.include(lines[2], "zzz of secret/nothing in vault is not there")
        assert.include(lines[3], "token of secret/keys in vault is not there")
        assert.deepStrictEqual(
          yield* resolve({ a: [{ vault: "secret/keys#tokn" }, { vault: "secret/nothing" }, { value: "last" }] }),
          { a: "last" }
        )
      }))

    it.effect("finds the name that was meant in the environment and in .env files", () =>
      Effect.gen(function*() {
        const world = yield* SecretsWorld
        yield* world.writeFile("near.env", "API_TOKEN=x\n")
        const message = yield* messageOf({
          a: { env: "APY_TOKEN" },
          b: { dotenv: "near.env", key: "API_TOKN" }
        }, { API_TOKEN: "near" })

        assert.include(
          message,
          "environment variable APY_TOKEN is not set; set APY_TOKEN, or did you mean \"API_TOKEN\"?"
        )
        assert.include(
          message,
          "API_TOKN in near.env is not there; add the line API_TOKN=..., or did you mean \"API_TOKEN\"?"
        )
      }))

    it.effect("drops one line end of a file and keeps everything else", () =>
      Effect.gen(function*() {
        const world = yield* SecretsWorld
        yield* world.writeFile("windows", "  a \r\n")
        yield* world.writeFile("two", "a\n\n")
        yield* world.writeFile("key", "line 1\nline 2")

        const found = yield* resolve({ windows: { file: "windows" }, two: { file: "two" }, key: { file: "key" } })
        assert.deepStrictEqual(found, { windows: "  a ", two: "a\n", key: "line 1\nline 2" })
      }))

    it.effect("takes the first source in the list that has the secret", () =>
      Effect.gen(function*() {
        const world = yield* SecretsWorld
        yield* world.writeFile("second", "second")
        const slow = yield* world.program("slow but first")
        const found = yield* resolve({
          a: [{ env: "ABSENT" }, { file: "absent" }, { file: "second" }, { value: "third" }],
          b: [{ command: [...slow] }, { value: "at hand" }],
          empty: [{ env: "EMPTY" }, { value: "not empty" }]
        }, { EMPTY: "" })

        assert.deepStrictEqual(found, { a: "second", b: "slow but first", empty: "not empty" })
      }))

    it.effect("goes on to the next source when one fails", () =>
      Effect.gen(function*() {
        const world = yield* SecretsWorld
        const broken = yield* world.program("x", 3)
        assert.deepStrictEqual(yield* resolve({ a: [{ command: [...broken] }, { value: "fallback" }] }), {
          a: "fallback"
        })
      }))

    it.effect("names every secret that is missing, every source that was asked, and what to do", () =>
      Effect.gen(function*() {
        const world = yield* SecretsWorld
        yield* world.writeFile("some.env", "A=1\n")
        yield* world.writeFile("empty", "\n")
        const message = yield* messageOf({
          good: { value: "good" },
          token: [{ env: "API_TOKEN" }, { file: "run/token" }, { dotenv: "some.env", key: "API_TOKEN" }],
          empty: { file: "empty" }
        })

        assert.strictEqual(
          message,
          "cannot get the secret \"token\": environment variable API_TOKEN is not set; file run/token does not exist; " +
            "API_TOKEN in some.env is not there; set API_TOKEN, or create it, or add the line API_TOKEN=...\n" +
            "cannot get the secret \"empty\": file empty is empty; give it a value"
        )
      }))

    it.effect("says how a command ended, and nothing of what it printed", () =>
      Effect.gen(function*() {
        const world = yield* SecretsWorld
        const broken = yield* world.program("half-a-secret", 3)
        const message = yield* messageOf({ token: { command: [...broken, "an-argument"] } })

        assert.include(message, `cannot get the secret "token": command ${broken[0]} exited with 3`)
        assert.notInclude(message, "half-a-secret")
        assert.notInclude(message, "an-argument")
        assert.include(
          yield* messageOf({ token: { command: ["no-such-program-here"] } }),
          "command no-such-program-here cannot be run: there is no such program"
        )
      }))

    it.effect("reads a command given as text without a shell", () =>
      Effect.gen(function*() {
        const world = yield* SecretsWorld
        const words = yield* world.program("$HOME `id` ; said")
        const text = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")
        assert.deepStrictEqual(yield* resolve({ a: { command: text } }), { a: "$HOME `id` ; said" })
        assert.include(
          yield* messageOf({ a: { command: "cat token | base64" } }),
          "command cat needs a shell, and none is used"
        )
      }))

    it.effect("R15 has told the masking sink every value before it is returned, those of later sources too", () =>
      Effect.gen(function*() {
        const world = yield* SecretsWorld
        yield* world.writeFile("masked", "masked-secret\n")
        yield* world.writeFile("veiled/one", "veiled-secret\n")
        yield* world.writeVault("secret/masked", { token: "vaulted-secret" })
        const masking = yield* Masking
        yield* resolve({
          token: { file: "masked" },
          folder: { folder: "veiled" },
          vault: { vault: "secret/masked#token" },
          pin: { value: "123" }
        })

        assert.strictEqual(masking.text("a masked-secret veiled-secret vaulted-secret"), "a *** *** ***")
        assert.include(masking.warnings(), "secret pin has fewer than 4 characters and is not masked")
      }))

    it.effect("R15 hands out values that do not show themselves", () =>
      Effect.gen(function*() {
        const { resolve } = yield* Secrets
        const found = yield* resolve({ token: { value: "shy-secret" } }, { directory: "/", environment: {} })

        assert.strictEqual(JSON.stringify(found), "{\"token\":\"<redacted:token>\"}")
        assert.notInclude(String(found["token"]), "shy")
      }))

    it.effect("refuses more than a secret can be", () =>
      Effect.gen(function*() {
        const world = yield* SecretsWorld
        yield* world.writeFile("large", "x".repeat(maxLength + 1))
        assert.include(yield* messageOf({ a: { file: "large" } }), "file large holds more than 1 MB")
      }))

    it.effect("names what is wrong with a definition, all of them at once, before anything is read", () =>
      Effect.gen(function*() {
        const message = yield* messageOf({
          a: { enw: "X" },
          b: "plain",
          c: { env: "X", file: "y" },
          d: [],
          e: { env: 1 }
        })
        const lines = message.split("\n")

        assert.include(
          lines[0],
          "cannot get the secret \"a\": its definition has no key \"enw\"; did you mean \"env\"?"
        )
        assert.include(lines[1], "its definition expected where the secret comes from, found text")
        assert.include(lines[2], "its definition has env and file at once")
        assert.include(lines[3], "its definition the list of sources is empty")
        assert.include(lines[4], "its definition env cannot be number; write { env: NAME }")
      }))

    it.effect("has nothing to do for no secrets", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* resolve({}), {})
      }))
  })
