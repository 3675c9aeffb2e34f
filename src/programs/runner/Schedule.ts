/** Runs many cases at once, a bound on all, and never two that share a lock. Order is kept among those that share one. */
import { Effect, Latch } from "effect"

export interface Task<R> {
  /** Held while it runs. */
  readonly locks: ReadonlyArray<string>
  readonly run: Effect.Effect<void, never, R>
}

/** Runs all tasks, `concurrency` at once. A task that waits for a lock takes no place. */
export const run = <R>(tasks: ReadonlyArray<Task<R>>, concurrency: number): Effect.Effect<void, never, R> =>
  Effect.gen(function*() {
    if (tasks.every((task) => task.locks.length === 0)) {
      return yield* Effect.forEach(tasks, (task) => task.run, { concurrency, discard: true })
    }
    const line = new Line(tasks)
    const freed = yield* Latch.make()
    const worker = Effect.gen(function*() {
      while (!line.empty) {
        yield* freed.close
        const task = line.take()
        if (task === undefined) yield* freed.await
        else {yield* Effect.ensuring(
            task.run,
            Effect.suspend(() => Effect.andThen(Effect.sync(() => line.free(task)), freed.open))
          )}
      }
    })
    const workers = Array.from({ length: Math.min(concurrency, tasks.length) }, () => worker)
    yield* Effect.all(workers, { concurrency: "unbounded", discard: true })
  })

/** Tasks in line, one queue per set of locks, so that a long queue behind one lock costs nothing to pass. */
class Line<R> {
  private readonly queues: ReadonlyArray<
    { readonly locks: ReadonlyArray<string>; readonly tasks: ReadonlyArray<number>; next: number }
  >
  private readonly tasks: ReadonlyArray<Task<R>>
  private readonly held = new Set<string>()
  private left: number

  constructor(tasks: ReadonlyArray<Task<R>>) {
    this.tasks = tasks
    this.left = tasks.length
    const queues = new Map<
      string,
      { readonly locks: ReadonlyArray<string>; readonly tasks: Array<number>; next: number }
    >()
    tasks.forEach((task, index) => {
      const key = JSON.stringify([...task.locks].sort())
      const queue = queues.get(key)
      if (queue === undefined) queues.set(key, { locks: task.locks, tasks: [index], next: 0 })
      else queue.tasks.push(index)
    })
    this.queues = [...queues.values()]
  }

  get empty(): boolean {
    return this.left === 0
  }

  /** The first task in line whose locks are free; it holds them from now on. */
  take(): Task<R> | undefined {
    const passedOver = new Set<string>()
    const inOrder = this.queues.filter((queue) => queue.next < queue.tasks.length)
      .sort((a, b) => a.tasks[a.next]! - b.tasks[b.next]!)
    for (const queue of inOrder) {
      if (queue.locks.every((lock) => !this.held.has(lock) && !passedOver.has(lock))) {
        for (const lock of queue.locks) this.held.add(lock)
        this.left--
        return this.tasks[queue.tasks[queue.next++]!]
      }
      // A later task must not overtake an earlier one that waits for the same lock.
      for (const lock of queue.locks) passedOver.add(lock)
    }
    return undefined
  }

  free(task: Task<R>): void {
    for (const lock of task.locks) this.held.delete(lock)
  }
}
