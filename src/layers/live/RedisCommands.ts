/** What the cache says to a Redis server. Strings in answers are bytes. */
import * as CacheCodec from "../embedded/CacheCodec.ts"
import type { Item } from "../embedded/CacheServer.ts"

/** The part of a connection that is needed here. */
export interface Connection {
  readonly sendCommand: (args: Array<string | Buffer>) => Promise<unknown>
  readonly multi: () => Transaction
}

export interface Transaction {
  readonly addCommand: (args: Array<string | Buffer>) => Transaction
  readonly exec: () => Promise<ReadonlyArray<unknown>>
}

/** How others learn of a change: nobody has to, the server knows who read the key, or it is announced on a channel. */
export type Invalidation =
  | { readonly mode: "none" | "tracking" }
  | { readonly mode: "pubsub"; readonly channel: string; readonly by: string }

/** What is said on the channel. */
export interface Announcement {
  readonly by: string
  readonly keys: ReadonlyArray<string>
}

export const get = async (
  connection: Connection,
  keys: ReadonlyArray<string>
): Promise<ReadonlyArray<Uint8Array | undefined>> => {
  const answers = await connection.sendCommand(["MGET", ...keys]) as ReadonlyArray<Buffer | null>
  return answers.map((bytes) => bytes ?? undefined)
}

export const set = async (connection: Connection, items: ReadonlyArray<Item>, to: Invalidation): Promise<void> => {
  const transaction = connection.multi()
  for (const { bytes, key, keepMillis } of items) {
    transaction.addCommand([
      "SET",
      key,
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
      "PX",
      `${keepMillis}`
    ])
  }
  const keys = items.map(({ key }) => key)
  // A write ends the server's memory of who read the key, also of ourselves: so it is read, in the same breath.
  if (to.mode === "tracking") transaction.addCommand(["EXISTS", ...keys])
  await announce(transaction, keys, to).exec()
}

const announce = (transaction: Transaction, keys: ReadonlyArray<string>, to: Invalidation): Transaction =>
  to.mode === "pubsub"
    ? transaction.addCommand(["PUBLISH", to.channel, JSON.stringify({ by: to.by, keys } satisfies Announcement)])
    : transaction

/** Whether there is a value of ours whose time is not over at `ARGV[1]`; the head is as in `CacheCodec`. */
const isThere = `
local function is_there(key)
  local head = redis.pcall('GETRANGE', key, 0, ${CacheCodec.headBytes - 1})
  return type(head) == 'string' and #head == ${CacheCodec.headBytes} and head:byte(1) == ${CacheCodec.version}
    and head:byte(2) ~= ${CacheCodec.kinds.none} and struct.unpack('>I6', head, 3) > tonumber(ARGV[1])
end`

/**
 * A key that is missing is written and removed when `ARGV[2]` is 1: the server tells nobody when nothing is removed, but
 * somebody may have found it missing and be loading the old value now.
 */
const deleteScript = `${isThere}
local count = 0
for _, key in ipairs(KEYS) do
  if is_there(key) then count = count + 1 end
  if redis.call('DEL', key) == 0 and ARGV[2] == '1' then
    redis.call('SET', key, '', 'PX', 1)
    redis.call('DEL', key)
  end
end
return count`

/** Answers with how many values were there. */
const remove = async (
  connection: Connection,
  keys: ReadonlyArray<string>,
  now: number,
  to: Invalidation
): Promise<number> => {
  const telling = to.mode === "tracking" ? "1" : "0"
  const transaction = connection.multi()
    .addCommand(["EVAL", deleteScript, `${keys.length}`, ...keys, `${now}`, telling])
  const [count] = await announce(transaction, keys, to).exec()
  return Number(count)
}
export { remove as delete }

/** Writes the times `ARGV[2]` over those in the head, and keeps the value for `ARGV[3]` milliseconds. */
const expireScript = `${isThere}
if not is_there(KEYS[1]) then return 0 end
redis.call('SETRANGE', KEYS[1], 2, ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`

/** Answers with whether a value was there. */
export const expire = async (
  connection: Connection,
  key: string,
  times: CacheCodec.Times,
  now: number,
  to: Invalidation
): Promise<boolean> => {
  const keepMillis = `${times.expiresAt + times.graceMillis - now}`
  const transaction = connection.multi()
    .addCommand(["EVAL", expireScript, "1", key, `${now}`, CacheCodec.times(times), keepMillis])
  const [changed] = await announce(transaction, [key], to).exec()
  return changed === 1
}

/** What the server calls itself, such as `Redis 7.0.15`; `undefined` when it does not say. */
export const version = async (connection: Connection): Promise<string | undefined> => {
  const info = await connection.sendCommand(["INFO", "server"]).then(String, () => "")
  const valkey = /^valkey_version:(\S+)/m.exec(info)
  const redis = /^redis_version:(\S+)/m.exec(info)
  return valkey === null ? redis === null ? undefined : `Redis ${redis[1]}` : `Valkey ${valkey[1]}`
}
