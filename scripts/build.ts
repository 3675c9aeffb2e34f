/**
 * Builds what is published: `dist/cli`, the command line as one bundle with lazy parts, and `dist/lib`, the library as
 * JavaScript and types. Runs after `npm ci`, so that a clone has a working `skein`.
 *
 * `node scripts/build.ts [folder]`: the folder that gets `cli` and `lib`; `dist` unless given.
 */
import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, globSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { buildCli } from "./bundle.ts"

const root = join(import.meta.dirname, "..")
const dist = process.argv[2] === undefined ? join(root, "dist") : resolve(process.argv[2])

const buildLibrary = () => {
  rmSync(join(dist, "lib"), { recursive: true, force: true })
  const tsc = spawnSync(
    join(root, "node_modules/.bin/tsc"),
    // Whether types hold is what `npm run check` says. More checkers look at the same files several times.
    ["--project", "tsconfig.build.json", "--outDir", join(dist, "lib"), "--noCheck", "--checkers", "1"],
    { cwd: root, stdio: "inherit" }
  )
  if (tsc.status !== 0) process.exit(tsc.status ?? 1)
  tidyTypes()
  for (const room of ["services", "layers", "programs", "profile", "scenario"]) writeBarrel(room)
}

/** Types name files as JavaScript does, and the command line needs none: nobody imports it. */
const tidyTypes = () => {
  for (const name of globSync("**/*.d.ts", { cwd: join(dist, "lib") })) {
    const path = join(dist, "lib", name)
    if (/^(?:cli[\\/]|bin\.|worker\.)/.test(name)) rmSync(path)
    else {
      const text = readFileSync(path, "utf8")
      writeFileSync(path, text.replace(/((?:from|import)\s*\(?\s*"\.[^"]*)\.ts"/g, "$1.js\""))
    }
  }
}

/** `skein/services` and so on: one namespace per module. The sources have no such files, so that nothing inside uses them. */
const writeBarrel = (room: string) => {
  const folder = join(dist, "lib", room)
  const modules = readdirSync(folder).filter((name) => name.endsWith(".js")).map((name) => basename(name, ".js"))
  const text = modules.map((name) => `export * as ${name} from "./${name}.js"\n`).join("")
  writeFileSync(join(folder, "index.js"), text)
  writeFileSync(join(folder, "index.d.ts"), text)
}

/** npm links the commands of dependencies, not of the package itself. */
const linkCommand = () => {
  const bin = join(root, "node_modules/.bin")
  if (!existsSync(bin)) return
  chmodSync(join(root, "bin/skein.js"), 0o755)
  rmSync(join(bin, "skein"), { force: true })
  symlinkSync("../../bin/skein.js", join(bin, "skein"))
}

await buildCli(join(dist, "cli"))
buildLibrary()
if (process.argv[2] === undefined) linkCommand()
