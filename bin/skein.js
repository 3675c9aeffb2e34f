#!/usr/bin/env node
// Shipped as it is. An old Node must get as far as the refusal, so there is no new syntax here and nothing is imported
// before it.
var wanted = [22, 19]
var have = process.versions.node.split(".").map(Number)

if (have[0] < wanted[0] || (have[0] === wanted[0] && have[1] < wanted[1])) {
  process.stderr.write("skein needs Node " + wanted.join(".") + " or newer; this is Node " + process.versions.node + ".\n")
  process.exit(2)
}

process.getBuiltinModule("node:module").enableCompileCache()

// Help and the version come from a smaller bundle. A clone that was not built, or whose owner works on it, runs the sources.
var given = process.argv.slice(2)
var end = given.indexOf("--")
var flags = end === -1 ? given : given.slice(0, end)
var asks = given.length === 0 || flags.some((flag) => flag === "--help" || flag === "-h" || flag === "--version")
var bundle = new URL(asks ? "../dist/cli/help.mjs" : "../dist/cli/bin.mjs", import.meta.url)
var built = process.env.SKEIN_SOURCE === undefined && process.getBuiltinModule("node:fs").existsSync(bundle)
import(built ? bundle.href : "../src/bin.ts")
