// The commands of a test script. Lines count from 1.

import type { DurationMs, Labels, Millis } from '@promlet/model'
import type { SequenceValue, SeriesDescription } from '../syntax/ast.ts'

export type Command = LoadCommand | ClearCommand | EvalCommand

/** Adds samples: the first value of each series at time 0, the next ones `step` apart. */
export interface LoadCommand {
  readonly kind: 'load'
  readonly line: number
  readonly step: DurationMs
  /** True when classic histograms among the series are also to be loaded as native ones with custom buckets. */
  readonly withNhcb: boolean
  readonly series: readonly LoadSeries[]
}

export interface LoadSeries extends SeriesDescription {
  readonly line: number
  /**
   * Start timestamps, one slot per value, in milliseconds relative to the sample they belong to (-60000: a minute
   * before); undefined where the sample has none. Absent when the script names none for this series.
   */
  readonly startTimes?: readonly (number | undefined)[]
}

/** Removes all samples. */
export interface ClearCommand {
  readonly kind: 'clear'
  readonly line: number
}

/** Runs a query and says what has to come out. */
export interface EvalCommand {
  readonly kind: 'eval'
  readonly line: number
  readonly query: string
  readonly span: EvalSpan
  /** What is said of errors, annotations and order, in the order of the script. */
  readonly expectations: readonly Expectation[]
  readonly result: ExpectedResult
}

export type EvalSpan =
  | { readonly kind: 'instant'; readonly at: Millis }
  | { readonly kind: 'range'; readonly start: Millis; readonly end: Millis; readonly step: DurationMs }

export interface Expectation {
  readonly kind: 'fail' | 'warn' | 'no_warn' | 'info' | 'no_info' | 'ordered'
  /** Absent: any text will do. */
  readonly match?: { readonly kind: 'message' | 'regex'; readonly text: string }
}

export type ExpectedResult =
  /** Series with one value for an instant query; for a range query, or a range vector, one per step. */
  | { readonly kind: 'series'; readonly series: readonly ExpectedSeries[]; readonly range?: EvalSpan & { readonly kind: 'range' } }
  | { readonly kind: 'scalar'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }

export interface ExpectedSeries {
  readonly line: number
  readonly labels: Labels
  readonly values: readonly SequenceValue[]
}
