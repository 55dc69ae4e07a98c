// Histograms as the test language writes them: `{{schema:1 count:5 sum:12 z_bucket:1 z_bucket_w:0.001 buckets:[2 0 2]}}`.

import type { Histogram, Span } from '@promlet/model'
import type { JsonHistogram } from './outcome.ts'

type Notation = Pick<
  Histogram,
  'schema' | 'count' | 'sum' | 'zeroCount' | 'zeroThreshold' | 'positiveSpans' | 'positiveBuckets' | 'negativeSpans' | 'negativeBuckets'
>

export function histogramNotation(histogram: Notation): string {
  const { schema, count, sum, zeroCount, zeroThreshold } = histogram
  const parts = [`schema:${schema}`, `count:${count}`, `sum:${sum}`, `z_bucket:${zeroCount}`, `z_bucket_w:${zeroThreshold}`]
  parts.push(
    ...side('', histogram.positiveSpans, histogram.positiveBuckets),
    ...side('n_', histogram.negativeSpans, histogram.negativeBuckets),
  )
  return `{{${parts.join(' ')}}}`
}

function side(prefix: string, spans: readonly Span[], counts: Float64Array): readonly string[] {
  const [first] = spans
  if (first === undefined) return []
  const dense: number[] = []
  let next = 0
  for (const [index, { offset, length }] of spans.entries()) {
    if (index > 0) dense.push(...new Array<number>(offset).fill(0))
    dense.push(...counts.subarray(next, next + length))
    next += length
  }
  return [`${prefix}offset:${first.offset}`, `${prefix}buckets:[${dense.join(' ')}]`]
}

/** What the API tells of one; its resolution is in the bounds of its buckets, and 0 where there are none. */
export function fromJson({ count, sum, buckets = [] }: JsonHistogram): Notation {
  const bounded = buckets.map(([, lower, upper, own]) => ({ lower: Number(lower), upper: Number(upper), count: Number(own) }))
  const zero = bounded.find(({ lower, upper }) => lower < 0 && upper > 0)
  const positive = bounded.filter(({ lower }) => lower > 0)
  const negative = bounded.filter(({ upper }) => upper < 0).map((own) => ({ lower: -own.upper, upper: -own.lower, count: own.count }))
  const [any] = [...positive, ...negative]
  const schema = any === undefined ? 0 : -Math.round(Math.log2(Math.log2(any.upper / any.lower)))
  const indexed = (side: typeof positive) =>
    side.map((own) => ({ index: Math.round(Math.log2(own.upper) * 2 ** schema), count: own.count })).sort((a, b) => a.index - b.index)
  return {
    schema,
    count: Number(count),
    sum: Number(sum),
    zeroCount: zero?.count ?? 0,
    zeroThreshold: zero?.upper ?? 0,
    positiveSpans: spansOf(indexed(positive)),
    positiveBuckets: Float64Array.from(indexed(positive), (own) => own.count),
    negativeSpans: spansOf(indexed(negative)),
    negativeBuckets: Float64Array.from(indexed(negative), (own) => own.count),
  }
}

function spansOf(buckets: readonly { readonly index: number }[]): readonly Span[] {
  return buckets.map(({ index }, place) => ({ offset: index - (place === 0 ? 0 : (buckets[place - 1]?.index ?? 0) + 1), length: 1 }))
}
