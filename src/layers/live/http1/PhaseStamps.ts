/** When the parts of one exchange were over, for those who ask where the time went. Ticks. */
import type { Phases } from "../../../services/LoadTransport.ts"

export class PhaseStamps {
  private begun = 0
  private lookedUp = 0
  private connected = 0
  private written = 0
  private firstByte = 0

  begin(now: number): void {
    this.begun =
      this.lookedUp =
      this.connected =
      this.written =
        now
    this.firstByte = 0
  }

  /** An address has no look-up. */
  lookUp(now: number): void {
    this.lookedUp = this.connected = now
  }

  connect(now: number): void {
    this.connected = now
  }

  /** The request is on its way; not called for a socket that was there. Without TLS there is nothing between this and the connection. */
  write(now: number, isSecure: boolean): void {
    this.written = now
    if (!isSecure) this.connected = now
  }

  arrive(now: number): void {
    if (this.firstByte === 0) this.firstByte = now
  }

  phases(ended: number): Phases {
    return {
      dns: this.lookedUp - this.begun,
      connect: this.connected - this.lookedUp,
      tls: this.written - this.connected,
      wait: this.firstByte - this.written,
      transfer: ended - this.firstByte
    }
  }
}
