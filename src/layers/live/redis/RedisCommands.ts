/** What the cache says to a Redis server. Strings in answers are bytes. */
import * as CacheCodec from "../../embedded/cache/CacheCodec.ts"
import type { Item } from "../../embedded/cache/CacheServer.ts"

/** The part of a connection that is needed here. Commands are answered in the order in which they are sent. */
export interface Connection {
  readonly sendCommand: (args: Array<string | Buffer>) => Promise<unknown>
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

/**
 * Sets and reads: a write ends the server's memory of who read a key, also of ourselves. (Not MULTI: what the server has to
 * tell may come in the middle of its answer, which no driver can read.)
 */
const setScript = `
for at, key in ipairs(KEYS) do
  redis.call('SET', key, ARGV[2 * at - 1], 'PX', ARGV[2 * at])
end
redis.call('EXISTS', unpack(KEYS))`

export const set = async (connection: Connection, items: ReadonlyArray<Item>, to: Invalidation): Promise<void> => {
  const keys = items.map(({ key }) => key)
  const values = items.map(({ bytes, keepMillis }) =>
    [Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), `${keepMillis}`] as const
  )
  await announced(
    connection,
    keys,
    to,
    to.mode === "tracking"
      ? connection.sendCommand(["EVAL", setScript, `${keys.length}`, ...keys, ...values.flat()])
      : Promise.all(
        values.map(([value, millis], at) => connection.sendCommand(["SET", keys[at]!, value, "PX", millis]))
      )
  )
}

/** Waits for a change that was sent, and for its announcement, which is sent at once after it. */
const announced = async <A>(
  connection: Connection,
  keys: ReadonlyArray<string>,
  to: Invalidation,
  change: Promise<A>
): Promise<A> => {
  if (to.mode !== "pubsub") return change
  const message = JSON.stringify({ by: to.by, keys } satisfies Announcement)
  const [answer] = await Promise.all([change, connection.sendCommand(["PUBLISH", to.channel, message])])
  return answer
}

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
  const change = connection.sendCommand(["EVAL", deleteScript, `${keys.length}`, ...keys, `${now}`, telling])
  return Number(await announced(connection, keys, to, change))
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
  const args = ["EVAL", expireScript, "1", key, `${now}`, CacheCodec.times(times), keepMillis]
  return await announced(connection, [key], to, connection.sendCommand(args)) === 1
}

/** What the server calls itself, such as `Redis 7.0.15`; `undefined` when it does not say. */
export const version = async (connection: Connection): Promise<string | undefined> => {
  const info = await connection.sendCommand(["INFO", "server"]).then(String, () => "")
  const valkey = /^valkey_version:(\S+)/m.exec(info)
  const redis = /^redis_version:(\S+)/m.exec(info)
  return valkey === null ? redis === null ? undefined : `Redis ${redis[1]}` : `Valkey ${valkey[1]}`
}
