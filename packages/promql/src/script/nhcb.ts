// `load_with_nhcb`: the classic histograms of a load command (series ending in _bucket, _count and _sum) once more, as
// native histograms with custom buckets (Prometheus: util/convertnhcb).

import { CUSTOM_BUCKETS_SCHEMA, compactHistogram, type Histogram, type Labels, METRIC_NAME, parseFloatGo, spansOf } from '@promlet/model'
import type { SequenceValue, SeriesDescription } from '../syntax/ast.ts'

/** What is known of one histogram. */
interface Classic {
  readonly labels: Labels
  /** Cumulative counts by upper bound. */
  readonly buckets: Map<number, readonly SequenceValue[]>
  count: readonly SequenceValue[] | undefined
  sum: readonly SequenceValue[] | undefined
}

export function nhcbSeries(series: readonly SeriesDescription[]): readonly SeriesDescription[] {
  const byKey = new Map<string, Classic>()
  const classicOf = (labels: Labels, suffix: string): Classic => {
    const base = labels.with(METRIC_NAME, labels.metricName.slice(0, -suffix.length)).without('le')
    const known = byKey.get(base.key)
    if (known !== undefined) return known
    const classic: Classic = { labels: base, buckets: new Map(), count: undefined, sum: undefined }
    byKey.set(base.key, classic)
    return classic
  }
  for (const { labels, values } of series) {
    const name = labels.metricName
    const bound = parseFloatGo(labels.get('le'))
    if (name.endsWith('_bucket') && bound !== undefined) classicOf(labels, '_bucket').buckets.set(bound, values)
    else if (name.endsWith('_count')) classicOf(labels, '_count').count = values
    else if (name.endsWith('_sum')) classicOf(labels, '_sum').sum = values
  }
  return [...byKey.values()].filter(({ buckets }) => buckets.size > 0).map(toSeries)
}

function toSeries(classic: Classic): SeriesDescription {
  const length = Math.max(...[...classic.buckets.values()].map(({ length }) => length))
  const values = Array.from({ length }, (_, index) => histogramAt(classic, index))
  return { labels: classic.labels, values }
}

function histogramAt({ buckets, count, sum }: Classic, index: number): SequenceValue {
  const bounds = [...buckets.keys()].sort((left, right) => left - right)
  const known = bounds.flatMap((bound) => {
    const value = floatAt(buckets.get(bound), index)
    return value === undefined ? [] : [{ bound, value }]
  })
  if (known.length === 0) return undefined
  const total = floatAt(count, index) ?? known.at(-1)?.value ?? 0
  const finite = known.filter(({ bound }) => bound !== Infinity)
  const counts = finite.map(({ value }, slot) => value - (finite[slot - 1]?.value ?? 0))
  counts.push(total - (finite.at(-1)?.value ?? 0))
  const histogram: Histogram = {
    schema: CUSTOM_BUCKETS_SCHEMA,
    zeroThreshold: 0,
    zeroCount: 0,
    count: total,
    sum: floatAt(sum, index) ?? 0,
    positiveSpans: spansOf(counts.map((_, slot) => slot)),
    positiveBuckets: Float64Array.from(counts),
    negativeSpans: [],
    negativeBuckets: new Float64Array(),
    customValues: Float64Array.from(finite, ({ bound }) => bound),
    counterResetHint: 'unknown',
    float: true,
  }
  return { kind: 'histogram', histogram: compactHistogram(histogram) }
}

function floatAt(values: readonly SequenceValue[] | undefined, index: number): number | undefined {
  const value = values?.[index]
  return value?.kind === 'float' ? value.value : undefined
}
