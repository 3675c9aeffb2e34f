/**
 * What is known of the awaited workflows, and whether the wait is over. No clock: the caller says what time it is.
 *
 * The workflows of a wait with an end are known from the beginning, and its result has them all. To a wait that is open (`until` is
 * `never`) they are added one by one, and forgotten once they have ended.
 */
import type { Ended, Event, Goal, Item, Outcome, Result, Seen } from "../WorkflowWait.ts"
import { keyOf } from "./Handles.ts"

export interface Rules {
  readonly until: Goal | "never"
  readonly failFast: boolean
  /** Looks in a row that must not show a workflow before it is missing. */
  readonly absences: number
  /** Looks in a row that must say that a workflow ended. */
  readonly confirmations: number
  /** Looks at a parent that may fail in a row before its workflows are given up. */
  readonly failures: number
  /** Milliseconds that each may take; of those that are known from the beginning. */
  readonly itemTimeout: number
}

/** The workflows that one request tells of. */
export interface Parent {
  readonly name: string
  /** Those that had not ended when it was looked at last. */
  open: ReadonlyArray<Watched>
  /** How far the intervals have grown. */
  step: number
  looks: number
  /** Looks in a row that failed. */
  failures: number
}

export interface Watched {
  readonly item: Item
  /** When it began, in milliseconds of the wait; negative for one that was awaited before. */
  readonly began: number
  seen: Seen | undefined
  absent: number
  /** Looks in a row that said that it ended. */
  agreed: number
  ended: Ended | undefined
}

export class Tally {
  private readonly byName: Map<string, Parent>
  private readonly rules: Rules
  private readonly watched: ReadonlyArray<Watched>
  /** Those that end first first; before `expired` all have ended. */
  private readonly byAge: ReadonlyArray<Watched>
  private expired = 0
  private pending: number
  private done = 0
  private notDone = 0
  private told: Array<Event> = []

  /** `epoch` is the beginning of the wait in milliseconds since 1970. */
  constructor(items: ReadonlyArray<Item>, before: ReadonlyArray<Ended>, rules: Rules, epoch: number) {
    this.rules = rules
    const watched = new Map<string, Watched>()
    for (const item of items) {
      watched.set(keyOf(item), watching(item, Math.min(0, (item.since ?? epoch) - epoch)))
    }
    this.watched = [...watched.values()]
    this.byAge = rules.itemTimeout === Infinity ? [] : this.watched.toSorted((a, b) => a.began - b.began)
    this.pending = this.watched.length
    for (const ended of before) {
      const one = watched.get(keyOf(ended))
      if (one === undefined || one.ended !== undefined) continue
      one.ended = ended
      this.count(ended.outcome)
    }
    const open = Map.groupBy(this.watched.filter(({ ended }) => ended === undefined), ({ item }) => item.parent)
    this.byName = new Map([...open].map(([name, open]) => [name, parentOf(name, open, 0)]))
  }

  /** Parents with workflows that have not ended. */
  parents(): Iterable<Parent> {
    return this.byName.values()
  }

  /** Adds a workflow that has just begun. Answers with its parent when that is a new one, which nobody looks at yet. */
  add(item: Item, now: number): Parent | undefined {
    const one = watching(item, now)
    const known = this.byName.get(item.parent)
    this.pending++
    if (known !== undefined) {
      known.open = [...this.openOf(known), one]
      // Something moves there again.
      known.step = Math.min(1, known.step)
      return undefined
    }
    // What has just begun has not ended: the first look is an interval away.
    const parent = parentOf(item.parent, [one], 1)
    this.byName.set(parent.name, parent)
    return parent
  }

  /** Forgets a workflow that is not awaited any more. */
  drop({ id, parent }: Item): void {
    const one = this.byName.get(parent)?.open.find(({ ended, item }) => item.id === id && ended === undefined)
    if (one === undefined) return
    one.ended = { ...one.item, outcome: "not awaited", durationMs: 0 }
    this.count("not awaited")
  }

  /** Forgets a parent none of whose workflows is open; answers whether it was one. */
  leave(parent: Parent): boolean {
    if (this.openOf(parent).length > 0) return false
    return this.byName.delete(parent.name)
  }

  /** Whether nothing more can change the verdict, or is wanted. */
  isOver(): boolean {
    const { failFast, until } = this.rules
    if (until === "never") return false
    if (this.pending === 0 || failFast && this.notDone > 0) return true
    return until !== "all" && (this.done >= this.enough() || this.done + this.pending < this.enough())
  }

  /** Takes note of what a look for `asked` saw at `now`. */
  note(parent: Parent, asked: ReadonlyArray<Watched>, seen: ReadonlyMap<string, Seen>, now: number): void {
    let moved = false
    for (const one of asked) {
      if (one.ended !== undefined) continue
      const state = seen.get(one.item.id)
      if (state === undefined) {
        if (++one.absent >= this.rules.absences) {
          this.end(one, "missing", now, `${one.absent} looks in a row did not show it`)
        }
        continue
      }
      one.absent = 0
      const before = one.seen
      one.seen = state
      if (before === undefined || differs(before, state)) {
        this.told.push({ _tag: "Changed", item: one.item, seen: state })
      }
      if (state.state === "done" || state.state === "failed") {
        one.agreed = before?.state === state.state ? one.agreed + 1 : 1
        if (one.agreed >= this.rules.confirmations) this.end(one, state.state, now)
        else moved = true
      } else {
        one.agreed = 0
        moved ||= before !== undefined && before.text !== state.text
      }
    }
    parent.failures = 0
    // One that goes into another state is looked at sooner; one that ended says nothing about the others.
    parent.step = moved ? Math.max(1, parent.step - 1) : parent.step + 1
  }

  /** Takes note of a look that failed; after too many of them in a row its workflows are given up. */
  trouble(parent: Parent, asked: ReadonlyArray<Watched>, problem: string, now: number): void {
    this.told.push({ _tag: "Trouble", parent: parent.name, problem })
    parent.step++
    if (++parent.failures < this.rules.failures) return
    parent.failures = 0
    for (const one of asked) {
      if (one.ended === undefined) this.end(one, "unreachable", now, problem)
    }
  }

  /** The workflows of a parent that have not ended. */
  openOf(parent: Parent): ReadonlyArray<Watched> {
    if (parent.open.some(({ ended }) => ended !== undefined)) {
      parent.open = parent.open.filter(({ ended }) => ended === undefined)
    }
    return parent.open
  }

  /** Ends the workflows whose own time is up. */
  expire(now: number): void {
    for (let at = this.nextDeadline(); at <= now; at = this.nextDeadline()) {
      this.end(this.byAge[this.expired]!, "timed out", now)
    }
  }

  /** When the next workflow runs out of its own time; `Infinity` when none does. */
  nextDeadline(): number {
    while (this.byAge[this.expired]?.ended !== undefined) this.expired++
    const next = this.byAge[this.expired]
    return next === undefined ? Infinity : next.began + this.rules.itemTimeout
  }

  /** What happened since the last call. */
  take(): ReadonlyArray<Event> {
    const events = this.told
    this.told = []
    return events
  }

  /** Ends what has not ended: `why` is `stopped`, or says when it was to end; nothing when the wait is over by itself. */
  finish(why: string | undefined, polls: number, now: number): Result {
    const isLate = why !== undefined && why !== "stopped"
    for (const one of this.watched) {
      if (one.ended !== undefined) continue
      if (isLate) {
        this.end(
          one,
          "timed out",
          now,
          `it did not end ${why}${one.seen === undefined ? ", and no look has shown it" : ""}`
        )
      } else this.end(one, "not awaited", now)
    }
    const items = this.watched.map(({ ended }) => ended!)
    const isMet = this.done >= this.enough()
    const isOutOfTime = items.some(({ outcome }) => outcome === "timed out")
    const verdict = isMet ? "met" : why === "stopped" ? "stopped" : isOutOfTime ? "timed out" : "failed"
    return { items, verdict, polls }
  }

  private enough(): number {
    const { until } = this.rules
    if (until === "never") return Infinity
    if (until === "any") return Math.min(1, this.watched.length)
    return until === "all" ? this.watched.length : until.done
  }

  private end(one: Watched, outcome: Outcome, now: number, problem?: string): void {
    one.ended = {
      ...one.item,
      outcome,
      durationMs: Math.round(now - one.began),
      ...(one.seen === undefined ? {} : { seen: one.seen }),
      ...(problem === undefined ? {} : { problem })
    }
    this.count(outcome)
    this.told.push({ _tag: "Ended", item: one.ended })
  }

  private count(outcome: Outcome): void {
    this.pending--
    if (outcome === "done") this.done++
    else this.notDone++
  }
}

const watching = (item: Item, began: number): Watched => (
  { item, began, seen: undefined, absent: 0, agreed: 0, ended: undefined }
)

const parentOf = (name: string, open: ReadonlyArray<Watched>, step: number): Parent => (
  { name, open, step, looks: 0, failures: 0 }
)

const differs = (a: Seen, b: Seen): boolean =>
  a.state !== b.state || a.text !== b.text || a.progress !== b.progress || a.message !== b.message
