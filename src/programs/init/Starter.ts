/** What `skein init` writes when it is given nothing to convert. */

const scenario = `# A first scenario. Run it with: npx skein run scenarios
# It needs no server: the mock below is started for each case, on loopback.
name: A first look
tags: [smoke]

vars:
  customer: Ada

# Stub HTTP APIs for the life of the case. Remove them to talk to a real server.
mocks:
  shop:
    routes:
      "POST /orders": { status: 201, json: { id: 7, state: open } }
      "GET /orders/7": { json: { id: 7, state: paid } }

steps:
  - name: Create an order
    http: { method: POST, url: "\${mocks.shop.url}/orders", json: { customer: "\${customer}" } }
    # Expressions over the answer; all of them must hold.
    expect: [status == 201, body.id > 0]
    # Keep a part of the answer for later steps.
    save: { order: body.id }

  - name: It has been paid
    http: { method: GET, url: "\${mocks.shop.url}/orders/\${order}" }
    expect: body.state == 'paid'
    # Ask again until it holds: three times, a little later each time.
    retry: { attempts: 3, delay: 100ms, backoff: exponential, on: [failed] }

# Always runs: after a failure, a time-out and Ctrl-C.
teardown:
  - log: done with order \${order ?? 'none'}
`

const configuration =
  `# Settings of this project; flags and SKEIN_* variables come before them. \`skein config\` shows each with its origin.

# Cases that run at once [default: twice the cores]
# concurrency: 8

# Values per environment, chosen by --env staging
# environments:
#   staging:
#     vars: { base: https://staging.example.test }
`

export const files = [
  { path: "scenarios/first.yaml", text: scenario },
  { path: "skein.yaml", text: configuration }
] as const
