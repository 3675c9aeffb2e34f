/** The faults that skein is built against, by number. Tests name them in their titles: `R07 ...`. */

export interface Fault {
  /** What goes wrong, or what somebody sends. */
  readonly fault: string
  /** What skein does about it; absent while nothing that it could happen to is built. */
  readonly promise?: string
}

export const faults: Readonly<Record<number, Fault>> = {
  1: { fault: "YAML aliases that multiply", promise: "an error at the alias, in under 100 ms and 50 MB" },
  2: { fault: "YAML that is nested without end, huge or binary", promise: "an error with a code, never a stack" },
  3: { fault: "Keys such as `__proto__`", promise: "data like any other; no prototype is changed" },
  4: { fault: "Many mistakes in one file", promise: "all are told at once, each at its line and column" },
  5: { fault: "Numbers that cannot be kept exactly", promise: "exact, or an error; never rounded in silence" },
  6: { fault: "Includes and files in a circle or outside of the root", promise: "refused, through links too" },
  7: { fault: "Values that look like templates", promise: "never expanded again" },
  8: { fault: "Expressions that want out, or never end", promise: "an error, within a budget of steps and size" },
  9: { fault: "Regular expressions that explode", promise: "linear time wherever a pattern may stand" },
  10: { fault: "Values that look like SQL", promise: "always bound, never pasted" },
  11: { fault: "Values that look like shell", promise: "always one argument, or the environment" },
  12: { fault: "Line breaks in headers, methods and URLs", promise: "refused before anything is sent" },
  13: {
    fault: "Requests that are led to private addresses",
    promise: "refused when the connection is made, at every redirect, where only public ones are wanted"
  },
  14: { fault: "Redirects to another host", promise: "credentials, cookies and secret headers stay behind" },
  15: { fault: "Secrets in anything that is written", promise: "masked in every spelling, in every place" },
  16: { fault: "Secrets that are too short, or part of another", promise: "a warning; the longest is masked first" },
  17: { fault: "Markup in names and bodies", promise: "inert in the HTML report" },
  18: { fault: "Terminal sequences and CI commands in texts", promise: "stripped from every output" },
  19: { fault: "Requests to the dashboard from elsewhere" },
  20: { fault: "Requests that are too large or too slow for the API" },
  21: { fault: "Certificates that do not hold", promise: "refused with the reason; `insecure` is told in the report" },
  22: { fault: "Bodies that grow when decompressed", promise: "cut at the cap, memory stays bounded" },
  23: { fault: "Bodies that never end, or break off", promise: "an error of their own kind, in time" },
  24: {
    fault: "Downloads that leave their folder",
    promise:
      "in the folder, under a name that fits; links are not followed; totals are capped; what is damaged is deleted"
  },
  25: {
    fault: "Downloads that are cut off",
    promise: "never half a file under its name; gone on with where they ended, unless the file is another by now"
  },
  26: { fault: "Ctrl-C once", promise: "no new work, teardowns, reports marked as interrupted, exit code 130" },
  27: { fault: "Ctrl-C twice, and finalizers that hang", promise: "the end within 200 ms" },
  28: {
    fault: "SIGTERM, SIGHUP, closed pipes, closed input, resized terminals",
    promise: "teardowns and the right exit code, without noise"
  },
  29: {
    fault: "Death at any moment",
    promise:
      "it goes on from its journal: nothing is lost, no recorded success is repeated, what was under way is unknown"
  },
  30: {
    fault: "Journals that are damaged",
    promise: "read up to the last good record; what is cut off is kept beside; newer versions are refused"
  },
  31: {
    fault: "Disks that are full, folders that cannot be written, too many open files",
    promise: "the result is printed, the loss is named, the exit code is 5"
  },
  32: {
    fault: "Two processes in one folder",
    promise: "the second is refused and told who holds it; the lock of a dead owner is taken over"
  },
  33: { fault: "Clocks that jump", promise: "durations and time-outs go by the monotonic clock" },
  34: {
    fault: "Postgres that restarts, hangs or refuses",
    promise: "reached again with back-off; nothing is done twice; every failure has its kind"
  },
  35: { fault: "Notifications that are lost" },
  36: {
    fault: "Brokers that restart, block or refuse",
    promise: "what was confirmed is there; what is sent again has the same id; publishers wait, memory stays bounded"
  },
  37: { fault: "Death between publishing and marking" },
  38: {
    fault: "Pages that repeat or change",
    promise: "loops, repeated and missing rows are errors; retries are bounded; it goes on at the page where it ended"
  },
  39: {
    fault: "Workflows that never end",
    promise: "a deadline for each; an unknown state is no success; a refreshed session; looks within the limit"
  },
  40: {
    fault: "Load that the generator cannot make",
    promise:
      "invalid for its own processor time, lag, lateness and ports; what a target does, also nothing, is measured"
  },
  41: {
    fault: "Caches and secret stores that are down",
    promise: "memory and loaders go on, one load for all who ask, old values within their grace only"
  },
  42: { fault: "Hostile text in machine-readable reports", promise: "valid for every reader, cut with a note" },
  43: {
    fault: "Graphs with cycles, and large ones",
    promise: "found by check, with the path; 5,000 steps in a second"
  },
  44: { fault: "Programs that embed skein", promise: "nothing is left when a run has ended or was interrupted" }
}

/** Numbers of the faults that must have a test. */
export const claimed: ReadonlyArray<number> = Object.entries(faults).flatMap(([number, { promise }]) =>
  promise === undefined ? [] : [Number(number)]
)

export interface Titled {
  readonly faults: ReadonlyArray<number>
  readonly rest: string
}

/** Reads the numbers that a title begins with: `R03 and R08 leave ...`. */
export const readTitle = (title: string): Titled | undefined => {
  const match = /^(R\d\d(?:(?:, | and )R\d\d)*) (.+)$/s.exec(title)
  if (match === null) return undefined
  return { faults: [...match[1]!.matchAll(/\d\d/g)].map(([number]) => Number(number)), rest: match[2]! }
}
