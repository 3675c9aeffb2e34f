/**
 * Every action that comes with skein, in the order of the reference page.
 *
 * A list and nothing more: a program that wants fewer passes its own.
 */
import type { Services } from "../Action.ts"
import { amqp } from "./amqp.ts"
import { assert } from "./assert.ts"
import { cache } from "./cache.ts"
import { sslCertCheck } from "./certificate.ts"
import { control, skip } from "./control.ts"
import { csvParse } from "./csv.ts"
import { dataSet } from "./data_set.ts"
import { base64Decode, base64Encode, hash, hmac, urlDecode, urlEncode } from "./encoding.ts"
import { fake } from "./fake.ts"
import { fileDelete, fileExists, fileList, fileRead, fileWrite } from "./files.ts"
import { http, httpBatch } from "./http.ts"
import { jsonBuild, jsonDiff, jsonExtract, jsonParse } from "./json.ts"
import { log } from "./log.ts"
import { mongo } from "./mongo.ts"
import { dns, ping, tcpConnect } from "./network.ts"
import { postgres } from "./postgres.ts"
import { jq, jsonpath, regex, xpath } from "./query.ts"
import { random, stringRandom, uuid } from "./random.ts"
import { secret } from "./secret.ts"
import { shell } from "./shell.ts"
import { template } from "./template.ts"
import { concat, length, string, stringFormat, stringReplace } from "./text.ts"
import { sleep, time } from "./time.ts"
import { variable } from "./variable.ts"
import { waitFor } from "./wait_for.ts"
import { xmlBuild, xmlParse } from "./xml.ts"

export const builtin = [
  // basics
  assert,
  log,
  variable,
  time,
  sleep,
  waitFor,
  secret,
  skip,
  control,
  // random
  uuid,
  random,
  stringRandom,
  fake,
  // text
  length,
  concat,
  string,
  stringReplace,
  stringFormat,
  template,
  // encoding
  base64Encode,
  base64Decode,
  urlEncode,
  urlDecode,
  hash,
  hmac,
  // data
  jsonParse,
  jsonBuild,
  jsonDiff,
  jsonExtract,
  jq,
  jsonpath,
  xpath,
  regex,
  xmlParse,
  xmlBuild,
  csvParse,
  dataSet,
  // http
  http,
  httpBatch,
  // databases
  postgres,
  mongo,
  // messages
  amqp,
  // caches
  cache,
  // files
  fileRead,
  fileWrite,
  fileExists,
  fileDelete,
  fileList,
  // system
  shell,
  // network
  tcpConnect,
  sslCertCheck,
  ping,
  dns
] as const

/** What the built-in actions need. */
export type BuiltinServices = Services<(typeof builtin)[number]>
