/** Plans of servers of several generations, as they answer `explain`. */
import { assert, describe, it } from "@effect/vitest"
import * as Explanation from "../../../src/layers/live/mongo/MongoExplanation.ts"
import type { Explanation as Plan } from "../../../src/services/DocumentStore.ts"

const explained = (winningPlan: object) => ({
  queryPlanner: { winningPlan },
  executionStats: { nReturned: 3, totalKeysExamined: 4n, totalDocsExamined: 5 }
})

const scan = { stage: "IXSCAN", indexName: "number_1", keyPattern: { number: 1 } }

describe("MongoExplanation", () => {
  it.each<[because: string, winningPlan: object, expected: Pick<Plan, "plan" | "index" | "sorted">]>([
    ["every document", { stage: "COLLSCAN" }, { plan: "collection scan", sorted: false }],
    ["an index", { stage: "FETCH", inputStage: scan }, { plan: "index scan", index: "number_1", sorted: false }],
    [
      "an index, sorted after it",
      { stage: "SORT", inputStage: { stage: "FETCH", inputStage: scan } },
      { plan: "index scan", index: "number_1", sorted: true }
    ],
    [
      "two indexes",
      { stage: "FETCH", inputStage: { stage: "OR", inputStages: [scan, { ...scan, indexName: "b_1" }] } },
      { plan: "index scan", index: "number_1", sorted: false }
    ],
    [
      "merged by an index that has the order",
      { stage: "SORT_MERGE", inputStages: [scan] },
      { plan: "index scan", index: "number_1", sorted: false }
    ],
    [
      "the slot-based engine",
      { queryPlan: { stage: "FETCH", inputStage: scan }, slotBasedPlan: { stages: "[1] ixscan" } },
      { plan: "index scan", index: "number_1", sorted: false }
    ],
    ["an id", { stage: "IDHACK" }, { plan: "id lookup", sorted: false }],
    ["an id, since 8.0", { stage: "EXPRESS_IXSCAN", indexName: "_id_" }, { plan: "id lookup", sorted: false }],
    [
      "one document by an index, since 8.0",
      { stage: "EXPRESS_IXSCAN", indexName: "number_1" },
      { plan: "index scan", index: "number_1", sorted: false }
    ],
    [
      "shards",
      { stage: "SINGLE_SHARD", shards: [{ shardName: "a", winningPlan: { stage: "FETCH", inputStage: scan } }] },
      { plan: "index scan", index: "number_1", sorted: false }
    ]
  ])("%s", (_, winningPlan, expected) => {
    assert.deepStrictEqual(Explanation.read(explained(winningPlan)), {
      ...expected,
      keysExamined: 4,
      documentsExamined: 5,
      returned: 3
    })
  })
})
