/** `secret`: fetches a secret while the case runs. */
import { Effect, Result, Schema } from "effect"
import * as SecretCache from "../../services/SecretCache.ts"
import * as SecretReference from "../../services/SecretReference.ts"
import { Secrets } from "../../services/Secrets.ts"
import * as Action from "../Action.ts"
import * as Fields from "../Fields.ts"

export const secret = Action.make({
  name: "secret",
  family: "basics",
  summary: "Fetches a secret now, and masks it in everything that is shown from here on",
  input: Schema.Struct({
    from: Fields.describe(
      Fields.Source,
      "Where it comes from, as under secrets: { env }, { file }, { folder }, { dotenv, key }, { vault }, { command }, ...; of a list the first that has it. { value } masks a text that is known already"
    ),
    name: Fields.optional(Fields.Text, "What it is called in messages [default: secret]"),
    timeout: Fields.optional(Fields.Duration, "The longest time to fetch it [default: 10s]")
  }),
  positional: ["from"],
  output: Schema.Unknown,
  effect: "read",
  validate: (_, constants) => {
    const read = constants["from"] === undefined ? undefined : SecretReference.read(constants["from"])
    return read === undefined || Result.isSuccess(read) ? [] : [`${read.failure.message}; ${read.failure.hint}`]
  },
  examples: [
    {
      title: "A secret that is needed only now",
      yaml: `steps:
  - secret: [{ env: SKEIN_EXAMPLE_TOKEN }, { value: a-token-for-the-example }]
    save: { token: value }
  - assert: size(token) > 4
`
    },
    {
      title: "A token of an answer is masked from here on",
      yaml: `mocks: { shop: { routes: { "POST /login": { json: { token: s3cr3t-of-this-session } } } } }
steps:
  - http: { method: POST, url: "\${mocks.shop.url}/login" }
    save: { login: body }
  - secret: { value: "\${login.token}" }
    save: { token: value }
  - http: { url: "\${mocks.shop.url}/orders", headers: { authorization: "Bearer \${token}" } }
    expect: status == 404
`
    }
  ],
  run: Effect.fnUntraced(function*({ from, name = "secret", timeout }, { directory, environment }) {
    const secrets = yield* Secrets
    const found = yield* secrets.resolve({ [name]: from }, { directory, environment, timeout }).pipe(
      Effect.mapError((error) =>
        new Action.ActionError({ reason: "Unavailable", message: error.message, cause: error })
      )
    )
    return SecretCache.valueOf(name, found)
  })
})
