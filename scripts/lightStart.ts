/**
 * What makes the bundle start fast: plugins that put off work which modules do when they are loaded. Each says what it
 * saves; `bench/startup.ts` has the goals. When a package changes so that one no longer fits, the build fails.
 */
import type { Plugin } from "esbuild"
import { existsSync, readFileSync } from "node:fs"
import { builtinModules, createRequire } from "node:module"
import { join } from "node:path"

const root = join(import.meta.dirname, "..")
const requireHere = createRequire(import.meta.url)

/**
 * Takes Node's own modules from the process instead of importing them. An import reads every property of a module for its
 * list of exports, and those of `node:http` load a whole second HTTP client: 14 ms.
 */
const builtins: Plugin = {
  name: "builtins",
  setup: ({ onLoad, onResolve }) => {
    const known = new Set(builtinModules)
    onResolve({ filter: /^[a-z_/:0-9]+$/ }, ({ path }) => {
      const name = path.replace(/^node:/, "")
      return known.has(name) ? { path: name, namespace: "builtin" } : undefined
    })
    onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
      loader: "js"
    }))
  }
}

/**
 * Imports the modules of Effect by their own names (`effect/Effect`) where the sources name the package. What comes through
 * the package is a namespace object to the bundler, which makes all of them at start and leaves nothing out: a quarter of
 * the code.
 */
const directImports: Plugin = {
  name: "direct-imports",
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(
        /^import \{([^}]*)\} from "(effect(?:\/[a-z-]+)?)"$/gm,
        (_, names: string, barrel: string) =>
          names.split(",").map((name) => directImport(name.trim(), barrel)).join(";")
      ),
      loader: "ts"
    }))
  }
}

const directImport = (specifier: string, barrel: string): string => {
  if (specifier === "" || specifier.startsWith("type ")) return ""
  const [name = "", alias = name] = specifier.split(" as ")
  const file = join(root, "node_modules/effect/dist", barrel.slice("effect".length), `${name}.js`)
  return existsSync(file) ? `import * as ${alias} from "${barrel}/${name}"` : `import { ${specifier} } from "${barrel}"`
}

/** Makes the segmenter with which Effect measures help texts when a text needs it: 7 ms, and ours never do. */
const lateSegmenter: Plugin = {
  name: "late-segmenter",
  setup: ({ onLoad }) => {
    onLoad({ filter: /effect[\\/]dist[\\/]cli[\\/]CliOutput\.js$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8")
      const made = /new (Intl\.Segmenter\(undefined, \{\s*granularity: "grapheme"\s*\}\))/
      if (!made.test(text)) throw new Error(`${path} makes no segmenter where it did`)
      return { contents: text.replace(made, (_, call: string) => late(call)), loader: "js" }
    })
  }
}

const late = (call: string): string =>
  `(() => {
    let made
    const ascii = (text) => Array.from(text, (segment) => ({ segment }))
    return { segment: (text) => /^[ -~]*$/.test(text) ? ascii(text) : (made ??= new ${call}).segment(text) }
  })()`

/** The parts of undici that are used here, or by Effect's client. Another name fails the build: then it belongs here. */
const parts: Readonly<Record<string, string>> = {
  Dispatcher: "lib/dispatcher/dispatcher",
  Pool: "lib/dispatcher/pool",
  Agent: "lib/dispatcher/agent",
  ProxyAgent: "lib/dispatcher/proxy-agent",
  buildConnector: "lib/core/connect"
}

/** Without fetch, web sockets and mocks undici loads in half of 16 ms, and takes half of a megabyte. */
const partsOfUndici: Plugin = {
  name: "parts-of-undici",
  setup: ({ onLoad, onResolve }) => {
    const whole = requireHere("undici") as Readonly<Record<string, unknown>>
    for (const [name, file] of Object.entries(parts)) {
      if (requireHere(`undici/${file}`) !== whole[name]) throw new Error(`undici has no ${name} in ${file}`)
    }
    onResolve({ filter: /^undici$/ }, () => ({ path: "undici", namespace: "parts" }))
    onLoad({ filter: /^undici$/, namespace: "parts" }, () => ({
      contents: [
        ...Object.entries(parts).map(([name, file]) => `import ${name} from "undici/${file}"`),
        `import api from "undici/lib/api"`,
        // As its own index does.
        "Object.assign(Dispatcher.prototype, api)",
        `export { ${Object.keys(parts).join(", ")} }`,
        `export default { ${Object.keys(parts).join(", ")} }`
      ].join("\n"),
      loader: "js",
      resolveDir: root
    }))
  }
}

export const lightStart: ReadonlyArray<Plugin> = [builtins, directImports, lateSegmenter, partsOfUndici]
