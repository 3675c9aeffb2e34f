/** Bundles the command line. */
import { build, type BuildOptions, type Metafile, type Plugin } from "esbuild"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { lightStart } from "./lightStart.ts"

const root = join(import.meta.dirname, "..")

/** Loaded from node_modules when used: these carry WebAssembly or data files beside their code. */
const external = ["@electric-sql/pglite", "jq-web", "playwright-core"]

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node22.19",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  external,
  // Node looks for a package.json to learn what a .js is, once for each import: a fifth of the time to start.
  outExtension: { ".js": ".mjs" },
  // Packages in CommonJS call require.
  banner: { js: "import{createRequire as $require}from\"node:module\";const require=$require(import.meta.url);" },
  plugins: [...lightStart],
  logLevel: "warning"
}

/** Leaves out what is loaded when a command runs: no command runs when help is asked for. */
const withoutPrograms: Plugin = {
  name: "without-programs",
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\./ }, ({ kind, path }) => kind === "dynamic-import" ? { path, external: true } : undefined)
  }
}

/** Packages that only some runs use: loaded by the first URL that needs them. */
const late = ["mongodb", "bson", "mingo", "amqplib", "redis", "@redis/client", "@effect/sql-pg"]

/** Fails when one of them is in what `bin.mjs` loads to start. */
const refuseEarly = ({ outputs }: Metafile): void => {
  const seen = new Set<string>()
  const visit = (path: string): void => {
    const output = outputs[path]
    if (output === undefined || seen.has(path)) return
    seen.add(path)
    for (const { kind, path } of output.imports) if (kind === "import-statement") visit(path)
  }
  visit(Object.keys(outputs).find((path) => /(^|[\\/])bin\.mjs$/.test(path)) ?? "")
  const early = [...seen].flatMap((path) => Object.keys(outputs[path]!.inputs)).filter((input) =>
    late.some((name) => input.includes(`node_modules/${name}/`))
  )
  if (seen.size === 0 || early.length > 0) {
    throw new Error(`bin.mjs loads at its start: ${early.join(", ") || "nothing"}`)
  }
}

/** `bin.mjs` runs commands and shares its parts with the worker, and with `more` programs: files by name. */
export const buildCommands = async (outdir: string, more: Readonly<Record<string, string>> = {}): Promise<void> => {
  rmSync(outdir, { recursive: true, force: true })
  // Flat names, so that a file finds the worker beside itself.
  const { metafile } = await build({
    ...common,
    outdir,
    entryPoints: { bin: "src/bin.ts", worker: "src/worker.ts", ...more },
    splitting: true,
    chunkNames: "[name]-[hash]",
    metafile: true
  })
  refuseEarly(metafile)
}

/**
 * All that is published. `help.mjs` is the same command line for help and the version only: it starts in half the time,
 * because it holds only as much of Effect as that takes.
 */
export const buildCli = async (outdir: string): Promise<void> => {
  await buildCommands(outdir)
  await build({
    ...common,
    outdir,
    entryPoints: { help: "src/bin.ts" },
    minify: true,
    plugins: [...lightStart, withoutPrograms]
  })
}
