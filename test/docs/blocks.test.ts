/**
 * What README, CONTRIBUTING and docs/ show is true: every scenario is checked and run, every configuration read, every program
 * type-checked, every command and flag there is, every link leads somewhere.
 *
 * A block that cannot be run says so, and why, in a comment before it: `<!-- checked: it needs a server of yours -->`.
 * `<!-- gives: [1] -->` before a program: the effect that it exports is run, by the clock of the test, and gives this.
 */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { execFile } from "node:child_process"
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { promisify } from "node:util"
import { afterAll } from "vitest"
import { helpPages } from "../../scripts/pages.ts"
import * as CodeFrame from "../../src/core/CodeFrame.ts"
import * as Skein from "../../src/layers/Live.ts"
import * as Profile from "../../src/profile/Profile.ts"
import * as Config from "../../src/programs/Config.ts"
import * as Runner from "../../src/programs/Runner.ts"
import { builtin } from "../../src/scenario/actions/builtin.ts"
import * as Markdown from "../support/markdown.ts"

const root = join(import.meta.dirname, "../..")
const pages = ["README.md", "CONTRIBUTING.md", ...globSync("docs/**/*.md", { cwd: root })].map((path) => {
  const text = readFileSync(join(root, path), "utf8")
  return { path, text, blocks: Markdown.blocks(path, text) }
})
const all = pages.flatMap(({ blocks }) => blocks)
const placeOf = ({ line, page }: Markdown.Block) => `${page}:${line}`

// In the repository, so that programs find skein and its packages.
mkdirSync(join(root, ".cache"), { recursive: true })
const folder = mkdtempSync(join(root, ".cache/docs-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const write = (path: string, text: string): string => {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return file
}

type Kind = "scenario" | "steps" | "configuration" | "profile" | "file"

const settings: ReadonlyArray<string> = [
  ...Config.keys.map((key) => key.split(".")[0]!),
  ...Object.keys(Config.sections)
]

/** What a block of YAML is, by its keys. (It need not be YAML to every reader: skein allows `expect: [rows[0].n == 1]`.) */
const kindOf = (block: Markdown.Block): Kind | undefined => {
  if (/^- /m.test(block.text.replaceAll(/^(?:[#\s].*)?\n/gm, "").slice(0, 2))) return "steps"
  const keys = [...block.text.matchAll(/^([^\s#:][^:]*):/gm)].map(([, key]) => key!)
  if (keys.some((key) => ["steps", "suite", "testcase", "testsuite"].includes(key))) return "scenario"
  if (keys.includes("profile")) return "profile"
  if (keys.every((key) => settings.includes(key))) return "configuration"
  return block.file === undefined ? undefined : "file"
}

const yaml = all.filter(({ language, mark }) => language === "yaml" && mark?.kind !== "no")
const kinds = new Map(yaml.map((block) => [block, kindOf(block)]))

/** Writes what a block shows to where its page says, or to a file that is named by its place. */
const writeBlock = (block: Markdown.Block): string => {
  const text = kinds.get(block) === "steps" ? `steps:\n${block.text.replaceAll(/^/gm, "  ")}` : block.text
  return write(join(block.page, block.file ?? `line-${block.line}.yaml`), text)
}

const live = Skein.layer().pipe(Layer.provideMerge(NodeServices.layer))

describe("YAML in the documentation", () => {
  it("is a scenario, a list of steps, a configuration, a profile, or a file with a name", () => {
    assert.deepStrictEqual(yaml.filter((block) => kinds.get(block) === undefined).map(placeOf), [])
  })

  it.live("scenarios pass, or at least have no mistakes", () =>
    Effect.gen(function*() {
      for (const block of all) if (block.file !== undefined) writeBlock(block)
      const scenarios = yaml.filter((block) => ["scenario", "steps"].includes(kinds.get(block) ?? ""))
      const unrun = scenarios.flatMap((block) => {
        const path = writeBlock(block)
        return block.mark?.kind === "checked" ? [relative(folder, path)] : []
      })
      const plan = yield* Runner.plan(["."], { actions: builtin, workingDirectory: folder })
      const errors = plan.problems.filter(({ severity }) => severity === "error")
      assert.strictEqual(CodeFrame.renderAll(errors), "")

      const cases = plan.cases.filter(({ file }) => !unrun.includes(file))
      const report = yield* Runner.run({ ...plan, cases }, { concurrency: 4 })

      // The action skip is shown, too.
      const bad = report.cases.filter(({ status }) => status !== "passed" && status !== "skipped")
      assert.deepStrictEqual(
        bad.map((one) => [`${one.file}:${one.line}`, [one, ...one.steps].flatMap(({ failures }) => failures)]),
        []
      )
      assert.isAbove(cases.length, 100)
    }).pipe(Effect.provide(live)))

  it("profiles have no mistakes", () => {
    for (const block of yaml.filter((block) => kinds.get(block) === "profile")) {
      const { problems } = Profile.parse({ path: placeOf(block), text: block.text })
      assert.strictEqual(CodeFrame.renderAll(problems), "")
    }
  })

  it("configurations are right", () => {
    for (const block of yaml.filter((block) => kinds.get(block) === "configuration")) {
      const file = { path: placeOf(block), text: block.text }
      const resolved = Config.resolve({ file, directory: "/", environment: { TEAM: "a" }, cores: 2 })
      assert.strictEqual(resolved._tag === "Failure" ? CodeFrame.renderAll(resolved.failure) : "", "")
    }
  })
})

const programs = all.filter(({ language, mark }) => language === "ts" && mark?.kind !== "no").map((block) => ({
  block,
  path: write(join("programs", `${block.page.replaceAll(/\W/g, "-")}-${block.line}.ts`), block.text)
}))

// Declarations of packages name types of the DOM.
const compiler = { extends: "../../../tsconfig.json", compilerOptions: { lib: ["ES2024", "ESNext.Disposable", "DOM"] } }

describe("programs in the documentation", () => {
  it("their types hold", async () => {
    write("programs/tsconfig.json", JSON.stringify({ ...compiler, include: ["*.ts", "../../../src/**/*.d.ts"] }))

    const tsc = join(root, "node_modules/.bin/tsc")
    const output = await promisify(execFile)(tsc, [
      "--noEmit",
      "--checkers",
      "1",
      // Sources that have not changed since the last run are not looked at again.
      "--incremental",
      "--tsBuildInfoFile",
      join(root, ".cache/docs.tsbuildinfo"),
      "--project",
      join(folder, "programs")
    ]).then(
      () => "",
      ({ stdout }: { readonly stdout: string }) => stdout
    )

    assert.strictEqual(output, "")
    assert.isNotEmpty(programs)
  })

  const running = programs.filter(({ block }) => block.mark?.kind === "gives")
  it.effect.each(running.map(({ block, path }) => ({ place: placeOf(block), path, gives: block.mark!.reason })))(
    "$place gives $gives",
    ({ gives, path }) =>
      Effect.gen(function*() {
        const module = (yield* Effect.promise(() => import(path))) as Readonly<Record<string, unknown>>
        const effects = Object.values(module).filter((value) => Effect.isEffect(value))
        assert.lengthOf(effects, 1)
        assert.deepStrictEqual(yield* effects[0] as Effect.Effect<unknown>, JSON.parse(gives) as unknown)
      })
  )
})

const help = await helpPages()
const flagsOf = ({ flags, globalFlags = [] }: (typeof help)[number]) =>
  [...flags, ...globalFlags].flatMap(({ aliases, name }) => [`--${name}`, `--no-${name}`, ...aliases])

/** Calls of skein in a text, one a line, without what a shell does around them. */
const callsIn = (text: string): ReadonlyArray<string> =>
  text.split(/\n|&&|\|(?!=)|;/).map((part) => part.trim()).filter((part) => /^(?:npx )?skein\b/.test(part))
    .map((part) => part.replace(/^npx /, ""))

const calls = pages.flatMap(({ blocks, path, text }) =>
  [
    ...blocks.filter(({ language }) => language === "sh" || language === "text").map((block) => block.text),
    ...Markdown.codeSpans(text).filter((code) => /^(?:npx )?skein [a-z-]/.test(code))
  ].flatMap(callsIn).map((call) => ({ call, path }))
)

describe("commands in the documentation", () => {
  it("are commands that there are, with flags that they have", () => {
    const problems = calls.flatMap(({ call, path }) => {
      // `skein load compare` begins with `skein load`, a command too.
      const command = help.findLast(({ commandPath = [] }) => `${call} `.startsWith(`${commandPath.join(" ")} `))
      const group = help.some(({ commandPath = [] }) => commandPath.join(" ").startsWith(`${call.split(" -")[0]} `))
      const named = [...call.replaceAll(/'[^']*'/g, "''").matchAll(/\s(--?[a-z][\w-]*)/g)].map(([, flag]) => flag!)
      const known = command === undefined ? help.flatMap(flagsOf) : flagsOf(command)
      const isCommand = command !== undefined || group || /^skein (?:-|<)/.test(call)
      return [
        ...isCommand ? [] : [`${path}: there is no command ${call}`],
        ...named.filter((flag) => !known.includes(flag)).map((flag) => `${path}: ${call} has no ${flag}`)
      ]
    })

    assert.deepStrictEqual(problems, [])
    assert.isAbove(calls.length, 40)
  })

  it("flags that pages speak of are flags of some command", () => {
    const known = new Set(help.flatMap(flagsOf))
    const unknown = pages.filter(({ path }) => !path.includes("decisions") && path !== "CONTRIBUTING.md")
      .flatMap(({ path, text }) =>
        Markdown.codeSpans(text).flatMap((code) => /^(--[a-z][\w-]*)/.exec(code)?.[1] ?? [])
          .filter((flag) => !known.has(flag)).map((flag) => `${path}: ${flag}`)
      )

    assert.deepStrictEqual(unknown, [])
  })
})

describe("pages", () => {
  it("links lead to files that there are", () => {
    const broken = pages.flatMap(({ path, text }) =>
      Markdown.links(text).filter((target) => !existsSync(join(root, dirname(path), target)))
        .map((target) => `${path}: ${target}`)
    )

    assert.deepStrictEqual(broken, [])
  })

  it("JSON is JSON", () => {
    for (const block of all.filter(({ language }) => language === "json")) {
      assert.doesNotThrow(() => JSON.parse(block.text), placeOf(block))
    }
  })
})
