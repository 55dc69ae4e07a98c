// The families of an exposition as whole objects, after the data model of the client libraries (prometheus/client_model).
// This is what the Pushgateway keeps and writes. The scrape path does not build them.

export type FamilyType = 'counter' | 'gauge' | 'summary' | 'untyped' | 'histogram' | 'gauge_histogram'

/** All metrics of one name. */
export interface Family {
  readonly name: string
  /** Undefined where the exposition had no HELP, which is written differently from an empty one. */
  readonly help: string | undefined
  readonly type: FamilyType
  readonly metrics: readonly Metric[]
}

/** One label set of a family with what was measured. */
export interface Metric {
  /** In the order of the exposition, each name once; without `__name__`, and without `le` or `quantile`. Values may be empty. */
  readonly labels: readonly LabelPair[]
  /** Of the exposition; not of the moment it was read. */
  readonly timestampMs?: number
  readonly sample: Sample
}

export interface LabelPair {
  readonly name: string
  readonly value: string
}

export type Sample = ValueSample | SummarySample | HistogramSample

/** Of a counter, a gauge or an untyped metric. */
export interface ValueSample {
  readonly kind: 'value'
  readonly value: number
}

export interface SummarySample {
  readonly kind: 'summary'
  readonly count: number
  readonly sum: number
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[]
}

/** Of a histogram or a gauge histogram; counts are cumulative and may have fractions. */
export interface HistogramSample {
  readonly kind: 'histogram'
  readonly count: number
  readonly sum: number
  readonly buckets: readonly { readonly upperBound: number; readonly count: number }[]
}
