/** The file that our worker threads begin with: `worker.ts` at the root of the sources, or what was built of it. */

/** Finds it from a module (`import.meta.url`) that is in the folder from which `root` leads there: `./`, `../`. All that is built alike has one extension. */
export const workerEntry = (module: string, root: string): URL =>
  new URL(`${root}worker${module.slice(module.lastIndexOf("."))}`, module)
