import { type Histogram, isReset, type SeriesColumns } from '@promlet/model'

/**
 * A series whose histograms have only count and sum left. Counter resets that the buckets tell of become hints first.
 * Prometheus: promql/histogram_stats_iterator.go.
 */
export function statsOf(series: SeriesColumns): SeriesColumns {
  if (series.histograms === undefined) return series
  let before: Histogram | undefined
  const histograms = series.histograms.map((histogram) => {
    if (histogram === undefined || histogram.stale) return histogram
    const stats = { ...histogram, ...NO_BUCKETS, counterResetHint: hintOf(histogram, before) }
    before = histogram
    return stats
  })
  return { ...series, histograms }
}

const NO_BUCKETS = {
  zeroThreshold: 0,
  zeroCount: 0,
  positiveSpans: [],
  positiveBuckets: new Float64Array(),
  negativeSpans: [],
  negativeBuckets: new Float64Array(),
  customValues: new Float64Array(),
} as const

function hintOf(histogram: Histogram, before: Histogram | undefined): Histogram['counterResetHint'] {
  if (histogram.counterResetHint !== 'unknown' || before === undefined) return histogram.counterResetHint
  return isReset(histogram, before) ? 'reset' : 'not-reset'
}
