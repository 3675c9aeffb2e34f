import { assert, describe, it } from "@effect/vitest"
import type { Topology as Declared } from "../../../src/services/MessageBroker.ts"
import * as Topology from "../../../src/services/messages/Topology.ts"

const scanners: Declared = {
  exchanges: [{ name: "cptm8", type: "topic" }],
  queues: [{ name: "qnum8" }, { name: "qasmm8" }],
  bindings: [
    { exchange: "cptm8", queue: "qnum8", routingKey: "cptm8.qnum8.#" },
    { exchange: "cptm8", queue: "qasmm8", routingKey: "cptm8.asmm8.#" }
  ]
}

describe("Topology", () => {
  it("a topology in order has no problem", () => {
    assert.deepStrictEqual(
      Topology.check({ ...scanners, publishes: [{ exchange: "cptm8", routingKey: "cptm8.asmm8.get.scan" }] }),
      []
    )
  })

  it("a key that no binding takes is found, with the binding that was probably meant", () => {
    const topology = { ...scanners, publishes: [{ exchange: "cptm8", routingKey: "cptm8.num8.get.scan" }] }

    assert.deepStrictEqual(Topology.check(topology), [{
      place: "publishes[0]",
      kind: "Unroutable",
      message: "no binding of the exchange \"cptm8\" takes the key \"cptm8.num8.get.scan\"",
      hint: "did you mean the binding \"cptm8.qnum8.#\" of queue \"qnum8\" to be \"cptm8.num8.#\"?"
    }])
    const error = Topology.refusal(topology)
    assert.strictEqual(error?.reason, "Unroutable")
    assert.include(error?.message, "publishes[0]")
    assert.include(error?.hint, "cptm8.num8.#")
  })

  const wrong: ReadonlyArray<
    readonly [topology: Declared, place: string, kind: Topology.Problem["kind"], text: RegExp, because: string]
  > = [
    [{ exchanges: [{ name: "", type: "topic" }] }, "exchanges[0]", "Invalid", /no name/, "a name is needed"],
    [{ queues: [{ name: "amq.mine" }] }, "queues[0]", "Invalid", /broker's own/, "amq. is reserved"],
    [{ queues: [{ name: "ä".repeat(128) }] }, "queues[0]", "Invalid", /256 bytes/, "names are short"],
    [{ queues: [{ name: "a" }, { name: "a" }] }, "queues[1]", "Invalid", /twice/, "one queue of a name"],
    [{ queues: [{ name: "a", messageTtl: -1 }] }, "queues[0]", "Invalid", /messageTtl/, "time does not run back"],
    [{ queues: [{ name: "a", expires: 0 }] }, "queues[0]", "Invalid", /expires/, "RabbitMQ refuses 0 there"],
    [{ queues: [{ name: "a", maxLength: 1.5 }] }, "queues[0]", "Invalid", /maxLength/, "messages are whole"],
    [{ queues: [{ name: "a", maxPriority: 256 }] }, "queues[0]", "Invalid", /0 to 255/, "a priority is a byte"],
    [
      { queues: [{ name: "a", arguments: { "x-overflow": "spill" } }] },
      "queues[0]",
      "Invalid",
      /overflow/,
      "three are known"
    ],
    [
      { queues: [{ name: "a", deadLetterRoutingKey: "x" }] },
      "queues[0]",
      "Invalid",
      /no deadLetterExchange/,
      "a key for nothing"
    ],
    [
      { queues: [{ name: "a", deadLetterExchange: "dlx" }] },
      "queues[0]",
      "Unknown",
      /"dlx"/,
      "dead letters that vanish"
    ],
    [{ bindings: [{ exchange: "amq.topic" }] }, "bindings[0]", "Invalid", /none/, "a binding leads somewhere"],
    [
      { queues: [{ name: "a" }], bindings: [{ exchange: "", queue: "a" }] },
      "bindings[0]",
      "Invalid",
      /default/,
      "it has its own"
    ],
    [
      { queues: [{ name: "orders" }], bindings: [{ exchange: "amq.topic", queue: "ordres" }] },
      "bindings[0]",
      "Unknown",
      /"ordres"/,
      "a queue with a typo"
    ],
    [
      {
        queues: [{ name: "a" }],
        bindings: [{ exchange: "amq.headers", queue: "a", arguments: { "x-match": "some" } }]
      },
      "bindings[0]",
      "Invalid",
      /x-match/,
      "four words are known"
    ],
    [
      { publishes: [{ exchange: "", routingKey: "a" }] },
      "publishes[0]",
      "Unroutable",
      /no queue "a"/,
      "keys are queues there"
    ],
    [{ publishes: [{ exchange: "e", routingKey: "a" }] }, "publishes[0]", "Unroutable", /"e"/, "no such exchange"],
    [
      { exchanges: [{ name: "i", type: "fanout", internal: true }], publishes: [{ exchange: "i", routingKey: "" }] },
      "publishes[0]",
      "Invalid",
      /internal/,
      "nobody may publish there"
    ]
  ]
  for (const [topology, place, kind, text, because] of wrong) {
    it(`${place} ${kind}: ${because}`, () => {
      const [problem, ...others] = Topology.check(topology)
      assert.deepStrictEqual([problem?.place, problem?.kind, others], [place, kind, []])
      assert.match(problem?.message ?? "", text)
    })
  }

  it("all problems are told at once, each with its place", () => {
    const error = Topology.refusal({
      queues: [{ name: "a", expires: 0 }, { name: "a" }],
      publishes: [{ exchange: "", routingKey: "b" }]
    })

    assert.strictEqual(error?.reason, "Invalid")
    assert.match(error?.message ?? "", /3 problems:\n- queues\[0\]: .*\n- queues\[1\]: .*\n- publishes\[0\]: .*/)
  })

  it("references to what a broker may have are told, and refuse nothing", () => {
    const topology: Declared = { bindings: [{ exchange: "theirs", queue: "theirs" }] }

    assert.deepStrictEqual(Topology.check(topology).map(({ kind }) => kind), ["Unknown", "Unknown"])
    assert.isUndefined(Topology.refusal(topology))
  })

  it("keys are followed through exchanges and alternate exchanges", () => {
    assert.deepStrictEqual(
      Topology.check({
        exchanges: [
          { name: "in", type: "direct", alternateExchange: "rest" },
          { name: "rest", type: "fanout" },
          { name: "by-kind", type: "headers" }
        ],
        queues: [{ name: "q" }],
        bindings: [
          { exchange: "rest", toExchange: "by-kind" },
          { exchange: "by-kind", queue: "q", arguments: { kind: "order" } }
        ],
        publishes: [
          { exchange: "in", routingKey: "any", headers: { kind: "order" } },
          { exchange: "in", routingKey: "any", headers: { kind: "other" } }
        ]
      }).map(({ place }) => place),
      ["publishes[1]"]
    )
  })
})
