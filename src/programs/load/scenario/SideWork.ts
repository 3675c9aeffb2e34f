/**
 * The fiber of a virtual user. It sleeps while requests come and go by callbacks, and does what needs an effect: a wait, an interpreted
 * step, a new connection. One piece at a time; it ends with the user's scope, in the middle of a piece too.
 */
import { Cause, Effect, Exit } from "effect"

export class SideWork<R> {
  private waiting: ((work: Effect.Effect<void, never, R>) => void) | undefined
  private next: Effect.Effect<void, never, R> | undefined

  /** Does this now, or as soon as the piece before is done. */
  run(work: Effect.Effect<void, never, R>): void {
    const { waiting } = this
    if (waiting === undefined) this.next = work
    else {
      this.waiting = undefined
      waiting(work)
    }
  }

  /** To be forked once. A piece that breaks is told to `broken`, and the fiber goes on. */
  loop(broken: (cause: Cause.Cause<never>) => void): Effect.Effect<never, never, R> {
    const piece: Effect.Effect<void, never, R> = Effect.callback<void, never, R>((resume) => {
      const { next } = this
      if (next === undefined) this.waiting = resume
      else {
        this.next = undefined
        resume(next)
      }
    })
    return Effect.forever(
      Effect.onExit(
        piece,
        (exit) =>
          Exit.isFailure(exit) && !Cause.hasInterrupts(exit.cause) ? Effect.sync(() => broken(exit.cause)) : Effect.void
      ).pipe(
        Effect.catchDefect(() => Effect.void)
      )
    )
  }
}
