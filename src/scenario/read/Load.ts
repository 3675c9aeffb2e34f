/**
 * From the names a user gives to read files: folders and globs become files, files become scenarios and suites, includes
 * are put in place. Nothing has been compiled or run yet. All problems of all files are collected.
 */
import { Effect, FileSystem, Path } from "effect"
import { suggest } from "../../core/DidYouMean.ts"
import type { Problem, SourceText, Span } from "../../core/SourceText.ts"
import * as RobogoFile from "../robogo/RobogoFile.ts"
import * as SafePath from "../SafePath.ts"
import type { Scenario, Step, Suite, SuiteCase } from "../Scenario.ts"
import * as FindFiles from "./FindFiles.ts"
import * as NativeFile from "./NativeFile.ts"
import * as Node from "./Node.ts"
import * as Reader from "./Reader.ts"
import * as Yaml from "./Yaml.ts"

export interface LoadOptions {
  /** Absolute; paths are relative to it, and so are the names shown. */
  readonly workingDirectory: string
  /** Absolute folder that includes may not leave. */
  readonly root: string
  readonly allowOutside: boolean
  /** Names that may stand as the action of a step. */
  readonly actions: ReadonlyArray<string>
}

/** A scenario to be run, alone or as a case of a suite. */
export interface LoadedScenario {
  readonly scenario: Scenario
  /** Absolute folder of its file. */
  readonly directory: string
  readonly suite?: { readonly suite: Suite; readonly entry: SuiteCase } | undefined
}

export interface Loaded {
  /** In the order given; inside a folder by path. */
  readonly scenarios: ReadonlyArray<LoadedScenario>
  readonly suites: ReadonlyArray<{ readonly suite: Suite; readonly directory: string }>
  readonly problems: ReadonlyArray<Problem>
  /** YAML files in folders that are no scenarios, for those who wonder. */
  readonly leftOut: ReadonlyArray<string>
}

type Document = Scenario | Suite

/** Loads what `paths` name. Never fails: what cannot be read is a problem at its place. */
export const load = Effect.fn("Load.load")(function*(
  paths: ReadonlyArray<string>,
  options: LoadOptions
): Effect.fn.Return<Loaded, never, FileSystem.FileSystem | Path.Path> {
  const loader = new Loader(options, yield* FileSystem.FileSystem, yield* Path.Path)
  const found = yield* FindFiles.find(paths, options.workingDirectory)
  const documents = yield* Effect.forEach(
    found,
    ({ explicit, path }) => Effect.map(loader.read(path, explicit), (document) => ({ document, explicit })),
    { concurrency: 16 }
  )
  return yield* assemble(documents, loader)
})

/** Loads one text that is no file, with what it includes. */
export const loadSource = Effect.fn("Load.loadSource")(function*(
  source: SourceText,
  options: LoadOptions
): Effect.fn.Return<Loaded, never, FileSystem.FileSystem | Path.Path> {
  const loader = new Loader(options, yield* FileSystem.FileSystem, yield* Path.Path)
  return yield* assemble([{ document: parse(source, options.actions, loader.notes), explicit: true }], loader)
})

/** Puts suites, their cases and includes together. A file that is a case of a suite does not run by itself, unless it was named. */
const assemble = Effect.fnUntraced(function*(
  documents: ReadonlyArray<{ readonly document: Document | undefined; readonly explicit: boolean }>,
  loader: Loader
): Effect.fn.Return<Loaded> {
  const scenarios: Array<LoadedScenario> = []
  const suites: Array<{ readonly suite: Suite; readonly directory: string }> = []
  const inSuite = new Set<string>()
  for (const { document } of documents) {
    if (document?._tag !== "Suite") continue
    const suite = yield* loader.withIncludes(document)
    suites.push({ suite, directory: loader.directoryOf(suite.source) })
    for (const { entry, scenario } of yield* loader.casesOf(suite)) {
      inSuite.add(scenario.source.path)
      scenarios.push({
        scenario: yield* loader.withIncludes(scenario),
        directory: loader.directoryOf(scenario.source),
        suite: { suite, entry }
      })
    }
  }
  for (const { document, explicit } of documents) {
    if (document?._tag !== "Scenario" || !explicit && inSuite.has(document.source.path)) continue
    scenarios.push({ scenario: yield* loader.withIncludes(document), directory: loader.directoryOf(document.source) })
  }
  return { scenarios, suites, problems: loader.notes.problems, leftOut: loader.leftOut }
})

/** Reads one text as a scenario or a suite; for texts that do not come from a file, and for the loader. */
export const parse = (
  source: SourceText,
  actions: ReadonlyArray<string>,
  notes: Reader.Notes
): Document | undefined => {
  const parsed = Yaml.parse(source)
  notes.problems.push(...parsed.problems)
  const { root } = parsed
  // What is read from a broken text is a guess: its structure would only add noise.
  if (parsed.problems.some((problem) => problem.code === "yaml-syntax")) return undefined
  if (root === undefined) {
    return parsed.problems.length > 0
      ? undefined
      : Reader.note(notes, "empty-file", "the file is empty", wholeOf(source), "begin with name: and steps:")
  }
  if (root._tag !== "Map") {
    return Reader.note(
      notes,
      "wrong-type",
      "a scenario is a map with the key steps",
      root.span,
      "begin with name: and steps:"
    )
  }
  if (Node.get(root, "testsuite") !== undefined) return RobogoFile.suite(source, root, notes)
  if (RobogoFile.isRobogo(root)) return RobogoFile.scenario(source, root, notes)
  return Node.get(root, "suite") !== undefined
    ? NativeFile.suite(source, root, actions, notes)
    : NativeFile.scenario(source, root, actions, notes)
}

/** Of one scenario, those inside of included files counted as often as they stand there. */
const maxIncludes = 2_000

class Loader {
  readonly notes: Reader.Notes = { problems: [] }
  readonly leftOut: Array<string> = []
  private readonly documents = new Map<string, Document | undefined>()
  /** So far, in the document that is put together now. */
  private includes = 0
  private readonly options: LoadOptions
  private readonly files: FileSystem.FileSystem
  private readonly path: Path.Path

  constructor(options: LoadOptions, files: FileSystem.FileSystem, path: Path.Path) {
    this.options = options
    this.files = files
    this.path = path
  }

  read(absolute: string, explicit: boolean): Effect.Effect<Document | undefined> {
    return Effect.gen({ self: this }, function*() {
      if (this.documents.has(absolute)) return this.documents.get(absolute)
      const path = this.shown(absolute)
      const text = yield* Effect.result(this.files.readFileString(absolute))
      if (text._tag === "Failure") {
        const missing = text.failure.reason._tag === "NotFound"
        const near = missing ? yield* this.neighbour(absolute) : undefined
        Reader.note(
          this.notes,
          missing ? "missing-file" : "unreadable-file",
          missing ? `there is no file ${path}` : `${path} cannot be read: ${SafePath.explain(text.failure)}`,
          wholeOf({ path, text: "" }),
          near === undefined ? undefined : `did you mean ${near}?`
        )
        return undefined
      }
      const source = { path, text: text.success.replace(/^\uFEFF/, "") }
      const document = !explicit && isForeign(source)
        ? this.leaveOut(path)
        : parse(source, this.options.actions, this.notes)
      this.documents.set(absolute, document)
      return document
    })
  }

  private leaveOut(path: string): undefined {
    this.leftOut.push(path)
  }

  private neighbour(absolute: string): Effect.Effect<string | undefined> {
    const folder = this.path.dirname(absolute)
    return Effect.map(Effect.orElseSucceed(this.files.readDirectory(folder), () => [] as Array<string>), (names) => {
      const near = suggest(this.path.basename(absolute), names)
      return near === undefined ? undefined : this.shown(this.path.join(folder, near))
    })
  }

  /** The scenarios of a suite, in its order. */
  casesOf(suite: Suite): Effect.Effect<ReadonlyArray<{ readonly scenario: Scenario; readonly entry: SuiteCase }>> {
    return Effect.gen({ self: this }, function*() {
      const loaded: Array<{ readonly scenario: Scenario; readonly entry: SuiteCase }> = []
      for (const entry of suite.cases) {
        const files = yield* this.filesOf(entry, suite)
        if (files.length === 0) Reader.note(this.notes, "no-files", `${entry.file} matches no scenario`, entry.fileSpan)
        for (const file of files) {
          const missing = !(yield* Effect.orElseSucceed(this.files.exists(file.path), () => false))
          if (missing) {
            Reader.note(this.notes, "missing-file", `there is no file ${this.shown(file.path)}`, entry.fileSpan)
            continue
          }
          const document = yield* this.read(file.path, file.explicit)
          if (document?._tag === "Suite" && file.explicit) {
            Reader.note(
              this.notes,
              "nested-suite",
              "a suite cannot hold a suite",
              entry.fileSpan,
              "name its cases instead"
            )
          } else if (document?._tag === "Scenario") {
            loaded.push({ scenario: document, entry })
          }
        }
      }
      return loaded
    })
  }

  /** The files of one entry. Robogo looks from where it runs; a file that is not beside the suite may stand there. */
  private filesOf(entry: SuiteCase, suite: Suite): Effect.Effect<ReadonlyArray<FindFiles.Found>> {
    const beside = this.provide(FindFiles.find([entry.file], this.directoryOf(suite.source)))
    if (suite.spelling !== "robogo") return beside
    const there = (found: ReadonlyArray<FindFiles.Found>) =>
      Effect.map(
        Effect.forEach(found, ({ path }) => Effect.orElseSucceed(this.files.exists(path), () => false)),
        (exist) => exist.some((one) => one)
      )
    return Effect.gen({ self: this }, function*() {
      const found = yield* beside
      if (yield* there(found)) return found
      const other = yield* this.provide(FindFiles.find([entry.file], this.options.workingDirectory))
      return (yield* there(other)) ? other : found
    })
  }

  /** Puts the steps of included files in place, deeply. `trail` holds the files above, for cycles. */
  withIncludes<D extends Document>(
    document: D,
    trail: ReadonlyArray<string> = [document.source.path]
  ): Effect.Effect<D> {
    return Effect.gen({ self: this }, function*() {
      if (trail.length === 1) this.includes = 0
      const steps = (list: ReadonlyArray<Step>) => this.includedSteps(list, document.source, trail)
      const setup = yield* steps(document.setup)
      const teardown = yield* steps(document.teardown)
      if (document._tag === "Suite") return { ...document, setup, teardown }
      const scenario = document as Scenario
      const { dataSets } = scenario
      const data = dataSets === undefined ? {} : {
        dataSets: {
          ...dataSets,
          setup: yield* steps(dataSets.setup),
          teardown: yield* steps(dataSets.teardown)
        }
      }
      return { ...document, setup, teardown, ...data, steps: yield* steps(scenario.steps) }
    })
  }

  private includedSteps(
    steps: ReadonlyArray<Step>,
    source: SourceText,
    trail: ReadonlyArray<string>
  ): Effect.Effect<ReadonlyArray<Step>> {
    if (!steps.some((step) => step.body._tag !== "Call")) return Effect.succeed(steps)
    return Effect.forEach(
      steps,
      (step) => Effect.map(this.includedBody(step.body, source, trail), (body) => ({ ...step, body }))
    )
  }

  private includedBody(
    body: Step["body"],
    source: SourceText,
    trail: ReadonlyArray<string>
  ): Effect.Effect<Step["body"]> {
    const steps = (list: ReadonlyArray<Step>) => this.includedSteps(list, source, trail)
    switch (body._tag) {
      case "Call":
        return Effect.succeed(body)
      case "Group":
        return Effect.map(steps(body.steps), (inner) => ({ ...body, steps: inner }))
      case "Branch":
        return Effect.map(
          Effect.all([steps(body.then), steps(body.else)]),
          ([then, other]) => ({ ...body, then, else: other })
        )
      case "Include":
        return this.include(body, source, trail)
    }
  }

  private include(
    body: Extract<Step["body"], { readonly _tag: "Include" }>,
    source: SourceText,
    trail: ReadonlyArray<string>
  ): Effect.Effect<Step["body"]> {
    return Effect.gen({ self: this }, function*() {
      const directory = this.directoryOf(source)
      const bounds = {
        directory,
        root: SafePath.rootOf(directory, this.options.root),
        allowOutside: this.options.allowOutside
      }
      const resolved = yield* Effect.result(
        SafePath.resolve(body.file, bounds).pipe(
          Effect.provideService(FileSystem.FileSystem, this.files),
          Effect.provideService(Path.Path, this.path)
        )
      )
      if (resolved._tag === "Failure") {
        Reader.note(this.notes, "include", resolved.failure.message, body.fileSpan, lowerFirst(resolved.failure.hint))
        return body
      }
      const path = this.shown(resolved.success)
      if (trail.includes(path)) {
        const cycle = [...trail.slice(trail.indexOf(path)), path].join(" -> ")
        Reader.note(this.notes, "include-cycle", `this include goes in a circle: ${cycle}`, body.fileSpan)
        return body
      }
      if (!(yield* Effect.orElseSucceed(this.files.exists(resolved.success), () => false))) {
        const near = yield* this.neighbour(resolved.success)
        Reader.note(
          this.notes,
          "missing-file",
          `there is no file ${path}`,
          body.fileSpan,
          near === undefined ? undefined : `did you mean ${near}?`
        )
        return body
      }
      // Files that include each other many times multiply; the one that is over the bound is told, those after it are not.
      if (++this.includes > maxIncludes) {
        if (this.includes > maxIncludes + 1) return body
        const message = `there are more than ${maxIncludes.toLocaleString("en")} includes in ${
          trail[0]
        }, each time counted`
        Reader.note(this.notes, "too-many-includes", message, body.fileSpan)
        return body
      }
      const document = yield* this.read(resolved.success, true)
      if (document?._tag === "Suite") {
        Reader.note(this.notes, "include", `${path} is a suite; only scenarios can be included`, body.fileSpan)
      }
      if (document?._tag !== "Scenario") return body
      return { ...body, included: yield* this.withIncludes(document, [...trail, path]) }
    })
  }

  private provide<A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem | Path.Path>): Effect.Effect<A, E> {
    return effect.pipe(
      Effect.provideService(FileSystem.FileSystem, this.files),
      Effect.provideService(Path.Path, this.path)
    )
  }

  directoryOf(source: SourceText): string {
    return this.path.dirname(this.path.resolve(this.options.workingDirectory, source.path))
  }

  /** Relative to the working directory when inside it. */
  private shown(absolute: string): string {
    const relative = this.path.relative(this.options.workingDirectory, absolute)
    return relative.startsWith("..") || relative === "" ? absolute : relative.split("\\").join("/")
  }
}

const lowerFirst = (hint: string | undefined): string | undefined =>
  hint === undefined ? undefined : hint.slice(0, 1).toLowerCase() + hint.slice(1)

const wholeOf = (source: SourceText): Span => ({ source, start: 0, end: 0 })

const ourKey = /^(name|steps|setup|teardown|vars|testcase|testsuite|suite|cases)\s*:/m
const foreignKey = /^(openapi|swagger|asyncapi|\$schema|apiVersion|services|jobs)\s*:/m

/** True for YAML in a folder that is plainly something else: an API description, a pipeline, data. */
const isForeign = (source: SourceText): boolean =>
  foreignKey.test(source.text) ||
  source.text.trim() !== "" && !ourKey.test(source.text) && /^[\w"'-]+\s*:|^- /m.test(source.text)
