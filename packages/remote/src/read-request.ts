// prometheus.ReadRequest, the question of remote read:
//
//   ReadRequest    1 queries*  2 accepted response types* (0 samples, 1 streamed chunks)
//   Query          1 start (ms)  2 end (ms, inclusive)  3 matchers*  4 hints
//   LabelMatcher   1 type (0 =, 1 !=, 2 =~, 3 !~)  2 name  3 value
//   ReadHints      2 func; the others say what part of the samples would do

import { Matcher, type MatchOperator, type Selection } from '@promlet/model'
import { RemoteError } from './error.ts'
import { readText } from './read-v1.ts'
import { BYTES, WireReader } from './wire-reader.ts'
import { WireWriter } from './wire-writer.ts'

/** One selector of a request. */
export interface ReadQuery extends Selection {
  /** What its samples are for; of `series` labels are enough. */
  readonly func: string
}

/** How an answer may come, by the number on the wire. */
const RESPONSE_TYPES = ['SAMPLES', 'STREAMED_XOR_CHUNKS'] as const
export type ResponseType = (typeof RESPONSE_TYPES)[number]

export interface ReadRequest {
  readonly queries: readonly ReadQuery[]
  /** Empty: samples. */
  readonly accepted: readonly ResponseType[]
}

const OPERATORS: readonly MatchOperator[] = ['=', '!=', '=~', '!~']

/** A request for samples. */
export function writeReadRequest(queries: readonly ReadQuery[]): Uint8Array {
  const [request, query, inner] = [new WireWriter(), new WireWriter(), new WireWriter()]
  for (const { from, to, matchers, func } of queries) {
    query.clear()
    query.byte(0x08)
    query.int64(from)
    query.byte(0x10)
    query.int64(to)
    for (const matcher of matchers) {
      inner.clear()
      inner.byte(0x08)
      inner.varint(OPERATORS.indexOf(matcher.operator))
      inner.text(0x12, matcher.name)
      inner.text(0x1a, matcher.value)
      query.field(0x1a, inner.bytes())
    }
    inner.clear()
    inner.text(0x12, func)
    inner.byte(0x18)
    inner.int64(from)
    inner.byte(0x20)
    inner.int64(to)
    query.field(0x22, inner.bytes())
    request.field(0x0a, query.bytes())
  }
  request.byte(0x10)
  request.varint(RESPONSE_TYPES.indexOf('SAMPLES'))
  return request.bytes()
}

/** @throws `RemoteError` `corrupt` for bytes that are no such message, and for a regular expression that is not valid. */
export function parseReadRequest(message: Uint8Array): ReadRequest {
  const reader = new WireReader(message)
  const end = message.length
  const queries: ReadQuery[] = []
  const accepted: ResponseType[] = []
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x0a) queries.push(readQuery(reader, reader.lengthEnd(end)))
    else if (tag >>> 3 === 2) readTypes(reader, tag, end, accepted)
    else reader.skip(tag, end)
  }
  return { queries, accepted }
}

/** Numbers that are not known are left out: what else is accepted counts. */
function readTypes(reader: WireReader, tag: number, end: number, accepted: ResponseType[]): void {
  const listEnd = (tag & 7) === BYTES ? reader.lengthEnd(end) : reader.at + 1
  while (reader.at < listEnd) {
    const type = RESPONSE_TYPES[reader.uint32()]
    if (type !== undefined) accepted.push(type)
  }
}

function readQuery(reader: WireReader, end: number): ReadQuery {
  let [from, to, func] = [0, 0, '']
  const matchers: Matcher[] = []
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x08) from = reader.int64()
    else if (tag === 0x10) to = reader.int64()
    else if (tag === 0x1a) matchers.push(readMatcher(reader, reader.lengthEnd(end)))
    else if (tag === 0x22) func = readFunc(reader, reader.lengthEnd(end))
    else reader.skip(tag, end)
  }
  reader.checkEnd(end)
  return { from, to, matchers, func }
}

function readMatcher(reader: WireReader, end: number): Matcher {
  let [type, name, value] = [0, '', '']
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x08) type = reader.uint32()
    else if (tag === 0x12) name = readText(reader, end)
    else if (tag === 0x1a) value = readText(reader, end)
    else reader.skip(tag, end)
  }
  const operator = OPERATORS[type]
  if (operator === undefined) throw new RemoteError('corrupt', `invalid matcher type ${type}; expected 0 to 3`)
  try {
    return new Matcher(name, operator, value)
  } catch (error) {
    throw new RemoteError('corrupt', (error as Error).message, { cause: error })
  }
}

function readFunc(reader: WireReader, end: number): string {
  let func = ''
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x12) func = readText(reader, end)
    else reader.skip(tag, end)
  }
  return func
}
