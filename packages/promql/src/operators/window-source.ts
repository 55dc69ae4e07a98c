// Where a range function gets its samples: from the store, or from a subquery, whose results at the times of its own
// grid are taken as samples. Either way without stale markers, floats and histograms apart.

import { type Histogram, isStaleAt, type Labels, type Millis, type SeriesColumns } from '@promlet/model'
import { type Column, FLOAT } from '../columns/column.ts'
import { firstAfter, PerTimes } from '../columns/windows.ts'
import { gridTimes } from '../plan/grid.ts'
import type { WindowNode } from '../plan/node.ts'
import type { EvalContext } from './context.ts'
import { collect } from './frame.ts'
import { statsOf } from './histogram-stats.ts'
import { mergeFrame } from './merge.ts'
import type { Operator } from './operator.ts'

/** The samples of one series. */
export interface Samples {
  readonly times: Float64Array
  readonly values: Float64Array
  /** Start timestamps of the floats, 0 where there is none; absent when none is known. */
  readonly starts: Float64Array | undefined
  /** Absent when the series has no histograms. */
  readonly histogramTimes: Float64Array | undefined
  readonly histograms: readonly Histogram[] | undefined
  readonly histogramStarts: Float64Array | undefined
  /** True when the name of the series is to be dropped at the end. */
  readonly dropName: boolean
}

export interface WindowSource {
  readonly labels: readonly Labels[]
  /** The samples of one of the series. Arrays of times are shared where they are equal. */
  read(index: number): Samples
}

/** The samples that all windows together can see: after one time, up to and including another. */
export interface Reach {
  readonly after: Millis
  readonly to: Millis
}

/** `inner` is the operator of the subquery, where there is one. Samples out of reach are left out. */
export function windowSource(node: WindowNode, inner: Operator | undefined, reach: Reach, context: EvalContext): WindowSource {
  if (node.source.kind === 'samples') {
    const series = context.data[node.source.slot] ?? []
    const parts = new PerTimes((times) => partOf(times, reach))
    return {
      labels: series.map(({ labels }) => labels),
      read: (index) => {
        const stored = series[index] as SeriesColumns
        const columns = context.features.startTimestamps ? stored : withoutStarts(stored)
        return storedSamples(cut(node.statsOnly ? statsOf(columns) : columns, parts.get(columns.times)))
      },
    }
  }
  const { grid } = node.source.inner
  const frame = mergeFrame(collect(inner as Operator, grid.count), grid.count)
  const times = gridTimes(grid)
  return { labels: frame.labels, read: (index) => steppedSamples(frame.columns[index] as Column, times) }
}

function withoutStarts({ startTimes: _, ...columns }: SeriesColumns): SeriesColumns {
  return columns
}

interface Part {
  readonly times: Float64Array
  readonly from: number
  readonly to: number
}

function partOf(times: Float64Array, { after, to }: Reach): Part {
  const from = firstAfter(times, after)
  const end = firstAfter(times, to, from)
  return { times: end - from === times.length ? times : times.subarray(from, end), from, to: end }
}

function cut(series: SeriesColumns, { times, from, to }: Part): SeriesColumns {
  if (times === series.times) return series
  const values = series.values.subarray(from, to)
  const startTimes = series.startTimes === undefined ? {} : { startTimes: series.startTimes.subarray(from, to) }
  const histograms = series.histograms === undefined ? {} : { histograms: series.histograms.slice(from, to) }
  return { labels: series.labels, times, values, ...histograms, ...startTimes }
}

/** The samples of a stored series without stale markers. */
export function storedSamples({ times, values, histograms, startTimes }: SeriesColumns): Samples {
  if (histograms !== undefined) return splitMixed(times, values, histograms, startTimes)
  const staleCount = mayHaveNaN(values) ? countStale(values) : 0
  if (staleCount === 0) return { times, values, starts: startTimes, ...NO_HISTOGRAMS }
  const isKept = (_: number, index: number) => !isStaleAt(values, index)
  const starts = startTimes?.filter(isKept)
  const keptTimes = new Float64Array(values.length - staleCount)
  const keptValues = new Float64Array(values.length - staleCount)
  let kept = 0
  for (let index = 0; index < values.length; index++) {
    if (isStaleAt(values, index)) continue
    keptTimes[kept] = times[index]!
    keptValues[kept++] = values[index]!
  }
  return { times: keptTimes, values: keptValues, starts, ...NO_HISTOGRAMS }
}

const NO_HISTOGRAMS = { histogramTimes: undefined, histograms: undefined, histogramStarts: undefined, dropName: false }

/** False: there is none, as NaN stays in a sum; infinities can make one too. Four sums, as one has to wait for itself. */
function mayHaveNaN(values: Float64Array): boolean {
  const whole = values.length & ~3
  let first = 0
  let second = 0
  let third = 0
  let fourth = 0
  for (let index = 0; index < whole; index += 4) {
    first += values[index]!
    second += values[index + 1]!
    third += values[index + 2]!
    fourth += values[index + 3]!
  }
  for (let index = whole; index < values.length; index++) first += values[index]!
  return Number.isNaN(first + second + third + fourth)
}

function countStale(values: Float64Array): number {
  let count = 0
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    // biome-ignore lint/suspicious/noSelfCompare: only a NaN can be a stale marker
    if (value !== value && isStaleAt(values, index)) count++
  }
  return count
}

function splitMixed(
  times: Float64Array,
  values: Float64Array,
  slots: readonly (Histogram | undefined)[],
  startTimes: Float64Array | undefined,
): Samples {
  const floatTimes: number[] = []
  const floats: number[] = []
  const floatStarts: number[] = []
  const histogramTimes: number[] = []
  const histograms: Histogram[] = []
  const histogramStarts: number[] = []
  for (let index = 0; index < times.length; index++) {
    const histogram = slots[index]
    if (histogram !== undefined) {
      if (histogram.stale) continue
      histogramTimes.push(times[index]!)
      histograms.push(histogram)
      histogramStarts.push(startTimes?.[index] ?? 0)
    } else if (!isStaleAt(values, index)) {
      floatTimes.push(times[index]!)
      floats.push(values[index]!)
      floatStarts.push(startTimes?.[index] ?? 0)
    }
  }
  return {
    times: Float64Array.from(floatTimes),
    values: Float64Array.from(floats),
    starts: startTimes === undefined ? undefined : Float64Array.from(floatStarts),
    histogramTimes: Float64Array.from(histogramTimes),
    histograms,
    histogramStarts: startTimes === undefined ? undefined : Float64Array.from(histogramStarts),
    dropName: false,
  }
}

function steppedSamples(column: Column, times: Float64Array): Samples {
  const { dropName } = column
  if (column.hasHistograms) return splitSteps(column, times)
  if (column.count === times.length) {
    return { times, values: column.values, starts: undefined, ...NO_HISTOGRAMS, dropName }
  }
  const keptTimes = new Float64Array(column.count)
  const keptValues = new Float64Array(column.count)
  let kept = 0
  for (let step = 0; step < times.length; step++) {
    if (column.present[step] !== FLOAT) continue
    keptTimes[kept] = times[step]!
    keptValues[kept++] = column.values[step]!
  }
  return { times: keptTimes, values: keptValues, starts: undefined, ...NO_HISTOGRAMS, dropName }
}

/**
 * Between the results of a subquery nothing is known of counter resets: the sample with a reset may be left out, or
 * come more than once. Prometheus: promql/engine.go evalSubquery.
 */
function splitSteps(column: Column, times: Float64Array): Samples {
  const slots = Array.from(column.present, (kind, step) => (kind === FLOAT ? undefined : column.histograms?.[step]))
  const present = slots.map((_, step) => column.present[step] !== 0)
  const keep = <T>(items: ArrayLike<T>) => Array.from(items).filter((_, step) => present[step])
  const unknowing = keep(slots).map((histogram) => {
    if (histogram === undefined || histogram.counterResetHint === 'gauge') return histogram
    return { ...histogram, counterResetHint: 'unknown' as const }
  })
  const samples = splitMixed(Float64Array.from(keep(times)), Float64Array.from(keep(column.values)), unknowing, undefined)
  return { ...samples, dropName: column.dropName }
}
