import { type Labels, METRIC_NAME, type SeriesColumns } from '@promlet/model'
import { annotationTexts } from '../annotations.ts'
import { type Column, clearColumn, putFloat, putHistogram } from '../columns/column.ts'
import { findWindows, firstAfter, PerTimes, type Windows } from '../columns/windows.ts'
import { interpolateHistograms } from '../functions/extended-histogram-rate.ts'
import { interpolate } from '../functions/extended-rate.ts'
import type { RangeCall } from '../functions/range-function.ts'
import { gridTimes } from '../plan/grid.ts'
import type { SelectNode } from '../plan/node.ts'
import type { EvalContext } from './context.ts'
import { statsOf } from './histogram-stats.ts'
import type { Operator } from './operator.ts'
import { readTimes } from './read-times.ts'
import { type Samples, storedSamples } from './window-source.ts'

/**
 * `metric smoothed`: the value at each step itself, interpolated between the samples around it; the last one where
 * there is none after it. Looks as far forward as back. Prometheus: promql/engine.go smoothSeries.
 */
export class Smooth implements Operator {
  readonly #node: SelectNode
  readonly #context: EvalContext
  readonly #series: readonly SeriesColumns[]
  readonly #ends: Float64Array
  readonly #windows: PerTimes<Windows>
  readonly #call: RangeCall
  #index = 0

  constructor(node: SelectNode, context: EvalContext) {
    this.#node = node
    this.#context = context
    this.#series = context.data[node.slot] ?? []
    this.#ends = readTimes(node.grid, node)
    this.#windows = new PerTimes((times) => findWindows(times, this.#ends, node.lookback, node.lookback))
    this.#call = {
      range: 0,
      ends: this.#ends,
      stepTimes: gridTimes(node.grid),
      args: [],
      metricName: () => this.#series[this.#index - 1]?.labels.get(METRIC_NAME) ?? '',
      warn: (text) => context.annotations.warn(text, node.expr.position),
      info: (text) => context.annotations.info(text, node.expr.position),
    }
  }

  series(): readonly Labels[] {
    return this.#series.map(({ labels }) => labels)
  }

  next(into: Column): boolean {
    const series = this.#series[this.#index++]
    if (series === undefined) return false
    clearColumn(into)
    const samples = storedSamples(this.#node.statsOnly ? statsOf(series) : series)
    const floats = this.#windows.get(samples.times)
    this.#context.samplesRead.addWindows(floats, true)
    const histograms = samples.histogramTimes === undefined ? undefined : this.#windows.get(samples.histogramTimes)
    if (histograms !== undefined) this.#context.samplesRead.addHistogramWindows(histograms, samples.histograms ?? [], true)
    for (let step = 0; step < this.#ends.length; step++) {
      const hasFloats = floats.low[step]! < floats.high[step]!
      const hasHistograms = histograms !== undefined && histograms.low[step]! < histograms.high[step]!
      if (hasFloats && hasHistograms) this.#call.warn(annotationTexts.mixedFloatsHistograms(this.#call.metricName()))
      else if (hasFloats) this.#putFloat(samples, floats, step, into)
      else if (hasHistograms) this.#putHistogram(samples, histograms, step, into)
    }
    return true
  }

  #putFloat({ times, values }: Samples, { low, high }: Windows, step: number, into: Column): void {
    const at = this.#ends[step]!
    const index = firstAfter(times, at, low[step]!, high[step]!) - 1
    if (index < low[step]!) return
    const isLast = index === high[step]! - 1
    putFloat(into, step, times[index] === at || isLast ? values[index]! : interpolate(times, values, index, at, false))
  }

  #putHistogram({ histogramTimes, histograms }: Samples, { low, high }: Windows, step: number, into: Column): void {
    if (histogramTimes === undefined || histograms === undefined) return
    const at = this.#ends[step]!
    const index = firstAfter(histogramTimes, at, low[step]!, high[step]!) - 1
    const left = histograms[index]
    if (index < low[step]! || left === undefined) return
    const right = index < high[step]! - 1 ? histograms[index + 1] : undefined
    if (right === undefined) {
      putHistogram(into, step, left)
      return
    }
    const isCounter = right.counterResetHint !== 'gauge'
    const found = interpolateHistograms(left, histogramTimes[index]!, right, histogramTimes[index + 1]!, at, isCounter, this.#call)
    if (found !== undefined) putHistogram(into, step, found)
  }
}
