/** The published package: packed, installed into an empty project, its command run and its library imported. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { version } from "../src/core/Version.ts"

const root = join(import.meta.dirname, "..")
const work = mkdtempSync(join(tmpdir(), "skein-package-"))
const staged = join(work, "package")
const project = join(work, "project")

const run = async (program: string, args: ReadonlyArray<string>, cwd: string): Promise<string> => {
  const options = { cwd, timeout: 120_000, maxBuffer: 64 * 1024 * 1024 }
  return promisify(execFile)(program, args, options).then(
    ({ stdout }) => stdout,
    (error: { readonly message: string; readonly stdout?: string; readonly stderr?: string }) => {
      throw new Error(
        `${program} ${args.join(" ")} failed:\n${error.stdout ?? ""}${error.stderr ?? ""}${error.message}`
      )
    }
  )
}
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly version: string }

/** Built and packed beside the repository, so that nothing in `dist` changes under other tests. */
const pack = async () => {
  mkdirSync(staged)
  for (const name of ["package.json", "bin", "README.md", "CHANGELOG.md", "LICENSE"]) {
    cpSync(join(root, name), join(staged, name), { recursive: true })
  }
  await run(process.execPath, [join(root, "scripts/build.ts"), join(staged, "dist")], root)
  const [packed] = JSON.parse(await run("npm", ["pack", "--ignore-scripts", "--json"], staged)) as [Packed]
  return packed
}

interface Packed {
  readonly filename: string
  readonly unpackedSize: number
  readonly files: ReadonlyArray<{ readonly path: string }>
}

const install = async (packed: Packed) => {
  mkdirSync(project)
  writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module", private: true }))
  const flags = [
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    "--fetch-timeout=20000",
    "--fetch-retries=1"
  ]
  await run("npm", ["install", ...flags, join(staged, packed.filename)], project)
}

let packed: Packed

describe("the package", () => {
  beforeAll(async () => {
    packed = await pack()
    await install(packed)
    return () => rmSync(work, { recursive: true, force: true })
  }, 120_000)

  it("holds what is needed and no more", () => {
    const paths = packed.files.map(({ path }) => path)
    const places = new Set(paths.map((path) => path.split("/").slice(0, path.startsWith("dist/") ? 2 : 1).join("/")))

    assert.deepStrictEqual([...places].toSorted(), [
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "bin",
      "dist/cli",
      "dist/lib",
      "package.json"
    ])
    for (
      const path of [
        "bin/skein.js",
        "dist/cli/bin.mjs",
        "dist/cli/help.mjs",
        "dist/cli/worker.mjs",
        "dist/lib/index.d.ts"
      ]
    ) {
      assert.include(paths, path)
    }
    assert.deepStrictEqual(paths.filter((path) => /\.(ts|map)$/.test(path) && !path.endsWith(".d.ts")), [])
    assert.isBelow(packed.unpackedSize, 15_000_000)
  })

  it("has the version that the command tells", async () => {
    const skein = join(project, "node_modules/.bin/skein")

    assert.strictEqual(version, manifest.version)
    assert.strictEqual(await run(skein, ["--version"], project), `skein ${version}\n`)
  })

  it("runs a scenario with a mock API and jq", async () => {
    writeFileSync(
      join(project, "hello.yaml"),
      [
        "name: Hello",
        "mocks: { api: { routes: { \"GET /user\": { json: { name: Ada } } } } }",
        "steps:",
        "  - http: { url: \"${mocks.api.url}/user\" }",
        "    expect: [status == 200]",
        "    save: { user: body }",
        "  - jq: { data: \"${user}\", query: .name }",
        "    expect: value == \"Ada\""
      ].join("\n")
    )

    const output = await run(
      join(project, "node_modules/.bin/skein"),
      ["run", "hello.yaml", "--format", "json"],
      project
    )

    assert.deepInclude((JSON.parse(output) as { readonly summary: object }).summary, { total: 1, passed: 1 })
  })

  it("runs an own action, with the skein and effect of the project", async () => {
    writeFileSync(join(project, "skein.yaml"), "actions: [./actions.ts]\n")
    writeFileSync(join(project, "actions.ts"), ownAction)
    writeFileSync(join(project, "own.yaml"), "name: Own\nsteps:\n  - greet: you\n    expect: value == \"hello you\"\n")

    const output = await run(join(project, "node_modules/.bin/skein"), ["run", "own.yaml", "--format", "json"], project)

    assert.deepInclude((JSON.parse(output) as { readonly summary: object }).summary, { total: 1, passed: 1 })
  })

  it("is a library whose types hold", async () => {
    writeFileSync(join(project, "use.ts"), library)
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify(compilerOptions))

    await run(join(root, "node_modules/.bin/tsc"), ["--checkers", "1", "--project", "."], project)

    assert.strictEqual(await run(process.execPath, ["use.ts"], project), "1 passed\n")
  })
})

const compilerOptions = {
  compilerOptions: {
    module: "NodeNext",
    target: "ES2024",
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    // Effect's own declarations name types of the DOM.
    lib: ["ES2024", "ESNext.Disposable", "DOM"],
    typeRoots: [join(root, "node_modules/@types")],
    types: ["node"]
  },
  include: ["use.ts", "actions.ts"]
}

const ownAction = `
import { Effect, Schema } from "effect"
import { Action } from "skein"

export const greet = Action.make({
  name: "greet",
  family: "own",
  summary: "Greets somebody",
  input: Schema.Struct({ who: Schema.String.annotate({ description: "Whom" }), times: Schema.optionalKey(Schema.Int) }),
  positional: ["who"],
  output: Schema.String,
  effect: "none",
  examples: [{ title: "You", yaml: "steps: [{ greet: you }]" }, { title: "Me", yaml: "steps: [{ greet: me }]" }],
  run: ({ who }) => Effect.succeed("hello " + who)
})
`

const library = `
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer } from "effect"
import { builtin, Runner, Skein } from "skein"
import * as Testing from "skein/testing"
import { StopSignal } from "skein/services"
import * as Selection from "skein/programs/Selection"
import * as Log from "skein/scenario/actions/log"
import * as FakeStopSignal from "skein/layers/fake/FakeStopSignal"
import { RunSession } from "skein/programs"
import { Live } from "skein/layers"

const used: ReadonlyArray<object> = [Testing, StopSignal, Selection, Log, FakeStopSignal, Live]
const program = Effect.gen(function*() {
  const plan = yield* Runner.plan(["hello.yaml"], { actions: builtin, workingDirectory: process.cwd() })
  const session = { plan, run: { concurrency: 2 }, targets: [], onEvent: () => Effect.void }
  const { report } = yield* RunSession.run(session)
  return report.summary.passed
})
const layer = Skein.layer().pipe(Layer.provideMerge(NodeServices.layer))
const passed = await Effect.runPromise(program.pipe(Effect.provide(layer)))
if (used.length === 6) process.stdout.write(passed + " passed\\n")
`
