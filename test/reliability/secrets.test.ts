/**
 * Random secrets, two hundred in CI, through every input of every action and through steps that pass, fail and are retried; then
 * everything that the run has written is searched for them.
 *
 * Every secret has a core of one shape between characters that encodings change, so that a part of one is found as well, and
 * base64 and hex are found by decoding whatever looks like them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, FileSystem, Layer, Logger, Path, Random, References, Tracer } from "effect"
import * as MaskedTracer from "../../src/layers/live/MaskedTracer.ts"
import * as Console from "../../src/programs/report/Console.ts"
import * as Formats from "../../src/programs/report/Formats.ts"
import * as RunMetrics from "../../src/programs/RunMetrics.ts"
import * as Runner from "../../src/programs/Runner.ts"
import * as RunSession from "../../src/programs/RunSession.ts"
import { builtin } from "../../src/scenario/actions/builtin.ts"
import * as EditorSchema from "../../src/scenario/EditorSchema.ts"
import type { Event } from "../../src/scenario/Event.ts"
import { kinds } from "../../src/services/SecretReference.ts"
import * as Testing from "../../src/testing.ts"
import { sampled } from "../support/seeds.ts"

const soak = process.env["SKEIN_SOAK"] === "1"
/** Another one each time under soak; a failure tells it. */
const seed = soak ? Math.trunc(performance.timeOrigin) : 1
const perCase = 10
const cases = sampled(20)

const core = /zq[a-z0-9]{12}qz/
const around = [
  "",
  "\"",
  "\\",
  "'",
  "&",
  "<b>",
  "/",
  "+",
  "%",
  "=",
  "==",
  " x",
  "-",
  "--",
  ";",
  "$",
  "${x}",
  "`",
  "é",
  "€",
  "🧵",
  "\n",
  "\t",
  "\r\n",
  "\u2028",
  "#",
  "?a=b&c",
  "]]>",
  "://",
  "@",
  "*",
  "(",
  "[",
  "{",
  "|",
  "^"
]
const letters = "abcdefghijklmnopqrstuvwxyz0123456789"

const pick = <A>(from: ReadonlyArray<A>) => Effect.map(Random.nextIntBetween(0, from.length - 1), (at) => from[at]!)

/** A core, half of the time with something before and after it. No line of it is without its core. */
const secret = Effect.gen(function*() {
  const middle = (yield* Effect.forEach(Array.from({ length: 12 }), () => pick([...letters]))).join("")
  const plain = `zq${middle}qz`
  // A slash at the end of a base URL is cut off.
  const [before, after] = [yield* pick(around), yield* pick(around.filter((text) => !text.endsWith("/")))]
  return (yield* Random.nextBoolean) ? plain : `${before}${plain}${after}`
})

type Step = Readonly<Record<string, unknown>>

/** Every input of every action, given the secret where it takes a text. */
const anyInput = (name: string): ReadonlyArray<Step> =>
  builtin.flatMap((action) => {
    const inputs = EditorSchema.inputsOf(action)
    const given = inputs.map((input) => [input.name, valueFor(input.name, input.type, name)] as const)
    const required = given.filter((_, at) => inputs[at]!.required)
    const optional = given.filter((_, at) => !inputs[at]!.required)
    return [required, ...optional.map((one) => [...required, one])].map((fields) => ({
      [action.name]: fields.length === 0 ? null : Object.fromEntries(fields),
      timeout: "250ms"
    }))
  })

const valueFor = (input: string, type: string, name: string): unknown => {
  // Patterns and programs that are one could cut a secret; these are wrong.
  if (["pattern", "query"].includes(input)) return `(\${secrets.${name}}`
  if (type.startsWith("expression")) return `secrets.${name} == 'no'`
  if (type === "step") return { log: `\${secrets.${name}}` }
  if (type.startsWith("text without")) return "select 1"
  return `\${secrets.${name}}`
}

/** Steps that do something with it, most of them with success, and tell of it. */
const uses = (name: string): ReadonlyArray<Step> => {
  const s = `\${secrets.${name}}`
  const bare = `secrets.${name}`
  // In a URL some characters would cut it.
  const encoded = `\${url_encode(${bare})}`
  return [
    { name: `named ${s}`, log: `plain ${s}` },
    { log: `\${base64('user:' + ${bare})} \${base64(${bare} + 'x')}` },
    { assert: `${bare} == 'no'` },
    { assert: `contains([${bare}], 'no')` },
    { variable: { name: "copy", value: { token: s, list: [s, `x${s}y`] } }, save: { again: "value.token" } },
    { log: "${copy} ${again}" },
    { json_build: { value: { [name]: s, deep: { [s]: 1 } } }, expect: { snapshot: `of ${name}` } },
    { json_parse: `{"a": "${s}"` },
    { json_diff: { left: { a: s }, right: { a: `${s}!` } } },
    { jq: { data: { a: s }, query: ".a" }, expect: "value == 'no'" },
    { jq: { data: { a: s }, query: ".a | error" } },
    { jq: { data: { a: s }, query: `(${s}` } },
    { jsonpath: { data: { a: s }, path: "$.a" } },
    { xml_build: { value: { root: { a: s } } } },
    { xml_parse: `<a>${s}</a` },
    { xpath: { xml: "<a/>", query: s } },
    { regex: { text: "abc", pattern: `(${s}` } },
    { csv_parse: { text: `a\tb\n${s}\t2\n`, delimiter: "\t" } },
    { base64_encode: s },
    { base64_encode: `x${s}` },
    { base64_decode: s },
    { url_encode: s },
    { url_decode: s },
    { concat: ["a", s, "b"] },
    { template: { text: "Dear {{.a}} {{printf \"%q\" .a}}", data: { a: s } } },
    { template: { text: `{{.a | nothing ${s}}}`, data: { a: 1 } } },
    { string_format: { template: "{}!", args: [s] } },
    { file_write: { path: `out/${name}.txt`, content: s } },
    { file_read: `out/${name}.txt`, expect: "content == 'no'" },
    { file_read: `out/${s}` },
    { shell: ["echo", s], expect: "stdout == 'no'" },
    { shell: ["sh", "-c", "echo \"$TOKEN\" >&2; exit 3"], env: undefined },
    {
      shell: { command: ["sh", "-c", "printf %s \"$TOKEN\" | od -An -tx1 | tr -d ' \\n'; exit 3"], env: { TOKEN: s } }
    },
    {
      http: { url: "http://shop.test/echo", bearer: s, json: { a: s }, headers: { "x-key": s } },
      expect: "body.a == 'no'"
    },
    {
      http: { url: `http://shop.test/echo/${encoded}?q=${encoded}`, basic: { username: "user", password: s } },
      expect: "status == 5"
    },
    {
      http: { method: "POST", url: "http://shop.test/missing", form: { a: s } },
      retry: { attempts: 2, delay: "1ms", on: ["any"] }
    },
    { http: `http://user:${encoded}@shop.test:x/` },
    { http_batch: { requests: ["http://shop.test/echo", `http://shop.test/missing?t=${encoded}`] } },
    { postgres: { query: "select $1::text as t", params: [s] }, expect: "row.t == 'no'" },
    { postgres: { query: "select $1::int as t", params: [s] } },
    { postgres: { url: `postgres://user:${s}@127.0.0.1:1/db`, query: "select 1" } },
    { wait_for: { step: { log: s }, until: `${bare} == 'no'`, interval: "1ms", timeout: "3ms" } },
    { fake: { kind: s } },
    { data_set: { action: s } },
    { steps: [{ log: s }, { assert: `${bare} == 'no'` }] },
    { for: { in: `[${bare}, ${bare}]` }, log: "${item}" },
    { if: `${bare} == 'no'`, log: "never" },
    { skip: `because ${s}`, log: "never" },
    { log: s, expect_error: s },
    { log: s, extract: { regex: "(?s).+" } },
    { log: s, expect: { schema: `${s}.json` } },
    { no_log: true, log: s },
    { sensitive_fields: ["a"], json_build: { value: { a: s, b: s } } }
  ].map((step) => JSON.parse(JSON.stringify(step)) as Step)
}

/** One scenario, a step a line, so that the place of a problem says which step it is about. */
const scenario = (index: number, steps: ReadonlyArray<Step>): string =>
  [
    `name: "Case ${index} \${secrets.s0}"`,
    `secrets: ${JSON.stringify(Object.fromEntries(names.map((name) => [name, { env: `${name}_${index}` }])))}`,
    "tags: [a]",
    "steps:",
    ...steps.map((step) => `  - ${JSON.stringify({ continue: true, timeout: "5s", ...step })}`)
  ].join("\n")

const names = Array.from({ length: perCase }, (_, at) => `s${at}`)

/** The steps of a case: half of all, each with one of its secrets; under soak all of them with all of its secrets. */
const stepsOf = (index: number): ReadonlyArray<Step> => {
  const each = names.map((name) => [...uses(name), ...anyInput(name)])
  return soak
    ? each.flat()
    : each[0]!.map((_, at) => each[(at + index) % perCase]![at]!).filter((_, at) => at % 2 === index % 2)
}

/** What is wrong before anything runs is left out: those steps never see a secret. */
const compile = Effect.fnUntraced(function*(index: number, directory: string) {
  const steps = stepsOf(index)
  const options = { actions: builtin, workingDirectory: directory }
  const bad = yield* Effect.match(Runner.compile(scenario(index, steps), options), {
    onFailure: ({ problems }) =>
      problems.map(({ span }) => span.source.text.slice(0, span.start).split("\n").length - 5),
    onSuccess: (): ReadonlyArray<number> => []
  })
  const kept = steps.filter((_, at) => !bad.includes(at))
  return { kept, plan: yield* Runner.compile(scenario(index, kept), options) }
})

describe("secrets", () => {
  it.live("R15 two hundred of them go through every action and stand nowhere afterwards", () =>
    Effect.gen(function*() {
      const fileSystem = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const directory = yield* Testing.write({})
      const out = yield* Testing.write({})
      const environment: Record<string, string> = {}
      const plans = []
      for (let index = 0; index < cases; index++) {
        for (const name of names) environment[`${name}_${index}`] = yield* secret
        plans.push(yield* compile(index, directory))
      }
      const used = new Set(plans.flatMap(({ kept }) => kept).flatMap((step) => Object.keys(step)))
      assert.deepStrictEqual(builtin.filter(({ name }) => !used.has(name)).map(({ name }) => name), [])

      const printed: Array<string> = []
      const lines = Console.open({ verbosity: "verbose" })
      const all = plans.flatMap(({ plan }, index) => plan.cases.map((one) => ({ ...one, id: `${one.id}-${index}` })))
      const { report } = yield* RunSession.run({
        plan: { ...plans[0]!.plan, cases: all },
        run: { concurrency: 4, environment, debug: true, keepExchanges: true, seed: 1 },
        targets: Formats.names.map((format) => ({ format, path: path.join(out, format) })),
        history: path.join(out, "history"),
        onEvent: (event: Event) => Effect.sync(() => void printed.push(...lines(event)))
      }).pipe(Effect.provide(spy(printed)))
      printed.push(...Console.ending(report), yield* RunMetrics.text)
      assert.isAbove(report.cases.flatMap(({ steps }) => steps).length, cases * 75)

      const written = yield* Effect.forEach(yield* fileSystem.readDirectory(out, { recursive: true }), (name) =>
        Effect.match(fileSystem.readFileString(path.join(out, name)), {
          onFailure: () => [],
          onSuccess: (text) => [{ name, text }]
        }))
      const snapshots = path.join(directory, "__snapshots__/scenario.yaml.snap.yaml")
      const artefacts = [
        ...written.flat(),
        { name: "terminal", text: printed.join("\n") },
        { name: "snapshots", text: yield* fileSystem.readFileString(snapshots) }
      ]
      assert.isAtLeast(artefacts.length, Formats.names.length + 3)
      const secrets = Object.values(environment)
      const found = artefacts.flatMap(({ name, text }) =>
        leaks(text, secrets).map((leak) =>
          `${name}: ${leak}`
        )
      )
      assert.deepStrictEqual(found, [], `seed ${seed}`)
    }).pipe(
      Random.withSeed(seed),
      Effect.provide(Testing.layer({ routes: { "/echo": { echo: true }, "/echo/*": { echo: true } } }))
    ), soak ? 600_000 : 60_000)

  it.effect("R15 where an output or a value is cut, no beginning of one is left", () =>
    Effect.gen(function*() {
      const token = "correct-horse-battery-staple"
      const before = [4_075, 4_080, 4_085, 180, 185, 190, 195].map((length) => "x".repeat(length))
      const steps = before.flatMap((text) => [
        { continue: true, log: `${text}\${secrets.token}` },
        { continue: true, variable: { name: "copy", value: `${text}\${secrets.token}` }, expect: "value == 'no'" },
        { continue: true, http: `${text}\${secrets.token}` }
      ])
      const { events } = yield* Testing.run(`secrets: { token: { env: TOKEN } }\nsteps: ${JSON.stringify(steps)}`, {
        environment: { TOKEN: token }
      })

      const shown = events.map((event) => JSON.stringify(event))
      assert.isAbove(shown.filter((text) => /x\*\*\*(?:\.\.\.|…)/.test(text)).length, 5)
      assert.deepStrictEqual(shown.filter((text) => text.includes(token.slice(0, 4))), [])
    }).pipe(Effect.provide(Testing.layer())))

  it.effect("R15 a secret of any source stands nowhere, whether its case passes, fails or cannot have it", () =>
    Effect.gen(function*() {
      const fake = yield* Testing.FakeSecrets
      yield* fake.file("/run/.env", `s_dotenv=${tokenFor("dotenv")}\n`)
      yield* fake.file("/run/token", tokenFor("file"))
      yield* fake.file("/run/mounted/user", tokenFor("folder"))
      yield* fake.vault("secret/app", { s_vault: tokenFor("vault"), other: tokenFor("other") })
      yield* fake.command("pass show x", tokenFor("command"))
      const sources: Readonly<Record<(typeof kinds)[number], unknown>> = {
        env: { env: "TOKEN" },
        dotenv: { dotenv: "/run/.env" },
        file: { file: "/run/token" },
        folder: { folder: "/run/mounted" },
        vault: { vault: "secret/app" },
        command: { command: "pass show x" },
        value: { value: tokenFor("value") }
      }
      const secrets = Object.fromEntries(kinds.map((kind) => [`s_${kind}`, sources[kind]]))
      const steps = kinds.flatMap((kind) => {
        const name = kind === "folder" ? "secrets.s_folder.user" : `secrets.s_${kind}`
        return [
          { continue: true, log: `\${${name}} \${secrets}` },
          { continue: true, assert: `${name} == 'no'` },
          { continue: true, http: { url: "http://shop.test/echo", bearer: `\${${name}}` }, expect: "status == 500" }
        ]
      })
      const gone = [{ vault: "secret/app#othr" }, { vault: "secret/none" }, { folder: "/none" }]
      const seen: Array<string> = []

      const { events } = yield* Testing.run({
        "uses.yaml": JSON.stringify({ name: "uses", secrets, steps }),
        "misses.yaml": JSON.stringify({ name: "misses", secrets: { ...secrets, gone }, steps })
      }, { environment: { TOKEN: tokenFor("env") }, debug: true, keepExchanges: true }).pipe(Effect.provide(spy(seen)))

      const shown = [...events.map((event) => JSON.stringify(event)), ...seen].join("\n")
      assert.isAbove(shown.split("***").length, kinds.length * 5)
      assert.include(shown, "othr of secret/app in vault is not one of its keys")
      assert.deepStrictEqual(leaks(shown, [...kinds, "other"].map(tokenFor)), [])
    }).pipe(Effect.provide(Testing.layer({ routes: { "/echo": { echo: true } } }))))

  it("R15 the search itself finds a secret in every spelling", () => {
    const token = "zqabc123def456qz"
    const hex = Buffer.from(`"${token}`).toString("hex")

    for (const text of [token, btoa(token), btoa(`x${token}`), btoa(`xy${token}`), hex, hex.toUpperCase()]) {
      assert.isNotEmpty(leaks(`{"a":"${text}"}`, [token]), text)
    }
    assert.isEmpty(leaks(`nothing: ${btoa("something else that is long enough")} ${"ab".repeat(40)}`, [token]))
  })
})

/** A core that tells what it is for. */
const tokenFor = (name: string) => `zq${name.padEnd(12, "x")}qz`

/** Everything that somebody could collect: log lines, spans with their attributes and events. */
const spy = (seen: Array<string>) =>
  Layer.mergeAll(
    Logger.layer([Logger.make(({ cause, message }) => void seen.push(JSON.stringify([message, String(cause)])))]),
    Layer.succeed(References.MinimumLogLevel, "All"),
    MaskedTracer.layer.pipe(Layer.provide(Layer.succeed(
      Tracer.Tracer,
      Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          const end = span.end.bind(span)
          span.end = (time, exit) => {
            end(time, exit)
            const why = Exit.isFailure(exit) ? Cause.pretty(exit.cause) : ""
            seen.push(`${span.name} ${JSON.stringify([[...span.attributes], span.events.map(String)])} ${why}`)
          }
          return span
        }
      })
    )))
  )

/** The cores that a text holds, as they are or in base64 or hex at any offset, with what stands before them. */
const leaks = (text: string, secrets: ReadonlyArray<string>): ReadonlyArray<string> => {
  const cores = new Set(secrets.map((secret) => core.exec(secret)![0]))
  const found: Array<string> = []
  const look = (decoded: string, how: string, at: number) => {
    const match = core.exec(decoded)
    if (match !== null && cores.has(match[0])) found.push(`${how} ...${text.slice(Math.max(0, at - 200), at + 60)}`)
  }
  for (const match of text.matchAll(new RegExp(core, "g"))) look(match[0], "plain", match.index)
  for (const match of text.matchAll(/[A-Za-z0-9+/_-]{22,}/g)) {
    for (const skip of [0, 1, 2, 3]) {
      look(Buffer.from(match[0].slice(skip), "base64").toString("latin1"), "base64", match.index)
    }
  }
  for (const match of text.matchAll(/[0-9a-fA-F]{32,}/g)) {
    for (const skip of [0, 1]) look(Buffer.from(match[0].slice(skip), "hex").toString("latin1"), "hex", match.index)
  }
  return [...new Set(found)]
}
