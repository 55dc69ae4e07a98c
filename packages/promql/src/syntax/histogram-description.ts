// Native histograms as tests write them: `{{schema:1 sum:5 count:4 z_bucket:1 z_bucket_w:0.5 buckets:[1 2 1]}}`, keys
// in any order, each at most once.

import { type CounterResetHint, type Histogram, parseFloatGo, quote, type Span } from '@promlet/model'
import { parseProblem } from './problem.ts'

const OPEN = /\{\{[ \t\r\n]*/y
const CLOSE = /[ \t\r\n]*\}\}/y
const KEY = /[a-zA-Z_]+/y
const COLON = /:/y
const LIST = /\[([^\]{}]*)\]/y
const WORD = /[^ \t\r\n{}[\]]+/y
const SPACE = /[ \t\r\n]+/y
const TOKEN = /[ \t\r\n]+|[a-zA-Z0-9_.+-]+|\S/y

const HINTS: Readonly<Record<string, CounterResetHint>> = {
  unknown: 'unknown',
  reset: 'reset',
  not_reset: 'not-reset',
  gauge: 'gauge',
}

type Field = 'integer' | 'number' | 'list' | 'hint'

const FIELDS: Readonly<Record<string, Field>> = {
  ...{ schema: 'integer', offset: 'integer', n_offset: 'integer' },
  ...{ sum: 'number', count: 'number', z_bucket: 'number', z_bucket_w: 'number' },
  ...{ buckets: 'list', n_buckets: 'list', custom_values: 'list' },
  counter_reset_hint: 'hint',
}

interface Fields {
  readonly numbers: Map<string, number>
  readonly lists: Map<string, Float64Array>
  hint: CounterResetHint | undefined
}

/**
 * Parses the histogram at `start`, where its braces open; `end` is behind its closing braces, `hasHint` tells whether it says
 * something of counter resets.
 * @throws `QueryError` with code `bad_data`.
 */
export function parseHistogram(text: string, start: number): { histogram: Histogram; hasHint: boolean; end: number } {
  const reader = new Reader(text, start)
  const fields: Fields = { numbers: new Map(), lists: new Map(), hint: undefined }
  const seen = new Set<string>()
  reader.take(OPEN)
  while (reader.take(CLOSE) === undefined) {
    if (seen.size > 0 && reader.take(SPACE) === undefined) reader.fail('expected a space or "}}"')
    readField(reader, fields, seen)
  }
  return { histogram: build(fields), hasHint: fields.hint !== undefined, end: reader.at }
}

function readField(reader: Reader, fields: Fields, seen: Set<string>): void {
  const key = (reader.take(KEY) ?? reader.fail('expected a histogram description key, e.g. buckets:[5 10 7]')).toLowerCase()
  const field = FIELDS[key]
  if (field === undefined) reader.refuse(`bad histogram descriptor found: ${quote(key)}`)
  if (seen.has(key)) reader.refuse(`duplicate key ${quote(key)} in histogram`)
  seen.add(key)
  if (reader.take(COLON) === undefined) reader.refuse('missing `:` for histogram descriptor')
  switch (field) {
    case 'list':
      fields.lists.set(key, readList(reader))
      break
    case 'hint':
      fields.hint = readHint(reader)
      break
    default:
      fields.numbers.set(key, readNumber(reader, field))
  }
}

function readNumber(reader: Reader, field: 'integer' | 'number'): number {
  const word = reader.take(WORD) ?? reader.fail(`expected a ${field}`)
  const value = parseFloatGo(word)
  if (value !== undefined && (field === 'number' || Number.isInteger(value))) return value
  return reader.refuse(`unexpected ${quote(word)} in series values`, `expected a ${field}`)
}

function readHint(reader: Reader): CounterResetHint {
  const word = reader.take(WORD) ?? reader.fail('expected unknown, reset, not_reset or gauge')
  return HINTS[word.toLowerCase()] ?? reader.refuse(`bad histogram descriptor found: ${quote(word)}`)
}

function readList(reader: Reader): Float64Array {
  const body = reader.take(LIST) ?? reader.fail('expected numbers in brackets, such as [5 10 7]')
  const words = body
    .slice(1, -1)
    .split(/[ \t\r\n]+/)
    .filter((word) => word !== '')
  return Float64Array.from(words, (word) => parseFloatGo(word) ?? reader.fail('expected numbers in brackets, such as [5 10 7]'))
}

function build({ numbers, lists, hint }: Fields): Histogram {
  const positiveBuckets = lists.get('buckets') ?? new Float64Array()
  const negativeBuckets = lists.get('n_buckets') ?? new Float64Array()
  const customValues = lists.get('custom_values')
  return {
    schema: numbers.get('schema') ?? 0,
    zeroThreshold: numbers.get('z_bucket_w') ?? 0,
    zeroCount: numbers.get('z_bucket') ?? 0,
    count: numbers.get('count') ?? 0,
    sum: numbers.get('sum') ?? 0,
    positiveSpans: spanOf(positiveBuckets, numbers.get('offset')),
    positiveBuckets,
    negativeSpans: spanOf(negativeBuckets, numbers.get('n_offset')),
    negativeBuckets,
    ...(customValues === undefined ? {} : { customValues }),
    counterResetHint: hint ?? 'unknown',
    float: true,
  }
}

function spanOf(buckets: Float64Array, offset = 0): readonly Span[] {
  return buckets.length === 0 ? [] : [{ offset, length: buckets.length }]
}

class Reader {
  readonly #text: string
  at: number
  #start = 0

  constructor(text: string, at: number) {
    this.#text = text
    this.at = at
  }

  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.#text)?.[0]
    if (match === undefined) return undefined
    this.#start = this.at
    this.at += match.length
    return match
  }

  /** The problem lies in what was taken last. */
  refuse(message: string, hint?: string): never {
    throw parseProblem(this.#text, { start: this.#start, end: this.at }, message, hint)
  }

  /** The problem is what comes next. */
  fail(expected: string): never {
    const start = this.at
    const found = this.take(TOKEN)
    const message = `unexpected ${found === undefined ? 'end of input' : quote(found)} in series values`
    throw parseProblem(this.#text, { start, end: this.at }, message, expected)
  }
}
