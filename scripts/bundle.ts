/** Bundles the command line. */
import { build, type BuildOptions, type Plugin } from "esbuild"
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

/**
 * `bin.js` runs commands and shares its parts with the worker. `help.js` is the same command line for help and the version
 * only: it starts in half the time, because it holds only as much of Effect as that takes.
 */
export const buildCli = async (outdir: string): Promise<void> => {
  rmSync(outdir, { recursive: true, force: true })
  // Flat names, so that a file finds the worker beside itself.
  await build({
    ...common,
    outdir,
    entryPoints: ["src/bin.ts", "src/worker.ts"],
    splitting: true,
    chunkNames: "[name]-[hash]"
  })
  await build({
    ...common,
    outdir,
    entryPoints: { help: "src/bin.ts" },
    minify: true,
    plugins: [...lightStart, withoutPrograms]
  })
}
