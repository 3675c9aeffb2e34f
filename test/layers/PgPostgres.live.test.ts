/** The contract on the machine's own PostgreSQL: `SKEIN_TEST_POSTGRES_URL`, by default database `test` on the loopback. */
import { Layer } from "effect"
import * as PgPostgres from "../../src/layers/live/PgPostgres.ts"
import { suite, TestDatabase } from "../services/PostgresSuite.ts"

const url = process.env["SKEIN_TEST_POSTGRES_URL"] ?? "postgres://postgres@127.0.0.1:5432/test"

suite("the machine's server", Layer.merge(PgPostgres.layer, Layer.succeed(TestDatabase, { url })), { backends: "many" })
