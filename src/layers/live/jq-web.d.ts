/** What we use of `jq-web`, which has no types: jq compiled to WebAssembly, ready when the promise resolves. */
declare module "jq-web" {
  interface Compiled {
    /** Runs `program` on the JSON text like the command line does. Throws with `exitCode` and `stderr` when jq fails. */
    readonly raw: (json: string, program: string, flags: Array<string>) => string | undefined
  }
  const jq: Promise<Compiled>
  export default jq
}
