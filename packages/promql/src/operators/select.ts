import { isStaleAt, type Labels, type SeriesColumns } from '@promlet/model'
import { type Column, clearColumn, FLOAT, putFloat, putHistogram } from '../columns/column.ts'
import { findLatest, PerTimes } from '../columns/windows.ts'
import type { SelectNode } from '../plan/node.ts'
import type { EvalContext } from './context.ts'
import { dropMetadata } from './context.ts'
import { statsOf } from './histogram-stats.ts'
import type { Operator } from './operator.ts'
import { readTimes } from './read-times.ts'

/** The latest sample of each series at each step, or the time that it was taken. A stale marker means that there is none. */
export class Select implements Operator {
  readonly #node: SelectNode
  readonly #context: EvalContext
  readonly #series: readonly SeriesColumns[]
  readonly #picks: PerTimes<Int32Array>
  #index = 0

  constructor(node: SelectNode, context: EvalContext) {
    const ends = readTimes(node.grid, node)
    this.#node = node
    this.#context = context
    this.#series = context.data[node.slot] ?? []
    this.#picks = new PerTimes((times) => findLatest(times, ends, node.lookback))
  }

  series(): readonly Labels[] {
    const isSample = this.#node.reading === 'sample' || this.#context.features.delayedNameRemoval
    return this.#series.map(({ labels }) => (isSample ? labels : dropMetadata(labels)))
  }

  next(into: Column): boolean {
    const series = this.#series[this.#index++]
    if (series === undefined) return false
    clearColumn(into)
    const picks = this.#picks.get(series.times)
    const { reading } = this.#node
    const isTime = reading === 'time' || reading === 'info-time'
    into.dropName = reading === 'time' || reading === 'start-time'
    if (reading === 'start-time') {
      pickStarts(series, picks, into)
    } else if (series.histograms !== undefined) {
      pickMixed(this.#node.statsOnly ? statsOf(series) : series, picks, isTime, reading !== 'time', into)
    } else if (isTime) {
      into.count = pickTimes(series.times, series.values, picks, into.values, into.present)
    } else {
      into.count = pickValues(series.values, picks, into.values, into.present)
    }
    this.#context.samplesRead.addColumn(into)
    return true
  }
}

function pickValues(source: Float64Array, picks: Int32Array, values: Float64Array, present: Uint8Array): number {
  let count = 0
  for (let step = 0; step < picks.length; step++) {
    const index = picks[step]!
    if (index < 0) continue
    const value = source[index]!
    // biome-ignore lint/suspicious/noSelfCompare: only a NaN can be a stale marker
    if (value !== value && isStaleAt(source, index)) continue
    values[step] = value
    present[step] = FLOAT
    count++
  }
  return count
}

function pickTimes(times: Float64Array, source: Float64Array, picks: Int32Array, values: Float64Array, present: Uint8Array): number {
  let count = 0
  for (let step = 0; step < picks.length; step++) {
    const index = picks[step]!
    if (index < 0 || isStaleAt(source, index)) continue
    values[step] = times[index]! / 1000
    present[step] = FLOAT
    count++
  }
  return count
}

function pickStarts({ values, histograms, startTimes }: SeriesColumns, picks: Int32Array, into: Column): void {
  for (let step = 0; step < picks.length; step++) {
    const index = picks[step]!
    if (index < 0) continue
    const histogram = histograms?.[index]
    if (histogram === undefined ? isStaleAt(values, index) : histogram.stale) continue
    putFloat(into, step, (startTimes?.[index] ?? 0) / 1000)
  }
}

function pickMixed(series: SeriesColumns, picks: Int32Array, isTime: boolean, givesHistograms: boolean, into: Column): void {
  for (let step = 0; step < picks.length; step++) {
    const index = picks[step]!
    if (index < 0) continue
    const histogram = series.histograms?.[index]
    if (histogram === undefined ? isStaleAt(series.values, index) : histogram.stale) continue
    if (histogram !== undefined && givesHistograms) {
      putHistogram(into, step, histogram)
      continue
    }
    into.values[step] = isTime ? series.times[index]! / 1000 : series.values[index]!
    into.present[step] = FLOAT
    into.count++
  }
}
