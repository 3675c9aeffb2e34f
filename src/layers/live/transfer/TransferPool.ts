/** Connections by where they lead, used again one after the other. */
import { BufferPool } from "./BufferPool.ts"
import { type Route, TransferConnection } from "./TransferConnection.ts"

export class TransferPool {
  readonly #buffers = new BufferPool()
  readonly #free = new Map<string, Array<TransferConnection>>()
  readonly #all = new Set<TransferConnection>()

  /** Takes a connection that is free, or makes one. `key` is equal where connections may stand for each other. */
  take(key: string, route: Route): TransferConnection {
    const free = this.#free.get(key) ?? []
    for (let one = free.pop(); one !== undefined; one = free.pop()) {
      if (one.isFree) return one
      this.#all.delete(one)
    }
    const made = new TransferConnection(route, this.#buffers)
    this.#all.add(made)
    return made
  }

  /** Ends the exchange of a connection, and keeps it if it can be used again. */
  give(key: string, connection: TransferConnection): void {
    if (!connection.release()) return void this.#all.delete(connection)
    const free = this.#free.get(key)
    if (free === undefined) this.#free.set(key, [connection])
    else free.push(connection)
  }

  /** Ends all connections at once. */
  close(): void {
    for (const one of this.#all) one.close()
  }
}
