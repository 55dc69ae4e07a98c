import type { DurationMs, Histogram } from '@promlet/model'
import type { Column } from '../columns/column.ts'
import type { Windows } from '../columns/windows.ts'

/** The float samples of one series, without stale markers, and which of them each step sees. */
export interface FloatWindows {
  readonly times: Float64Array
  readonly values: Float64Array
  readonly windows: Windows
  /** Start timestamps, 0 where there is none; absent when none is known. */
  readonly starts: Float64Array | undefined
  /** To be told how many samples were looked at, by functions that look at each window anew: it may throw. */
  readonly worked?: (samples: number) => void
}

/** What a range function knows besides the samples. One per call in the query. */
export interface RangeCall {
  readonly range: DurationMs
  /** The times at which the windows of the steps end. */
  readonly ends: Float64Array
  /** The times of evaluation, which differ from `ends` by offset and `@`. */
  readonly stepTimes: Float64Array
  /** Scalar arguments, one value per step. */
  readonly args: readonly Float64Array[]
  /** The metric name of the series at hand; the empty string when it has none. */
  readonly metricName: () => string
  /** Annotates the window's place in the query, or that of the whole call's arguments. */
  readonly warn: (text: string) => void
  readonly info: (text: string) => void
}

/** Writes the value of each step to `into`, which is empty. */
export type FloatFunction = (input: FloatWindows, into: Column) => void

/** One window of a series that has histograms: floats and histograms stand apart, each in order of time. */
export interface MixedWindow {
  readonly step: number
  readonly floatTimes: Float64Array
  readonly floats: Float64Array
  readonly floatStarts: Float64Array | undefined
  /** Indexes of the window's floats, half-open. */
  readonly floatLow: number
  readonly floatHigh: number
  readonly histogramTimes: Float64Array
  readonly histograms: readonly Histogram[]
  readonly histogramStarts: Float64Array | undefined
  readonly histogramLow: number
  readonly histogramHigh: number
}

/** Writes the value of one step, which is empty and whose window has a histogram. */
export type MixedFunction = (window: MixedWindow, into: Column) => void

/**
 * A range function of extended windows: these hold the samples of the lookback before the range too and, smoothed, of
 * the lookback after it.
 */
export interface ExtendedFunction {
  readonly floats: (call: RangeCall) => FloatFunction
  readonly mixed: (call: RangeCall) => MixedFunction
}

/** How a range function is computed. */
export interface RangeFunction {
  /** Made once per call, so that what does not depend on the series is computed once. */
  readonly floats: (call: RangeCall) => FloatFunction
  /**
   * For windows with histograms. `floats-only` ignores these, and says so in an info where a window has both.
   */
  readonly mixed: 'floats-only' | ((call: RangeCall) => MixedFunction)
  /** What stands in their place for windows that are `anchored` or `smoothed`; absent where that is not allowed. */
  readonly anchored?: ExtendedFunction
  readonly smoothed?: ExtendedFunction
  /** True for functions that pick a sample of the series, which is then still called what it was. */
  readonly keepsName?: boolean
}
