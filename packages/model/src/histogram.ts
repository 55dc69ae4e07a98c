// A native histogram holds its buckets sparsely: spans say which buckets exist, and the bucket arrays hold the
// counts of these in order. Bucket i of schema s ends at 2^(i * 2^-s). Counts are absolute floats here,
// whatever form they had on the wire.

/** The schema of histograms whose bucket bounds are listed in `customValues`. */
export const CUSTOM_BUCKETS_SCHEMA = -53

/** A run of `length` neighbouring buckets; `offset` counts from the end of the span before (or from index 0). */
export interface Span {
  readonly offset: number
  readonly length: number
}

/** What is known of resets between this histogram and the one before in its series. */
export type CounterResetHint = 'unknown' | 'reset' | 'not-reset' | 'gauge'

/** A native histogram sample. Values are read-only once it was appended or selected. */
export interface Histogram {
  /** -4 to 8, or `CUSTOM_BUCKETS_SCHEMA`. */
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly count: number
  /** Holds the stale marker's bits in a stale histogram; see `Histogram.stale`. */
  readonly sum: number
  readonly positiveSpans: readonly Span[]
  readonly positiveBuckets: Float64Array
  readonly negativeSpans: readonly Span[]
  readonly negativeBuckets: Float64Array
  /** Upper bounds of the custom buckets, increasing; the last bucket ends at +Inf and is not listed. */
  readonly customValues?: Float64Array
  readonly counterResetHint: CounterResetHint
  /** True when the series ended with this sample. Then nothing else in it means anything. */
  readonly stale?: boolean
  /** True when it came as a histogram of floats; otherwise all counts are whole numbers. */
  readonly float: boolean
}
