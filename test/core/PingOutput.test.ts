import { assert, describe, it } from "@effect/vitest"
import * as PingOutput from "../../src/core/PingOutput.ts"

const rows = [
  {
    because: "iputils",
    output:
      "PING example.test (192.0.2.7) 56(84) bytes of data.\n64 bytes from 192.0.2.7: icmp_seq=1 ttl=64 time=1.5 ms\n\n" +
      "--- example.test ping statistics ---\n4 packets transmitted, 3 received, 25% packet loss, time 3004ms\n" +
      "rtt min/avg/max/mdev = 1.500/2.000/2.500/0.400 ms\n",
    expected: ["192.0.2.7", 4, 3, 25, 1.5, 2, 2.5]
  },
  {
    because: "iputils with errors and no answer",
    output:
      "PING 192.0.2.7 (192.0.2.7) 56(84) bytes of data.\nFrom 10.0.0.1 icmp_seq=1 Destination Host Unreachable\n\n" +
      "--- 192.0.2.7 ping statistics ---\n1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms\n",
    expected: ["192.0.2.7", 1, 0, 100, null, null, null]
  },
  {
    because: "IPv6",
    output:
      "PING ::1 (::1) 56 data bytes\n\n--- ::1 ping statistics ---\n1 packets transmitted, 1 received, 0% packet loss\n" +
      "rtt min/avg/max/mdev = 0.020/0.020/0.020/0.000 ms\n",
    expected: ["::1", 1, 1, 0, 0.02, 0.02, 0.02]
  },
  {
    because: "BusyBox",
    output: "PING 127.0.0.1 (127.0.0.1): 56 data bytes\n\n--- 127.0.0.1 ping statistics ---\n" +
      "2 packets transmitted, 2 packets received, 0% packet loss\nround-trip min/avg/max = 0.1/0.2/0.3 ms\n",
    expected: ["127.0.0.1", 2, 2, 0, 0.1, 0.2, 0.3]
  },
  {
    because: "macOS",
    output: "PING localhost (127.0.0.1): 56 data bytes\n--- localhost ping statistics ---\n" +
      "2 packets transmitted, 2 packets received, 0.0% packet loss\nround-trip min/avg/max/stddev = 0.1/0.2/0.3/0.0 ms\n",
    expected: ["127.0.0.1", 2, 2, 0, 0.1, 0.2, 0.3]
  },
  {
    because: "Windows",
    output: "\r\nPinging box.test [192.0.2.7] with 32 bytes of data:\r\n\r\nPing statistics for 192.0.2.7:\r\n" +
      "    Packets: Sent = 4, Received = 2, Lost = 2 (50% loss),\r\n    Minimum = 1ms, Maximum = 5ms, Average = 3ms\r\n",
    expected: ["192.0.2.7", 4, 2, 50, 1, 3, 5]
  }
] as const

describe("PingOutput", () => {
  for (const { because, expected, output } of rows) {
    it(`reads the summary of ${because}`, () => {
      const report = PingOutput.parse(output)!
      assert.deepStrictEqual([
        report.resolvedAddress,
        report.transmitted,
        report.received,
        report.lossPercent,
        report.minMillis,
        report.averageMillis,
        report.maxMillis
      ], [...expected])
    })
  }

  it("finds no report in an error", () => {
    assert.isUndefined(PingOutput.parse("ping: nope: Name or service not known\n"))
  })
})
