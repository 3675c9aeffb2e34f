/** The errors of one step by kind: how many, and the message of the first one. Kinds are bounded; the rest is counted together. */
import type { Reader, Writer } from "../../../core/Varint.ts"
import type { ErrorCount } from "../LoadResult.ts"

/** Kinds that are told apart. */
const maxKinds = 50
const otherKinds = "other"

export class ErrorKinds {
  private readonly kinds = new Map<string, { count: number; example: string }>()

  /** Counts one; `example` is called for the first of its kind only. */
  tell(kind: string, example: () => string): void {
    const known = this.kinds.get(kind)
    if (known !== undefined) known.count++
    else if (this.kinds.size < maxKinds) this.kinds.set(kind, { count: 1, example: example() })
    else this.add(otherKinds, 1, example())
  }

  /** In the order in which they were first told. */
  get list(): ReadonlyArray<ErrorCount> {
    return Array.from(this.kinds, ([kind, { count, example }]) => ({ kind, count, example }))
  }

  /** Changes kinds and examples; kinds that become the same are one. */
  mask(text: (text: string) => string): void {
    const told = this.list
    if (told.every(({ example, kind }) => text(kind) === kind && text(example) === example)) return
    this.clear()
    for (const { count, example, kind } of told) this.add(text(kind), count, text(example))
  }

  write(writer: Writer): void {
    writer.number(this.kinds.size)
    for (const [kind, { count, example }] of this.kinds) {
      writer.text(kind)
      writer.number(count)
      writer.text(example)
    }
  }

  addFrom(reader: Reader): void {
    for (let left = reader.number(); left > 0; left--) {
      const kind = reader.text()
      const count = reader.number()
      this.add(kind, count, reader.text())
    }
  }

  clear(): void {
    this.kinds.clear()
  }

  private add(kind: string, count: number, example: string): void {
    const known = this.kinds.get(kind)
    if (known !== undefined) known.count += count
    else if (this.kinds.size < maxKinds || kind === otherKinds) this.kinds.set(kind, { count, example })
    else this.add(otherKinds, count, example)
  }
}
