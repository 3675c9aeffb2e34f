import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, FileSystem, Path, Redacted, Result } from "effect"
import * as CodeFrame from "../../src/core/CodeFrame.ts"
import type { Problem } from "../../src/core/SourceText.ts"
import * as Config from "../../src/programs/Config.ts"
import * as ConfigReference from "../../src/programs/ConfigReference.ts"
import * as HttpPolicy from "../../src/services/HttpPolicy.ts"

const options = (text: string | undefined, more: Partial<Config.ResolveOptions> = {}): Config.ResolveOptions => ({
  file: text === undefined ? undefined : { path: "skein.yaml", text },
  fileDirectory: "/project",
  directory: "/project/api",
  environment: {},
  cores: 4,
  ...more
})

const resolve = (text: string | undefined, more: Partial<Config.ResolveOptions> = {}): Config.Resolved =>
  Result.getOrThrowWith(Config.resolve(options(text, more)), (problems) => new Error(CodeFrame.renderAll(problems)))

const problemsOf = (text: string, more: Partial<Config.ResolveOptions> = {}): ReadonlyArray<Problem> =>
  Result.match(Config.resolve(options(text, more)), { onFailure: (problems) => problems, onSuccess: () => [] })

const said = (problems: ReadonlyArray<Problem>) =>
  CodeFrame.sort(problems).map((problem) => {
    const { column, file, hint, line, message } = CodeFrame.toJson(problem)
    return `${file}:${line}:${column} ${message}${hint === null ? "" : ` (${hint})`}`
  })

describe("Config.resolve", () => {
  it("has defaults for everything, those of the services among them", () => {
    const { origins, parallel, settings } = resolve(undefined)

    assert.strictEqual(settings.concurrency, 8)
    assert.strictEqual(Duration.toSeconds(settings.grace), 30)
    assert.isUndefined(settings.case_timeout)
    assert.deepStrictEqual({ ...Config.httpSettings(settings), spans: false }, HttpPolicy.defaults)
    assert.strictEqual(Redacted.value(settings["postgres.url"]), "embedded:")
    assert.strictEqual(Config.postgresOptions(settings).maxConnections, 25)
    assert.deepStrictEqual(parallel, { cases: 8 })
    assert.deepStrictEqual(origins.concurrency, { source: "default", place: "" })
  })

  it("takes the flag over the environment over the file over the default, and knows where each came from", () => {
    const text = "concurrency: 2\nretries: 2\nhttp:\n  timeout: 2s\n  max_body: 2MB\n"
    const resolved = resolve(text, {
      environment: { SKEIN_RETRIES: "3", SKEIN_HTTP_TIMEOUT: "3s", SKEIN_GRACE: "" },
      flags: { "http.timeout": Duration.seconds(4), retries: undefined, concurrency: 9 }
    })
    const { origins, settings } = resolved

    assert.strictEqual(settings.concurrency, 9)
    assert.strictEqual(settings.retries, 3)
    assert.strictEqual(Duration.toSeconds(settings["http.timeout"]), 4)
    assert.strictEqual(settings["http.max_body"], 2_000_000)
    assert.deepStrictEqual(origins.concurrency, { source: "flag", place: "--concurrency" })
    assert.deepStrictEqual(origins.retries, { source: "environment", place: "SKEIN_RETRIES" })
    assert.deepStrictEqual(origins["http.max_body"], { source: "file", place: "skein.yaml:5:13" })
    assert.deepStrictEqual(origins.grace, { source: "default", place: "" })
    assert.deepStrictEqual(
      Config.rows(resolved).find(({ key }) => key === "http.max_body"),
      { key: "http.max_body", value: "2MB", source: "file", place: "skein.yaml:5:13" }
    )
  })

  it("reads every kind of value from the environment", () => {
    const { settings } = resolve(undefined, {
      environment: {
        SKEIN_CONCURRENCY: " 3 ",
        SKEIN_CASE_TIMEOUT: "1m30s",
        SKEIN_COLOR: "never",
        SKEIN_HTTP_HTTP2: "off",
        SKEIN_HTTP_MAX_BODY: "64KiB",
        SKEIN_ACTIONS: "./a.ts, /b.ts",
        SKEIN_POSTGRES_URL: "postgres://u:pass@h/d"
      }
    })

    assert.strictEqual(settings.concurrency, 3)
    assert.strictEqual(Duration.toSeconds(settings.case_timeout!), 90)
    assert.strictEqual(settings.color, "never")
    assert.isFalse(settings["http.http2"])
    assert.strictEqual(settings["http.max_body"], 65_536)
    assert.deepStrictEqual(settings.actions, ["/project/api/a.ts", "/b.ts"])
    assert.strictEqual(Redacted.value(settings["postgres.url"]), "postgres://u:pass@h/d")
  })

  it("reports every unknown key and wrong value of every source at once, with its place and a suggestion", () => {
    const text = `concurrncy: 3
retries: many
http:
  timeot: 3s
  timeout: soon
  max_body: large
  http2: maybe
postgres: yes please
history: { folder: [a] }
parallel: { http_request: true, load_testing: { max_worker: 3 } }
unrelated: 1
secrets: { token: { enw: X } }
environments: { staging: { var: {} } }
color: purple
`
    const environment = { SKEIN_CONCURRENCY: "0", SKEIN_GRACE: "30", SKEIN_HTTP_INSECURE: "perhaps" }

    assert.deepStrictEqual(said(problemsOf(text, { environment })), [
      "$SKEIN_CONCURRENCY:1:1 expected a whole number of at least 1, found 0",
      "$SKEIN_GRACE:1:1 expected a duration, found \"30\" (write it as 200ms, 30s or 1m30s)",
      "$SKEIN_HTTP_INSECURE:1:1 expected true or false, found text",
      "skein.yaml:1:1 the configuration has no key \"concurrncy\" (did you mean concurrency?)",
      "skein.yaml:2:10 expected a whole number, found text",
      "skein.yaml:4:3 http has no key \"timeot\" (did you mean timeout?)",
      "skein.yaml:5:12 expected a duration, found \"soon\" (write it as 200ms, 30s or 1m30s)",
      "skein.yaml:6:13 expected a size (write it as 10MB or 64KiB)",
      "skein.yaml:7:10 expected true or false, found text",
      "skein.yaml:8:11 expected the settings of postgres (a map), found text (known keys: url, max_connections, min_connections, idle_timeout, max_lifetime, connect_timeout, acquire_timeout, reconnect_timeout, prepare, application_name, statement_timeout)",
      "skein.yaml:9:20 expected text, found a list",
      "skein.yaml:10:13 parallel has no key \"http_request\" (did you mean http_requests?)",
      "skein.yaml:10:49 parallel.load_testing has no key \"max_worker\" (did you mean max_workers?)",
      "skein.yaml:11:1 the configuration has no key \"unrelated\" (known keys: actions, amqp, base_urls, cache, case_timeout, color, concurrency, connections, env, environments, grace, history, http, limits, load, mongo, parallel, postgres, profiles, retries, root, run_timeout, secrets, secrets_timeout, secrets_ttl, seed, vars, vault)",
      "skein.yaml:12:19 secret \"token\": has no key \"enw\" (did you mean \"env\"?)",
      "skein.yaml:13:28 an environment has no key \"var\" (did you mean vars?)",
      "skein.yaml:14:8 expected one of auto, always, never, found \"purple\""
    ])
  })

  it("honours the parallel block key by key", () => {
    const rows: ReadonlyArray<
      readonly [
        because: string,
        text: string,
        more: Partial<Config.ResolveOptions>,
        parallel: Config.Resolved["parallel"]
      ]
    > = [
      ["nothing said", "", {}, { cases: 8 }],
      ["the bound", "parallel: { max_concurrency: 3 }", {}, { cases: 3 }],
      ["off means off everywhere", "parallel: { enabled: false, steps: true }", {}, {
        cases: 1,
        steps: 1,
        http_requests: 1,
        database_operations: 1,
        data_validation: 1,
        file_operations: 1
      }],
      ["in short", "parallel: false", {}, {
        cases: 1,
        steps: 1,
        http_requests: 1,
        database_operations: 1,
        data_validation: 1,
        file_operations: 1
      }],
      [
        "each kind",
        "parallel:\n  max_concurrency: 5\n  test_cases: false\n  steps: true\n  http_requests: true\n  database_operations: false\n  data_validation: true\n  file_operations: false",
        {},
        {
          cases: 1,
          steps: 5,
          http_requests: 5,
          database_operations: 1,
          data_validation: 5,
          file_operations: 1
        }
      ],
      [
        "concurrency of the file wins over the bound",
        "concurrency: 2\nparallel: { max_concurrency: 5, steps: true }",
        {},
        { cases: 2, steps: 5 }
      ],
      ["a flag wins over the block", "parallel: { test_cases: false }", { flags: { concurrency: 6 } }, { cases: 6 }],
      ["the environment too", "parallel: { enabled: false }", { environment: { SKEIN_PARALLEL_ENABLED: "true" } }, {
        cases: 8
      }],
      ["no bound: concurrency", "parallel: { http_requests: true }", {}, { cases: 8, http_requests: 8 }]
    ]
    for (const [because, text, more, parallel] of rows) {
      assert.deepStrictEqual(resolve(text, more).parallel, parallel, because)
    }

    const { origins, settings } = resolve(
      "parallel: { max_concurrency: 3, load_testing: { enabled: true, max_workers: 2, rate_limit: 50 } }"
    )
    assert.strictEqual(settings.concurrency, 3)
    assert.strictEqual(origins.concurrency.place, "skein.yaml:1:30")
    assert.strictEqual(settings["parallel.load_testing.max_workers"], 2)
    assert.strictEqual(settings["parallel.load_testing.rate_limit"], 50)
  })

  it("takes load from its own section, and from parallel.load_testing when there is none", () => {
    const workers = "parallel: { load_testing: { max_workers: 2, rate_limit: 50 } }"

    assert.deepStrictEqual(resolve(workers).load, { vus: 2, rate: 50 })
    assert.include(
      resolve(`${workers}\nload: { vus: "\${env.USERS}" , duration: 1m }`, { environment: { USERS: "7" } }).load,
      {
        vus: 7,
        rate: undefined,
        durationMillis: 60_000
      }
    )
    assert.deepStrictEqual(resolve("parallel: { load_testing: { enabled: false, max_workers: 2 } }").load, {})
    assert.include(said(problemsOf("load: { rat: 1 }")).join(), "load has no key \"rat\" (did you mean rate?)")
  })

  it("puts the chosen environment over the file", () => {
    const text = `vars: { currency: EUR, tries: 2 }
base_urls: { shop: http://localhost, mail: http://mail }
secrets: { token: { env: TOKEN }, key: { file: keys/local } }
environments:
  staging:
    vars: { currency: USD }
    base_urls: { shop: https://staging }
    secrets: { token: [{ env: STAGING }, { dotenv: null }] }
  broken: { vars: { a: "\${env.ABSENT}" } }
`
    assert.deepStrictEqual(resolve(text).defaults, {
      currency: "EUR",
      tries: 2,
      base_urls: { shop: "http://localhost", mail: "http://mail" }
    })
    const staging = resolve(text, { flags: { env: "staging" } })
    assert.deepStrictEqual(staging.defaults, {
      currency: "EUR",
      tries: 2,
      base_urls: { shop: "https://staging", mail: "http://mail" }
    })
    assert.deepStrictEqual(staging.variables, { currency: "USD" })
    assert.deepStrictEqual(staging.secrets, {
      token: [{ env: "STAGING" }, { dotenv: "/project/.env" }],
      key: [{ file: "/project/keys/local" }]
    })
    assert.deepStrictEqual(said(problemsOf(text, { environment: { SKEIN_ENV: "stagin" } })), [
      "skein.yaml:1:1 there is no environment \"stagin\" (did you mean staging?)"
    ])
    assert.strictEqual(problemsOf(text, { flags: { env: "broken" } }).length, 1)
  })

  it("fills in ${env.NAME}, and points at one that is not set", () => {
    const text = "postgres: { url: \"${env.DB ?? 'embedded:x'}\" }\nvars: { a: \"${env.A}-$${b}\", n: \"${1 + 1}\" }\n"
    const resolved = resolve(text, { environment: { A: "x" } })

    assert.strictEqual(Redacted.value(resolved.settings["postgres.url"]), "embedded:x")
    assert.deepStrictEqual(resolved.defaults, { a: "x-${b}", n: 2 })
    assert.strictEqual(said(problemsOf(text))[0]?.split(" ")[0], "skein.yaml:2:15")
    assert.match(said(problemsOf("vars: { t: \"${now()}\" }"))[0] ?? "", /the time and random values cannot be used/)
  })

  it("lets relative paths start where they were written", () => {
    const { settings } = resolve("root: .\nactions: ./actions.ts\nhttp: { ca: /etc/ca.pem, key: keys/k.pem }\n", {
      environment: { SKEIN_HTTP_CERT: "cert.pem" }
    })

    assert.deepStrictEqual(settings.actions, ["/project/actions.ts"])
    assert.strictEqual(settings["http.ca"], "/etc/ca.pem")
    assert.strictEqual(settings["http.key"], "/project/keys/k.pem")
    assert.strictEqual(settings["http.cert"], "/project/api/cert.pem")
    assert.strictEqual(settings["history.folder"], "/project/.skein")
  })

  it("R15 hides the password of a URL in what it shows", () => {
    const resolved = resolve(
      "postgres: { url: postgres://ada:hunter2@db/x }\nhttp: { proxy: \"http://u:p%40ss@proxy:1\" }"
    )
    const shown = JSON.stringify(Config.rows(resolved))

    assert.include(shown, "postgres://ada:***@db/x")
    assert.include(shown, "http://u:***@proxy:1")
    assert.notInclude(shown + JSON.stringify(resolved.settings), "hunter2")
  })

  it("R03 keeps __proto__ and constructor from being settings", () => {
    assert.deepStrictEqual(
      said(problemsOf("__proto__: { concurrency: 1 }\nconstructor: 1\ntoString: {}\n")).map((line) =>
        line.split(" (")[0]
      ),
      [
        "skein.yaml:1:1 the configuration has no key \"__proto__\"",
        "skein.yaml:2:1 the configuration has no key \"constructor\"",
        "skein.yaml:3:1 the configuration has no key \"toString\""
      ]
    )
    const { defaults } = resolve("vars: { __proto__: { polluted: true } }")
    assert.deepStrictEqual(Object.keys(defaults), ["__proto__"])
    assert.isUndefined(({} as { polluted?: boolean }).polluted)
  })

  it("warns of a misspelt variable and leaves other programs' variables alone", () => {
    const { warnings } = resolve(undefined, {
      environment: { SKEIN_CONCURENCY: "3", SKEIN_LIVE: "1", OTHER: "x", SKEIN_ENTIRELY_ELSE: "" }
    })

    assert.deepStrictEqual(said(warnings), [
      "$SKEIN_CONCURENCY:1:1 the environment has SKEIN_CONCURENCY, which is no setting (did you mean SKEIN_CONCURRENCY?)"
    ])
  })

  it("gives actions the settings of their family, plainly", () => {
    const { http, parallel } = Config.actionSettings(
      resolve("http: { timeout: 1500ms }\nparallel: { http_requests: false }")
    )
    assert.include(http as object, { timeout: "1500ms", max_body: 10_000_000, idle_timeout: "90s", insecure: false })
    assert.deepStrictEqual(parallel, { cases: 8, http_requests: 1 })
  })

  it("accepts an empty file and refuses one that is no map", () => {
    assert.strictEqual(resolve("").settings.concurrency, 8)
    assert.strictEqual(resolve("# nothing\nhttp:\nvars:\n").settings.concurrency, 8)
    assert.deepStrictEqual(said(problemsOf("- a\n")), ["skein.yaml:1:1 expected the settings (a map), found a list"])
  })
})

describe("Config.load", () => {
  const project = Effect.gen(function*() {
    const fileSystem = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const root = yield* fileSystem.makeTempDirectoryScoped()
    const directory = path.join(root, "api")
    yield* fileSystem.makeDirectory(directory)
    const write = (file: string, text: string) => fileSystem.writeFileString(path.join(root, file), text)
    return { root, directory, write, path }
  })

  it.effect("finds skein.yaml above, reads .env under the environment, and starts paths at the file's folder", () =>
    Effect.gen(function*() {
      const { directory, path, root, write } = yield* project
      yield* write(
        "skein.yaml",
        "vars: { who: \"${env.WHO}\", where: \"${env.WHERE}\" }\nsecrets: { t: { file: token } }\n"
      )
      yield* write("api/.env", "WHO=dotenv\nWHERE=dotenv\nbroken line\n")
      const loaded = yield* Config.load({ directory, environment: { WHO: "process" }, cores: 2 })

      assert.deepStrictEqual(loaded.defaults, { who: "process", where: "dotenv" })
      assert.strictEqual(loaded.file, path.join(root, "skein.yaml"))
      assert.deepStrictEqual(loaded.secrets, { t: [{ file: path.join(root, "token") }] })
      assert.deepStrictEqual(said(loaded.warnings), [
        ".env:3:1 this line is not NAME=value and is left out (write NAME=value)"
      ])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.effect("reads the files that were named, the later over the earlier, and insists that they are there", () =>
    Effect.gen(function*() {
      const { directory, write } = yield* project
      yield* write("api/.env", "A=dotenv\nSKEIN_RETRIES=7\n")
      yield* write("api/one.env", "A=one\nB=one\n")
      yield* write("api/two.env", "B=two\n")
      yield* write("other.yaml", "retries: 1\n")
      const named = { directory, environment: {}, cores: 2, envFiles: ["one.env", "two.env"], config: "../other.yaml" }
      const loaded = yield* Config.load(named)
      assert.deepStrictEqual([loaded.environment, loaded.settings.retries], [{ A: "one", B: "two" }, 1])

      const missing = yield* Effect.flip(Config.load({ ...named, envFiles: ["gone.env"] }))
      assert.strictEqual(missing.message, "cannot read the environment file gone.env: there is no such file")
      const gone = yield* Effect.flip(Config.load({ ...named, config: "gone.yaml" }))
      assert.strictEqual(gone.message, "cannot read the configuration file gone.yaml: there is no such file")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.effect("fails with every problem of the file", () =>
    Effect.gen(function*() {
      const { directory, write } = yield* project
      yield* write("api/skein.yaml", "retrys: 1\nconcurrency: none\n")
      const error = yield* Effect.flip(Config.load({ directory, environment: {}, cores: 2 }))

      assert.strictEqual(error.message, "the configuration has 2 errors")
      assert.deepStrictEqual(said(error.problems), [
        "skein.yaml:1:1 the configuration has no key \"retrys\" (did you mean retries?)",
        "skein.yaml:2:14 expected a whole number, found text"
      ])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
})

describe("ConfigReference", () => {
  it("has every setting with its default, and an example that is valid", () => {
    const page = ConfigReference.markdown()
    for (const key of Config.keys) assert.include(page, `| \`${key}\` |`)
    assert.include(page, "| `http.max_body` | size | `10MB` |  | The largest body")
    assert.include(page, "| `http.max_headers` | size | `64KiB` |")
    assert.include(page, "| `http.idle_timeout` | duration | `90s` |")
    const example = /```yaml\n([^]*?)```/.exec(page)?.[1] ?? ""
    assert.strictEqual(resolve(example, { flags: { env: "staging" } }).variables["currency"], "USD")
  })

  it.effect("is what docs/configuration.md has", () =>
    Effect.gen(function*() {
      const fileSystem = yield* FileSystem.FileSystem
      const page = yield* fileSystem.readFileString(new URL("../../docs/configuration.md", import.meta.url).pathname)
      assert.strictEqual(page, ConfigReference.markdown())
    }).pipe(Effect.provide(NodeServices.layer)))

  it("has a schema that knows every key", () => {
    const schema = ConfigReference.schema() as { readonly properties: Readonly<Record<string, object>> }
    const top = [...new Set(Config.keys.map((key) => key.split(".")[0]!)), ...Object.keys(Config.sections)]
    assert.sameMembers(Object.keys(schema.properties), top)
    assert.include(JSON.stringify(schema.properties["parallel"]), "rate_limit")
  })
})
