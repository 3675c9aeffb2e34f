/** What every `Journal` must do. Each layer's test file calls it once. */
import { assert, describe, type Vitest } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Stream } from "effect"
import { Journal, JournalError, type JournalHandle, type OpenOptions } from "../../src/services/Journal.ts"

/** Gives a folder that nobody used before. */
export class TestFolder extends Context.Service<TestFolder, { readonly next: Effect.Effect<string> }>()(
  "test/TestFolder"
) {}

export const format = { name: "test records", version: 2 }

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (record: Uint8Array): string => new TextDecoder().decode(record)

export const open = (folder: string, options: Partial<OpenOptions> = {}) =>
  Effect.flatMap(Journal, (journal) => journal.open(folder, { format, ...options }))

/** Opens, does something and closes. */
export const using = <A, E, R>(
  folder: string,
  use: (journal: JournalHandle) => Effect.Effect<A, E, R>,
  options: Partial<OpenOptions> = {}
) => Effect.scoped(Effect.flatMap(open(folder, options), use))

export const all = (journal: JournalHandle) =>
  Effect.map(Stream.runCollect(journal.records), (records) => records.map(text))

/** What is found on the next opening. */
export const kept = (folder: string) => using(folder, all)

export const tests = (it: Vitest.MethodsNonLive<Journal | TestFolder>): void => {
  describe("Journal", () => {
    const folder = Effect.flatMap(TestFolder, ({ next }) => next)

    it.effect("a new journal is empty", () =>
      Effect.gen(function*() {
        const found = yield* using(yield* folder, (journal) =>
          Effect.zip(Effect.succeed(journal.recovered), all(journal)))

        assert.deepStrictEqual(found, [{ records: 0, droppedBytes: 0 }, []])
      }))

    for (const sync of ["always", "never", "10 millis"] as const) {
      it.effect(`records are there in order on the next opening (sync ${sync})`, () =>
        Effect.gen(function*() {
          const place = yield* folder
          yield* using(place, (journal) =>
            Effect.andThen(
              journal.append([bytes("a"), bytes(""), bytes("b")]),
              journal.append([bytes("c")])
            ), { sync })

          const found = yield* using(place, (journal) =>
            Effect.zip(all(journal), Effect.succeed(journal.recovered.records)))

          assert.deepStrictEqual(found, [["a", "", "b", "c"], 4])
        }))
    }

    it.effect("records are those of the opening: what is added later is not among them", () =>
      Effect.gen(function*() {
        const place = yield* folder
        yield* using(place, (journal) => journal.append([bytes("old")]))

        const found = yield* using(place, (journal) => Effect.andThen(journal.append([bytes("new")]), all(journal)))

        assert.deepStrictEqual(found, ["old"])
        assert.deepStrictEqual(yield* kept(place), ["old", "new"])
      }))

    it.effect("appends of many fibers are all kept, each whole and in its order", () =>
      Effect.gen(function*() {
        const place = yield* folder
        yield* using(place, (journal) =>
          Effect.forEach(
            Array.from({ length: 50 }, (_, writer) => writer),
            (writer) =>
              Effect.forEach(
                [0, 1, 2],
                (round) => journal.append([bytes(`${writer}.${round}a`), bytes(`${writer}.${round}b`)])
              ),
            { concurrency: "unbounded", discard: true }
          ), { sync: "always" })

        const found = yield* kept(place)

        assert.strictEqual(found.length, 300)
        for (let writer = 0; writer < 50; writer++) {
          assert.deepStrictEqual(
            found.filter((record) => record.startsWith(`${writer}.`)),
            ["0a", "0b", "1a", "1b", "2a", "2b"].map((rest) => `${writer}.${rest}`)
          )
        }
        for (const [at, record] of found.entries()) {
          if (record.endsWith("a")) assert.strictEqual(found[at + 1], record.replace(/a$/, "b"))
        }
      }))

    it.effect("records of any bytes and many sizes come back as they were", () =>
      Effect.gen(function*() {
        const place = yield* folder
        const sizes = [0, 1, 7, 8, 9, 255, 256, 65_535, 65_536, 262_136, 262_137, 1_500_000]
        const records = sizes.map((size) => Uint8Array.from({ length: size }, (_, at) => at * 31 + size))
        yield* using(place, (journal) => journal.append(records))

        const found = yield* using(place, (journal) => Stream.runCollect(journal.records))

        assert.deepStrictEqual(found.map((record) => record.length), sizes)
        assert.isTrue(found.every((record, at) => Buffer.compare(record, records[at]!) === 0))
      }))

    it.effect("rewrite puts new records in the place of all, and appends go on after them", () =>
      Effect.gen(function*() {
        const place = yield* folder
        const sizes = yield* using(place, (journal) =>
          Effect.gen(function*() {
            yield* journal.append(Array.from({ length: 1_000 }, (_, at) => bytes(`old ${at}`)))
            const before = yield* journal.size
            yield* journal.rewrite([bytes("one"), bytes("two")])
            const after = yield* journal.size
            yield* journal.append([bytes("three")])
            return { before, after }
          }))

        assert.isBelow(sizes.after, sizes.before)
        assert.deepStrictEqual(yield* kept(place), ["one", "two", "three"])
      }))

    it.effect("an append during a rewrite comes after it", () =>
      Effect.gen(function*() {
        const place = yield* folder
        yield* using(place, (journal) =>
          Effect.gen(function*() {
            const rewriting = yield* Effect.forkChild(
              journal.rewrite(Array.from({ length: 20_000 }, (_, at) => bytes(`rewritten ${at}`))),
              { startImmediately: true }
            )
            yield* journal.append([bytes("after")])
            yield* Fiber.join(rewriting)
          }))

        const found = yield* kept(place)

        assert.deepStrictEqual([found.length, found[0], found.at(-1)], [20_001, "rewritten 0", "after"])
      }))

    it.effect("a rewrite whose records cannot be made changes nothing", () =>
      Effect.gen(function*() {
        const place = yield* folder
        const exit = yield* using(place, (journal) =>
          Effect.gen(function*() {
            yield* journal.append([bytes("old")])
            const exit = yield* Effect.exit(journal.rewrite(broken()))
            yield* journal.append([bytes("new")])
            return exit
          }))

        assert.isTrue(Exit.hasDies(exit))
        assert.deepStrictEqual(yield* kept(place), ["old", "new"])
      }))

    it.effect("size grows with what is added", () =>
      Effect.gen(function*() {
        const grown = yield* using(yield* folder, (journal) =>
          Effect.gen(function*() {
            const before = yield* journal.size
            yield* journal.append([bytes("12345")])
            return (yield* journal.size) - before
          }))

        assert.isAtLeast(grown, 5)
      }))

    it.effect("a record beyond 64 MiB is refused, nothing of its batch is kept, and the journal goes on", () =>
      Effect.gen(function*() {
        const place = yield* folder
        const errors = yield* using(place, (journal) =>
          Effect.gen(function*() {
            const long = new Uint8Array(64 * 1024 * 1024 + 1)
            const appended = yield* Effect.flip(journal.append([bytes("beside"), long]))
            const rewritten = yield* Effect.flip(journal.rewrite([bytes("beside"), long]))
            yield* journal.append([bytes("after")])
            return [appended, rewritten]
          }))

        assert.deepStrictEqual(errors.map(({ reason }) => reason), ["TooLong", "TooLong"])
        assert.deepStrictEqual(yield* kept(place), ["after"])
      }))

    it.effect("a folder is held: a second opening is refused with who holds it, until the first one is closed", () =>
      Effect.gen(function*() {
        const place = yield* folder
        const refused = yield* using(place, () => Effect.flip(open(place).pipe(Effect.scoped)))

        assert.instanceOf(refused, JournalError)
        assert.strictEqual(refused.reason, "Held")
        assert.match(refused.holder ?? "", /^process \d+ on ./)
        assert.include(refused.message, refused.holder!)
        assert.deepStrictEqual(yield* kept(place), [])
      }))

    it.effect("two folders have nothing to do with each other", () =>
      Effect.gen(function*() {
        const [one, other] = [yield* folder, yield* folder]
        yield* using(one, (journal) =>
          using(other, (second) => Effect.andThen(journal.append([bytes("1")]), second.append([bytes("2")]))))

        assert.deepStrictEqual([yield* kept(one), yield* kept(other)], [["1"], ["2"]])
      }))

    it.effect("a journal of another kind, or of a newer version, is refused and left as it is", () =>
      Effect.gen(function*() {
        const place = yield* folder
        yield* using(place, (journal) => journal.append([bytes("kept")]))
        const refused = (format: OpenOptions["format"]) => Effect.flip(Effect.scoped(open(place, { format })))

        const other = yield* refused({ name: "other records", version: 2 })
        const older = yield* refused({ name: format.name, version: 1 })

        assert.deepStrictEqual([other.reason, older.reason], ["Format", "Format"])
        assert.include(other.message, "test records")
        assert.include(older.message, "newer version")
        assert.deepStrictEqual(yield* kept(place), ["kept"])
      }))

    it.effect("a handle whose scope is closed refuses to write", () =>
      Effect.gen(function*() {
        const place = yield* folder
        const handle = yield* using(place, Effect.succeed)

        const errors = [yield* Effect.flip(handle.append([bytes("late")])), yield* Effect.flip(handle.rewrite([]))]

        assert.deepStrictEqual(errors.map(({ reason }) => reason), ["Disk", "Disk"])
        assert.deepStrictEqual(yield* kept(place), [])
      }))
  })
}

function* broken(): Generator<Uint8Array> {
  yield bytes("begun")
  throw new Error("the records cannot be made")
}
