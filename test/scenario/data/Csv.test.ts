import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Csv from "../../../src/scenario/data/Csv.ts"
import { processorMillis } from "../../support/processorTime.ts"

const read = (text: string, options?: Csv.Options) =>
  Result.match(Csv.parse(text, options), {
    onFailure: (problem) => problem.message,
    onSuccess: ({ cells, headers }) => ({ headers, cells })
  })

describe("Csv", () => {
  const rows: ReadonlyArray<
    readonly [text: string, options: Csv.Options, headers: ReadonlyArray<string>, cells: unknown, because: string]
  > = [
    ["a,b\n1,2\r\n3,4\r5,6", {}, ["a", "b"], [["1", "2"], ["3", "4"], ["5", "6"]], "line ends may be mixed"],
    ["\uFEFFa\n1", {}, ["a"], [["1"]], "a byte order mark is no part of a name"],
    ["a,b\n\n1,2\n", {}, ["a", "b"], [["1", "2"]], "empty lines are left out"],
    ["a\n\"x \"\"y\"\", \nz\"", {}, ["a"], [["x \"y\", \nz"]], "quotes hold commas, quotes and lines"],
    ["id,id,id\n1,2,3", {}, ["id", "id_2", "id_3"], [["1", "2", "3"]], "no column is lost to another of its name"],
    [
      "1;2",
      { delimiter: ";", header: false },
      ["column_0", "column_1"],
      [["1", "2"]],
      "without a header columns are numbered"
    ],
    ["a\n1\n2\n3", { maxRows: 2 }, ["a"], [["1"], ["2"]], "rows are bounded, the header not counted"],
    [" a , b \n 1 , 2 ", { trim: true }, ["a", "b"], [["1", "2"]], "spaces go when asked"],
    [" a \n 1 ", {}, [" a "], [[" 1 "]], "spaces stay when not"],
    ["", {}, [], [], "nothing is a table without columns"]
  ]
  for (const [text, options, headers, cells, because] of rows) {
    it(because, () => assert.deepEqual(read(text, options), { headers, cells } as never))
  }

  it("refuses a row with too few or too many fields, and names its line", () => {
    assert.strictEqual(read("a,b\n1,2\n3"), "invalid Record Length: expect 2, got 1 on line 3")
    assert.strictEqual(read("a,b\n1,2,3"), "invalid Record Length: expect 2, got 3 on line 2")
    assert.include(read("a\n\"1") as string, "quote Not Closed")
  })

  it("bounds the text, and reads a long one in linear time", () => {
    const start = processorMillis()
    assert.strictEqual(read("a\n".padEnd(Csv.maxLength + 1)), "it is longer than 20000000 characters")
    const table = read(`a,b\n${"1,\"x\"\n".repeat(50_000)}`) as { readonly cells: ReadonlyArray<unknown> }
    assert.lengthOf(table.cells, 50_000)
    assert.isBelow(processorMillis() - start, 3_000)
  })

  it("R03 makes records without a prototype from names such as __proto__", () => {
    const [row] = Csv.rows(Result.getOrThrow(Csv.parse("__proto__,b\nx,1")))
    assert.isNull(Object.getPrototypeOf(row))
    assert.deepEqual(Object.keys(row!), ["__proto__", "b"])
  })
})
