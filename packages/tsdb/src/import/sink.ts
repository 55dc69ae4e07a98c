import type { Exemplar, Histogram, Labels, Metadata, Millis } from '@promlet/model'

/** Takes what a reader of a dump finds. */
export interface ImportSink {
  /** Gives the number of a series, the same one for the same labels. */
  series(labels: Labels): number
  /** The sample `values[index]`, bit by bit. `startAt` is 0 when it is not known. */
  float(series: number, at: Millis, values: Float64Array, index: number, startAt: Millis): void
  histogram(series: number, at: Millis, histogram: Histogram, startAt: Millis): void
  exemplar(series: number, exemplar: Required<Exemplar>): void
  metadata(metric: string, metadata: Metadata): void
}
