import type { Labels } from './labels.ts'
import type { Millis } from './units.ts'

/** One measured event attached to a series, mostly with a trace id. */
export interface Exemplar {
  readonly labels: Labels
  readonly value: number
  /** Absent where the exposition gave none: the sample's time holds. */
  readonly at?: Millis
}

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'gaugehistogram' | 'summary' | 'info' | 'stateset' | 'unknown'

/** What an exposition says of a metric family. */
export interface Metadata {
  readonly type: MetricType
  readonly help: string
  readonly unit: string
}
