/**
 * The fiber of a virtual user. It sleeps while requests come and go by callbacks, and does what needs an effect: a wait, an interpreted
 * step, a new connection. One piece at a time; it ends with the user's scope, in the middle of a piece too.
 */
import { Cause, Effect, Exit } from "effect"

export class SideWork<R> {
  private waiting: ((work: Effect.Effect<void, never, R>) => void) | undefined
  private next: Effect.Effect<void, never, R> | undefined
  private end: (() => void) | undefined
  private readonly canCancel: boolean

  /** `canCancel`: whether {@link cancel} will be asked for, which makes each piece a little dearer. */
  constructor(canCancel: boolean) {
    this.canCancel = canCancel
  }

  /** Does this now, or as soon as the piece before is done. */
  run(work: Effect.Effect<void, never, R>): void {
    const { waiting } = this
    if (waiting === undefined) this.next = work
    else {
      this.waiting = undefined
      waiting(this.canCancel ? this.cancellable(work) : work)
    }
  }

  /** Interrupts the piece that is done now, and forgets the one after it. What is run next begins when it has ended. */
  cancel(): void {
    this.next = undefined
    this.end?.()
  }

  /** To be forked once. A piece that breaks is told to `broken`, and the fiber goes on. */
  loop(broken: (cause: Cause.Cause<never>) => void): Effect.Effect<never, never, R> {
    const piece: Effect.Effect<void, never, R> = Effect.callback<void, never, R>((resume) => {
      const { next } = this
      if (next === undefined) this.waiting = resume
      else {
        this.next = undefined
        resume(this.canCancel ? this.cancellable(next) : next)
      }
    })
    const watched = Effect.onExit(
      piece,
      (exit) =>
        Exit.isFailure(exit) && !Cause.hasInterrupts(exit.cause) ? Effect.sync(() => broken(exit.cause)) : Effect.void
    )
    // It was told.
    return Effect.forever(Effect.catchDefect(watched, () => Effect.void))
  }

  private cancellable(work: Effect.Effect<void, never, R>): Effect.Effect<void, never, R> {
    const cancelled = Effect.callback<void>((resume) => {
      this.end = () => resume(Effect.void)
      return Effect.sync(() => {
        this.end = undefined
      })
    })
    return Effect.raceFirst(cancelled, work)
  }
}
