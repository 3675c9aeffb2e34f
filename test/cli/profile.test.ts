import { assert, describe, it } from "@effect/vitest"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { call, folder } from "./commandLine.ts"

const shop =
  "profile: shop\nsummary: A shop\nbase: http://api.test\nlists:\n  orders: { args: shop, path: \"shops/${shop}\" }\n"

describe.concurrent("skein profile", () => {
  it("lists those of ./profiles, of skein.yaml and of skein itself", async () => {
    using here = folder({ "skein.yaml": "profiles: [more.yaml]\n", "more.yaml": shop })
    mkdirSync(join(here.path, "profiles"))
    writeFileSync(join(here.path, "profiles/bad.yaml"), "profile: bad\n")

    const { code, stdout } = await call(["profile", "list"], here.path)

    assert.strictEqual(code, 0)
    assert.match(stdout, /^bad +has mistakes: skein profile check bad\nmore +A shop\nexample +.+\npantheon +.+\n$/)
  })

  it("shows how a thing is called, and which one was meant", async () => {
    using here = folder({ "shop.yaml": shop })

    const [shown, unknown] = await Promise.all([
      call(["profile", "show", "./shop.yaml:orders"], here.path),
      call(["profile", "show", "./shop.yaml:oders"], here.path)
    ])

    assert.strictEqual(shown.stdout, "shop:orders\n\nskein paginate shop:orders SHOP\n")
    assert.strictEqual(unknown.code, 2)
    assert.match(unknown.stderr, /shop has no "oders"\n {2}did you mean "shop:orders"\?/)
  })

  it("checks files, and answers with 2 when one has mistakes", async () => {
    using here = folder({ "shop.yaml": shop.replace("${shop}", "${shp}") })

    const { code, stdout } = await call(["profile", "check", "shop.yaml"], here.path)

    assert.strictEqual(code, 2)
    assert.match(stdout, /shop\.yaml:5:\d+: error: nothing sets shp[^]+did you mean shop\?[^]+1 error in 1 file/)
  })

  it("has a schema for editors", async () => {
    using here = folder({})
    const { stdout } = await call(["schema", "--of", "profile"], here.path)
    const schema = JSON.parse(stdout) as { readonly required: ReadonlyArray<string>; readonly properties: object }
    assert.deepStrictEqual(schema.required, ["profile", "base"])
    assert.containsAllKeys(schema.properties, ["lists", "operations", "workflows", "downloads", "login", "limits"])
  })
})
