import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, layer } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, FileSystem, Layer, Logger, References, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { fileURLToPath } from "node:url"
import { Masking } from "../../../src/core/Masking.ts"
import * as VaultKv from "../../../src/layers/live/secrets/VaultKv.ts"
import * as UndiciHttpClient from "../../../src/layers/live/UndiciHttpClient.ts"
import type { VaultPath } from "../../../src/services/SecretReference.ts"
import type * as Vault from "../../../src/services/Vault.ts"
import * as HttpServers from "../../support/HttpServers.ts"
import * as VaultServer from "../../support/VaultServer.ts"

const app: VaultPath = { mount: "secret", path: "app" }
const address = "http://vault.test:8200"

/** A reader on a Vault of its own, without a socket and on the clock of the test. */
const scripted = Effect.fnUntraced(function*(
  options: Vault.Options = {},
  environment: (vault: VaultServer.VaultServer) => Readonly<Record<string, string>> = ({ root }) => ({
    VAULT_TOKEN: root
  })
) {
  const vault = yield* VaultServer.make
  vault.put("secret/app", { token: "the-token" })
  const { health, read } = yield* make({ address, ...options }).pipe(Effect.provide(VaultServer.httpClient(vault)))
  return {
    vault,
    health: Effect.suspend(() => health(environment(vault))),
    read: (at: VaultPath = app) => read(at, environment(vault)),
    asked: () => vault.asked().map(({ what }) => what)
  }
})

const make = Effect.fnUntraced(function*(options: Vault.Options) {
  return yield* VaultKv.make(options, yield* Masking)
})

const machine = Layer.merge(Masking.layer, NodeServices.layer)

const approle = { login: "approle", roleId: "ci" } as const
const secretId = () => ({ VAULT_SECRET_ID: "the-secret-id" })

layer(machine)("VaultKv", (it) => {
  describe("what it asks for", () => {
    it.effect("the newest version, or the one that is named, in the namespace that is named", () =>
      Effect.gen(function*() {
        const { read, vault } = yield* scripted({ namespace: "team" })
        vault.put("secret/app", { a: "1" }, "team")
        vault.put("secret/app", {
          a: "2",
          n: 7,
          flag: true,
          nothing: null,
          deep: { x: [1] },
          big: 12345678901234567890n,
          huge: [12345678901234567890n]
        }, "team")
        vault.put("kv/a b/c?", { a: "other" }, "elsewhere")

        assert.deepStrictEqual(yield* read(), {
          a: "2",
          n: "7",
          flag: "true",
          nothing: "",
          deep: "{\"x\":[1]}",
          big: "12345678901234567890",
          huge: "[12345678901234567890]"
        })
        assert.deepStrictEqual(yield* read({ ...app, version: 1 }), { a: "1" })
        assert.deepStrictEqual(yield* read({ mount: "kv", path: "a b/c?", namespace: "elsewhere" }), { a: "other" })
        assert.deepStrictEqual(vault.asked().map(({ namespace, what }) => `${namespace} ${what}`), [
          "team GET secret/data/app",
          "team GET secret/data/app?version=1",
          "elsewhere GET kv/data/a b/c?"
        ])
      }))

    it.effect("once, when many ask for one path at the same time", () =>
      Effect.gen(function*() {
        const { asked, read } = yield* scripted()

        yield* Effect.all(Array.from({ length: 50 }, () => read()), { concurrency: 50 })
        assert.deepStrictEqual(asked(), ["GET secret/data/app"])
        yield* read()
        assert.lengthOf(asked(), 2)
      }))

    const rows: ReadonlyArray<readonly [environment: Readonly<Record<string, string>>, message: string]> = [
      [{}, "has no address"],
      [{ VAULT_ADDR: "vault:8200", VAULT_TOKEN: "x" }, "has an address that cannot be used"],
      [{ VAULT_ADDR: "http://user:pa55word@vault", VAULT_TOKEN: "x" }, "has an address that cannot be used"],
      [{ VAULT_ADDR: address }, "has no token"],
      [{ BAO_ADDR: address, HOME: "/nobody" }, "needs /nobody/.vault-token, which cannot be read"]
    ]
    for (const [environment, message] of rows) {
      it.effect(`nothing, when the environment is ${JSON.stringify(environment)}: ${message}`, () =>
        Effect.gen(function*() {
          const { read } = yield* make({}).pipe(Effect.provide(VaultServer.httpClient(yield* VaultServer.make)))
          const trouble = yield* Effect.flip(read(app, environment))

          assert.strictEqual(trouble.problem, message)
          assert.notInclude(JSON.stringify(trouble), "pa55word")
        }))
    }

    it.effect("as OpenBao's variables say, where Vault's say nothing", () =>
      Effect.gen(function*() {
        const vault = yield* VaultServer.make
        vault.put("secret/app", { a: "1" }, "bao")
        const { read } = yield* make({}).pipe(Effect.provide(VaultServer.httpClient(vault)))
        const environment = { BAO_ADDR: `${address}/`, BAO_TOKEN: vault.root, BAO_NAMESPACE: "bao" }

        assert.deepStrictEqual(yield* read(app, environment), { a: "1" })
      }))
  })

  describe("answers that are no secret", () => {
    it.effect("R41 tell a deleted, a destroyed and a missing version apart", () =>
      Effect.gen(function*() {
        const { read, vault } = yield* scripted()
        vault.put("secret/app", { token: "second" })
        vault.deleteVersion("secret/app", 1)
        const problem = (at: VaultPath) =>
          Effect.map(Effect.flip(read(at)), ({ kind, problem }) => `${kind}: ${problem}`)

        assert.strictEqual(
          yield* problem({ ...app, version: 1 }),
          "Absent: has its version 1 deleted since 2026-01-02T03:04:05Z"
        )
        vault.deleteVersion("secret/app", 2, "destroyed")
        assert.strictEqual(yield* problem(app), "Absent: has its version 2 destroyed")
        assert.strictEqual(yield* problem({ ...app, version: 9 }), "Absent: is not there")
        assert.strictEqual(yield* problem({ ...app, path: "nothing" }), "Absent: is not there")
      }))

    it.effect("say what the token may not do, and which policy it lacks", () =>
      Effect.gen(function*() {
        const { read, vault } = yield* scripted()
        vault.forbid("secret/app")
        const trouble = yield* Effect.flip(read())

        assert.deepStrictEqual(trouble, {
          kind: "Failed",
          problem: "may not be read (1 error occurred: * permission denied)",
          hint: "give the token a policy with read on secret/data/app, or see whether it has ended"
        })
      }))

    it.effect("R41 a sealed, overloaded or broken server is asked three times, and is down then", () =>
      Effect.gen(function*() {
        for (const status of [429, 500, 503]) {
          const { asked, read, vault } = yield* scripted()
          vault.failNext(3, status)
          const fiber = yield* Effect.forkChild(Effect.flip(read()))
          yield* TestClock.adjust("5 seconds")
          const trouble = yield* Fiber.join(fiber)

          assert.strictEqual(trouble.kind, "Down")
          assert.strictEqual(trouble.problem, `answers ${status} at ${address}`)
          assert.lengthOf(asked(), 3)
        }
      }))

    it.effect("R41 one bad answer is made up for", () =>
      Effect.gen(function*() {
        const { read, vault } = yield* scripted()
        vault.failNext(2, 502)
        const fiber = yield* Effect.forkChild(read())
        yield* TestClock.adjust("5 seconds")

        assert.deepStrictEqual(yield* Fiber.join(fiber), { token: "the-token" })
      }))
  })

  describe("logging in", () => {
    it.effect("by AppRole: once for all reads, with a token that is revoked at the end", () =>
      Effect.gen(function*() {
        const vault = yield* Effect.scoped(Effect.gen(function*() {
          const { read, vault } = yield* scripted(approle, secretId)
          vault.role("approle", "ci", "the-secret-id", { seconds: 60 })

          yield* Effect.all([read(), read({ ...app, version: 1 }), read()], { concurrency: 3 })
          assert.sameMembers(vault.asked().map(({ what }) => what), [
            "POST auth/approle/login",
            "GET secret/data/app",
            "GET secret/data/app?version=1"
          ])
          return vault
        }))

        const last = vault.asked().at(-1)
        assert.strictEqual(last?.what, "POST auth/token/revoke-self")
        assert.match(last?.token ?? "", /made-by-the-fake-vault/)
      }))

    it.effect("by Kubernetes, with the service account's token as it is in its file by then", () =>
      Effect.gen(function*() {
        const jwtFile = yield* (yield* FileSystem.FileSystem).makeTempFileScoped()
        const write = (text: string) =>
          Effect.flatMap(FileSystem.FileSystem, (files) => files.writeFileString(jwtFile, text))
        const { read, vault } = yield* scripted({ role: "runner", jwtFile }, () => ({}))
        vault.role("kubernetes", "runner", "first.jwt", { seconds: 60, renewable: false })
        yield* write("first.jwt\n")

        assert.deepStrictEqual(yield* read(), { token: "the-token" })
        vault.role("kubernetes", "runner", "second.jwt", { seconds: 60, renewable: false })
        yield* write("second.jwt")
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(yield* read(), { token: "the-token" })
      }))

    it.effect("where the method is mounted elsewhere", () =>
      Effect.gen(function*() {
        const { asked, read, vault } = yield* scripted({ ...approle, loginMount: "team/approle" }, secretId)
        vault.role("approle", "ci", "the-secret-id", { seconds: 60 })

        yield* read()
        assert.strictEqual(asked()[0], "POST auth/team/approle/login")
      }))

    it.effect("that is refused says so, without the credentials that the server repeats", () =>
      Effect.gen(function*() {
        const { read } = yield* scripted(approle, () => ({ VAULT_SECRET_ID: "wrong-secret-id" }))

        const { kind, problem } = yield* Effect.flip(read())
        assert.strictEqual(kind, "Failed")
        assert.strictEqual(problem, "refuses the login (AppRole): invalid role or secret ID ***")
      }))

    it.effect("again with the file of a token that an agent has replaced", () =>
      Effect.gen(function*() {
        const files = yield* FileSystem.FileSystem
        const tokenFile = yield* files.makeTempFileScoped()
        const { read, vault } = yield* scripted({ tokenFile }, () => ({}))
        const first = vault.issue(3_600)
        yield* files.writeFileString(tokenFile, first)
        yield* read()

        vault.revoke(first)
        yield* files.writeFileString(tokenFile, vault.issue(3_600))
        assert.deepStrictEqual(yield* read(), { token: "the-token" })
      }))

    it.effect("R41 again when the server does not know the token any more, and only once", () =>
      Effect.gen(function*() {
        const { asked, read, vault } = yield* scripted(approle, secretId)
        vault.role("approle", "ci", "the-secret-id", { seconds: 3_600 })
        yield* read()
        vault.revoke(vault.asked().at(-1)?.token ?? "")

        assert.deepStrictEqual(yield* read(), { token: "the-token" })
        assert.lengthOf(asked().filter((what) => what.endsWith("login")), 2)
        vault.forbid("secret/app")
        assert.include((yield* Effect.flip(read())).problem, "may not be read")
        assert.lengthOf(asked().filter((what) => what.endsWith("login")), 3)
      }))
  })

  describe("R41 a token with a lease", () => {
    it.effect("is renewed at two thirds of it while it is in use", () =>
      Effect.gen(function*() {
        const { asked, read, vault } = yield* scripted(approle, secretId)
        vault.role("approle", "ci", "the-secret-id", { seconds: 60 })
        yield* read()

        yield* TestClock.adjust("39 seconds")
        assert.notInclude(asked(), "POST auth/token/renew-self")
        yield* TestClock.adjust("1 second")
        yield* read()
        yield* TestClock.adjust("40 seconds")
        yield* read()
        assert.lengthOf(asked().filter((what) => what === "POST auth/token/renew-self"), 2)
        assert.lengthOf(asked().filter((what) => what.endsWith("login")), 1)
      }))

    it.effect("goes on being renewed after a time in which the server was sealed", () =>
      Effect.gen(function*() {
        const { asked, read, vault } = yield* scripted(approle, secretId)
        vault.role("approle", "ci", "the-secret-id", { seconds: 60 })
        yield* read()

        yield* TestClock.adjust("39 seconds")
        vault.sealed(true)
        yield* TestClock.adjust("10 seconds")
        vault.sealed(false)
        yield* TestClock.adjust("30 seconds")
        assert.deepStrictEqual(yield* read(), { token: "the-token" })
        assert.lengthOf(asked().filter((what) => what.endsWith("login")), 1)
      }))

    it.effect("ends when nobody asks any more; who asks later logs in anew", () =>
      Effect.gen(function*() {
        const { asked, read, vault } = yield* scripted(approle, secretId)
        vault.role("approle", "ci", "the-secret-id", { seconds: 60 })
        yield* read()

        yield* TestClock.adjust("1 hour")
        assert.lengthOf(asked().filter((what) => what === "POST auth/token/renew-self"), 1)
        assert.deepStrictEqual(yield* read(), { token: "the-token" })
        assert.lengthOf(asked().filter((what) => what.endsWith("login")), 2)
      }))

    it.effect("that cannot be renewed for ever is made anew when it ends", () =>
      Effect.gen(function*() {
        const { asked, read, vault } = yield* scripted(approle, secretId)
        vault.role("approle", "ci", "the-secret-id", { seconds: 60, maxSeconds: 100 })

        for (let at = 0; at < 300; at += 10) {
          assert.deepStrictEqual(yield* read(), { token: "the-token" })
          yield* TestClock.adjust("10 seconds")
        }
        assert.lengthOf(asked().filter((what) => what.endsWith("login")), 3)
      }))

    it.effect("that was given is looked up by longer runs, and renewed; never revoked", () =>
      Effect.gen(function*() {
        const vault = yield* Effect.scoped(Effect.gen(function*() {
          let token = ""
          const { read, vault } = yield* scripted({}, (vault) => ({ VAULT_TOKEN: token ||= vault.issue(90) }))
          for (let at = 0; at < 300; at += 10) {
            assert.deepStrictEqual(yield* read(), { token: "the-token" })
            yield* TestClock.adjust("10 seconds")
          }
          return vault
        }))
        const asked = vault.asked().map(({ what }) => what)

        assert.lengthOf(asked.filter((what) => what === "GET auth/token/lookup-self"), 1)
        assert.isAtLeast(asked.filter((what) => what === "POST auth/token/renew-self").length, 3)
        assert.notInclude(asked, "POST auth/token/revoke-self")
      }))
  })

  describe("its health", () => {
    it.effect("is that of the server and of the token", () =>
      Effect.gen(function*() {
        const { asked, health, vault } = yield* scripted()

        assert.deepInclude(yield* health, { status: "up", version: "1.17.2" })
        assert.deepStrictEqual(asked().map((what) => what.replace(/\?.*/, "")), [
          "GET sys/health",
          "GET auth/token/lookup-self"
        ])
        vault.revoke(vault.root)
        assert.deepInclude(yield* health, {
          status: "degraded",
          problem: "the token may not look itself up: it has ended, or lacks the default policy"
        })
        vault.sealed(true)
        assert.deepInclude(yield* health, {
          status: "down",
          problem: "it is sealed",
          hint: "run: vault operator unseal"
        })
      }))

    it.effect("is down when nothing says where it is, or it lets nobody in", () =>
      Effect.gen(function*() {
        const nowhere = yield* make({}).pipe(Effect.provide(VaultServer.httpClient(yield* VaultServer.make)))
        assert.deepInclude(yield* nowhere.health({}), { status: "down", problem: "it has no address" })

        const { health } = yield* scripted(approle, secretId)
        assert.deepInclude(yield* health, {
          status: "down",
          problem: "it refuses the login (AppRole): invalid role or secret ID ***"
        })
      }))
  })

  it.effect("R15 no token, credential or value is in what fails, is logged or traced", () =>
    Effect.gen(function*() {
      const heard: Array<string> = []
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      const logger = Logger.make(({ cause, message }) => void heard.push(`${String(message)} ${Cause.pretty(cause)}`))
      const work = Effect.gen(function*() {
        const { read, vault } = yield* scripted(approle, secretId)
        vault.role("approle", "ci", "the-secret-id", { seconds: 60 })
        yield* read()
        const fibers = []
        for (
          const fault of [() => vault.failNext(3, 500), () => vault.sealed(true), () => vault.forbid("secret/app")]
        ) {
          vault.sealed(false)
          fault()
          fibers.push(yield* Effect.forkChild(Effect.exit(read())))
          yield* TestClock.adjust("10 seconds")
        }
        for (const fiber of fibers) {
          const exit = yield* Fiber.join(fiber)
          heard.push(JSON.stringify(exit), Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "")
        }
        // The token is revoked at the end, which must not wait on a clock that stands still.
        vault.sealed(false)
        return vault
      })
      const vault = yield* Effect.scoped(work).pipe(
        Effect.provide(Logger.layer([logger])),
        Effect.provideService(References.MinimumLogLevel, "All"),
        Effect.provideService(Tracer.Tracer, tracer)
      )
      const token = vault.asked().find(({ token }) => token !== undefined)?.token
      const all = [
        ...heard,
        ...spans.map(({ attributes, name, status }) => JSON.stringify([name, [...attributes], status]))
      ].join("\n")

      assert.include(all, "may not be read")
      for (const secret of ["the-token", "the-secret-id", token ?? "no token"]) assert.notInclude(all, secret)
    }))
})

/** Over sockets, where only these can be seen. */
layer(Layer.merge(machine, UndiciHttpClient.layer()), { excludeTestServices: true })("VaultKv over HTTP", (it) => {
  const over = Effect.fnUntraced(function*(
    options: Vault.Options,
    tls?: Parameters<typeof VaultServer.listen>[1]
  ) {
    const vault = yield* VaultServer.make
    vault.put("secret/app", { token: "the-token" })
    const { url } = yield* VaultServer.listen(vault, tls)
    const { read } = yield* make({ address: url, ...options })
    const result = yield* Effect.exit(read(app, { VAULT_TOKEN: vault.root }))
    return { vault, result: Exit.isSuccess(result) ? result.value : Cause.squash(result.cause) }
  })

  it.effect("reads with a token", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* over({})).result, { token: "the-token" })
    }))

  it.effect("trusts the certificates of a file, and says what to do without", () =>
    Effect.gen(function*() {
      const identity = HttpServers.identity("server")
      const caFile = fileURLToPath(new URL("../../fixtures/tls/ca.pem", import.meta.url))

      assert.deepStrictEqual((yield* over({ caFile }, identity)).result, { token: "the-token" })
      const { result } = yield* over({}, identity)
      assert.deepInclude(result, {
        kind: "Failed",
        hint: "name the certificates that are to be trusted with vault.ca in skein.yaml, or VAULT_CACERT"
      })
      assert.deepInclude((yield* over({ caFile: "/nowhere.pem" }, identity)).result, {
        problem: "needs /nowhere.pem, which cannot be read"
      })
    }))

  it.effect("R41 a server that is not there is down, by its address", () =>
    Effect.gen(function*() {
      const { result } = yield* over({ address: "http://127.0.0.1:1" })
      assert.deepInclude(result, { kind: "Down", hint: "see whether it is running, and whether its address is right" })
      assert.include(JSON.stringify(result), "cannot be asked at http://127.0.0.1:1: ")
    }))
})
