/** What all operations of an engine share: its state, its journal, and how work that throws becomes an effect. */
import { Effect } from "effect"
import { DocumentStoreError } from "../../../services/DocumentStore.ts"
import type * as Filter from "./DocumentFilter.ts"
import type * as Pipelines from "./DocumentPipelines.ts"
import { Pause, type State } from "./DocumentState.ts"
import type { Writer } from "./DocumentWriter.ts"

/** Does work that throws; again from its beginning after a {@link Pause}. */
export const attempt = <A>(work: () => A): Effect.Effect<A, DocumentStoreError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(work())
    } catch (error) {
      if (error instanceof Pause) return Effect.andThen(error.until, attempt(work))
      return error instanceof DocumentStoreError ? Effect.fail(error) : Effect.die(error)
    }
  })

export class Work {
  readonly state: State
  readonly writer: Writer
  private loaded: typeof Pipelines | undefined

  constructor(state: State, writer: Writer) {
    this.state = state
    this.writer = writer
  }

  /** Throws {@link Pause} while they are not loaded. */
  get pipelines(): typeof Pipelines {
    if (this.loaded !== undefined) return this.loaded
    throw new Pause(
      Effect.map(Effect.promise(() => import("./DocumentPipelines.ts")), (loaded) => void (this.loaded = loaded))
    )
  }

  readonly expressions: Filter.Expressions = { test: (wanted) => this.pipelines.expressions.test(wanted) }

  /** Throws when the journal has failed. */
  refuseBroken(): void {
    const broken = this.writer.broken()
    if (broken !== undefined) throw broken
  }

  /** Changes something, at `now` in milliseconds, and waits for the journal. */
  change<A>(work: (now: number) => A): Effect.Effect<A, DocumentStoreError> {
    return Effect.clockWith((clock) =>
      attempt(() => {
        this.refuseBroken()
        return work(clock.currentTimeMillisUnsafe())
      })
    ).pipe(Effect.tap(this.writer.flushed))
  }
}
