import { assert, describe, it } from "@effect/vitest"
import * as IpAddress from "../../src/core/IpAddress.ts"

describe("IpAddress.isPrivate", () => {
  it.each([
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fd00::1",
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "[::1]"
  ])("R13 %s is of this machine or of a private network", (address) => assert.isTrue(IpAddress.isPrivate(address)))

  it.each(["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "example.com", "", "1.2.3"])(
    "%s is not",
    (address) => assert.isFalse(IpAddress.isPrivate(address))
  )
})
