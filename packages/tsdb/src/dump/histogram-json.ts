// A native histogram in the lossless dump, as docs/dump.md draws it. What is zero or empty is left out.

import type { CounterResetHint, Histogram, Span } from '@promlet/model'
import { STALE } from '../histogram-column.ts'
import { numberText, readValue } from './value-text.ts'

const HINTS: readonly CounterResetHint[] = ['unknown', 'reset', 'not-reset', 'gauge']
const BUCKETS_MAX = 10_000_000

export function histogramText(histogram: Histogram): string {
  if (histogram.stale) return '{"stale":true}'
  const { schema, count, sum, zeroThreshold, zeroCount, positiveSpans, positiveBuckets, negativeSpans, negativeBuckets } = histogram
  let text = `{"schema":${schema},"count":${numberText(count)},"sum":${numberText(sum)}`
  if (!Object.is(zeroThreshold, 0)) text += `,"zero_threshold":${numberText(zeroThreshold)}`
  if (!Object.is(zeroCount, 0)) text += `,"zero_count":${numberText(zeroCount)}`
  if (positiveSpans.length > 0) text += `,"positive_spans":${spansText(positiveSpans)},"positive_buckets":${numbersText(positiveBuckets)}`
  if (negativeSpans.length > 0) text += `,"negative_spans":${spansText(negativeSpans)},"negative_buckets":${numbersText(negativeBuckets)}`
  if (histogram.customValues !== undefined) text += `,"custom_values":${numbersText(histogram.customValues)}`
  if (histogram.counterResetHint !== 'unknown') text += `,"reset":"${histogram.counterResetHint}"`
  if (histogram.float) text += ',"float":true'
  return `${text}}`
}

function spansText(spans: readonly Span[]): string {
  return `[${spans.map(({ offset, length }) => `[${offset},${length}]`).join()}]`
}

function numbersText(numbers: Float64Array): string {
  return `[${Array.from(numbers, numberText).join()}]`
}

/** The histogram that was read from JSON; a sentence on what is wrong with it when it is none. */
export function readHistogramJson(json: unknown): Histogram | string {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return 'expected a histogram as an object'
  const fields = json as Readonly<Record<string, unknown>>
  if (fields['stale'] === true) return STALE
  const schema = fields['schema']
  if (!Number.isInteger(schema)) return 'expected "schema" to be a whole number'
  const [count, sum, zeroThreshold, zeroCount] = [
    readNumber(fields['count']),
    readNumber(fields['sum']),
    readNumber(fields['zero_threshold'] ?? 0),
    readNumber(fields['zero_count'] ?? 0),
  ]
  if (count === undefined || sum === undefined || zeroThreshold === undefined || zeroCount === undefined)
    return 'expected "count" and "sum" to be numbers, and "zero_threshold" and "zero_count" where they stand'
  const positive = readSide(fields['positive_spans'] ?? [], fields['positive_buckets'] ?? [])
  const negative = readSide(fields['negative_spans'] ?? [], fields['negative_buckets'] ?? [])
  if (positive === undefined || negative === undefined)
    return 'expected spans to be pairs of offset and length, and as many buckets as the spans are long'
  const customValues = fields['custom_values'] === undefined ? undefined : readNumbers(fields['custom_values'])
  const counterResetHint = HINTS.find((hint) => hint === (fields['reset'] ?? 'unknown'))
  if (counterResetHint === undefined) return `expected "reset" to be one of ${HINTS.join(', ')}`
  if (customValues === undefined && fields['custom_values'] !== undefined) return 'expected "custom_values" to be a list of numbers'
  return {
    schema: schema as number,
    zeroThreshold,
    zeroCount,
    count,
    sum,
    positiveSpans: positive.spans,
    positiveBuckets: positive.buckets,
    negativeSpans: negative.spans,
    negativeBuckets: negative.buckets,
    ...(customValues === undefined ? undefined : { customValues }),
    counterResetHint,
    float: fields['float'] === true,
  }
}

function readNumber(json: unknown): number | undefined {
  const slot = new Float64Array(1)
  return readValue(json, slot, 0) ? slot[0] : undefined
}

function readNumbers(json: unknown): Float64Array | undefined {
  if (!Array.isArray(json)) return undefined
  const numbers = new Float64Array(json.length)
  return json.every((value, index) => readValue(value, numbers, index)) ? numbers : undefined
}

function readSide(spansJson: unknown, bucketsJson: unknown): { readonly spans: Span[]; readonly buckets: Float64Array } | undefined {
  const buckets = readNumbers(bucketsJson)
  if (buckets === undefined || !Array.isArray(spansJson)) return undefined
  const spans: Span[] = []
  let length = 0
  for (const pair of spansJson as unknown[]) {
    if (!Array.isArray(pair) || pair.length !== 2 || !Number.isInteger(pair[0]) || !Number.isInteger(pair[1]) || pair[1] < 0)
      return undefined
    spans.push({ offset: pair[0], length: pair[1] })
    length += pair[1]
    if (length > BUCKETS_MAX) return undefined
  }
  return length === buckets.length ? { spans, buckets } : undefined
}
