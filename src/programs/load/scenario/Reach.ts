/** Whether an iteration found a way to its target. One that did not is followed by a rest: see `ClosedExecutor`. */
export class Reach {
  private isAnswered = false
  private isLost = false

  begin(): void {
    this.isAnswered = this.isLost = false
  }

  /** Somebody answered, whatever it was. */
  answer(): void {
    this.isAnswered = true
  }

  /** There was no way. Not for a time-out: who waited in vain had found somebody, and has rested. */
  lose(): void {
    this.isLost = true
  }

  get isMissed(): boolean {
    return this.isLost && !this.isAnswered
  }
}
