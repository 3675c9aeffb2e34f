import { assert, it } from "@effect/vitest"
import * as Thing from "../../src/profile/Thing.ts"

it.each([
  ["pantheon:sites", { profile: "pantheon", name: "sites" }],
  ["pantheon:env:clear-cache", { profile: "pantheon", name: "env:clear-cache" }],
  ["./shop.yaml:orders", { profile: "./shop.yaml", name: "orders" }],
  ["/a/b.yml:order:cancel", { profile: "/a/b.yml", name: "order:cancel" }],
  ["https://api.test/orders", undefined],
  ["HTTP://api.test/a.yaml:x", undefined],
  ["./fix.yaml", undefined],
  ["orders", undefined],
  ["pantheon:", undefined],
  [":sites", undefined]
])("%s is read as a thing of a profile where it is one", (text, thing) => {
  assert.deepStrictEqual(Thing.parse(text), thing)
})
