// How many samples a query looks at: in all, and per step when asked. Two counts, as in Prometheus:
//   loaded   every sample at every step that sees it; a window of 5 minutes counts whole at each step
//   read     every sample once, at the first step that sees it
// A histogram counts as many samples as would take its place in memory. Prometheus: util/stats/query_stats.go.

import type { Histogram, Millis } from '@promlet/model'
import { type Column, HISTOGRAM } from '../columns/column.ts'
import type { Windows } from '../columns/windows.ts'
import { type Grid, timeAt } from '../plan/grid.ts'

export class SamplesRead {
  loaded = 0
  read = 0
  /** One slot per step; undefined when not asked for. */
  readonly loadedPerStep: Float64Array | undefined
  readonly readPerStep: Float64Array | undefined
  readonly #grid: Grid

  constructor(grid: Grid, isPerStep: boolean) {
    this.#grid = grid
    this.loadedPerStep = isPerStep ? new Float64Array(grid.count) : undefined
    this.readPerStep = isPerStep ? new Float64Array(grid.count) : undefined
  }

  /** Counts for a part of the query that has a grid of its own. */
  child(grid: Grid): SamplesRead {
    return new SamplesRead(grid, this.readPerStep !== undefined)
  }

  /** What a selector gives: a sample a step. */
  addColumn(column: Column): void {
    const size = sizeOfColumn(column)
    this.loaded += size
    this.read += size
    if (this.readPerStep === undefined) return
    for (let step = 0; step < column.present.length; step++) {
      if (column.present[step] !== 0) this.#addAt(step, sizeAt(column, step), sizeAt(column, step))
    }
  }

  /** What a function of windows sees. Points of a subquery (`isStored` false) are in memory already, and not read. */
  addWindows(windows: Windows, isStored: boolean): void {
    this.loaded += windows.total
    if (isStored) this.read += windows.distinct
    if (this.readPerStep === undefined) return
    const { low, high } = windows
    let seen = 0
    for (let step = 0; step < low.length; step++) {
      this.#addAt(step, high[step]! - low[step]!, isStored ? high[step]! - Math.max(low[step]!, seen) : 0)
      seen = high[step]!
    }
  }

  /** The same for windows over histograms. */
  addHistogramWindows({ low, high }: Windows, histograms: readonly Histogram[], isStored: boolean): void {
    const sizes = runningSizes(histograms)
    const between = (from: number, to: number) => sizes[to]! - sizes[Math.min(from, to)]!
    let seen = 0
    for (let step = 0; step < low.length; step++) {
      const loaded = between(low[step]!, high[step]!)
      const read = isStored ? between(Math.max(low[step]!, seen), high[step]!) : 0
      this.loaded += loaded
      this.read += read
      this.#addAt(step, loaded, read)
      seen = high[step]!
    }
  }

  /** At one step. */
  addAt(step: number, samples: number): void {
    this.loaded += samples
    this.read += samples
    this.#addAt(step, samples, samples)
  }

  /** A part with the same steps that is used again. */
  addAgain(part: SamplesRead): void {
    this.loaded += part.loaded
    this.read += part.read
    for (let step = 0; step < this.#grid.count; step++) {
      this.#addAt(step, part.loadedPerStep?.[step] ?? 0, part.readPerStep?.[step] ?? 0)
    }
  }

  /** All that a part with other steps counted, at the first step. */
  addTotal(part: SamplesRead): void {
    this.loaded += part.loaded
    this.read += part.read
    this.#addAt(0, part.loaded, part.read)
  }

  /** A part that was evaluated once for all steps. */
  addRepeated(part: SamplesRead): void {
    this.loaded += part.loaded * this.#grid.count
    this.read += part.read
    for (let step = 0; step < this.#grid.count; step++) this.#addAt(step, part.loaded, step === 0 ? part.read : 0)
  }

  /** What a subquery reads, at the first step that sees its result; `endOf` tells when the step's window ends. */
  addSubquery(part: SamplesRead, endOf: (step: number) => Millis): void {
    this.read += part.read
    if (part.readPerStep === undefined) return
    let step = 0
    for (const [index, read] of part.readPerStep.entries()) {
      const at = timeAt(part.#grid, index)
      while (step < this.#grid.count - 1 && endOf(step) < at) step++
      this.#addAt(step, 0, read)
    }
  }

  #addAt(step: number, loaded: number, read: number): void {
    if (this.loadedPerStep === undefined || this.readPerStep === undefined) return
    this.loadedPerStep[step]! += loaded
    this.readPerStep[step]! += read
  }
}

/** How many samples a column stands for. */
export function sizeOfColumn(column: Column): number {
  if (!column.hasHistograms) return column.count
  let size = 0
  for (let step = 0; step < column.present.length; step++) if (column.present[step] !== 0) size += sizeAt(column, step)
  return size
}

function sizeAt(column: Column, step: number): number {
  const histogram = column.present[step] === HISTOGRAM ? column.histograms?.[step] : undefined
  return histogram === undefined ? 1 : sizeOfHistogram(histogram)
}

/** In floats with a time, which take 16 bytes each. Prometheus: promql/value.go HPoint.size. */
export function sizeOfHistogram(histogram: Histogram): number {
  const { positiveSpans, positiveBuckets, negativeSpans, negativeBuckets, customValues } = histogram
  const items = positiveSpans.length + positiveBuckets.length + negativeSpans.length + negativeBuckets.length + (customValues?.length ?? 0)
  return Math.floor((HISTOGRAM_BYTES + items * 8 + 8) / 16)
}

const HISTOGRAM_BYTES = 168

function runningSizes(histograms: readonly Histogram[]): Float64Array {
  const sizes = new Float64Array(histograms.length + 1)
  for (const [index, histogram] of histograms.entries()) sizes[index + 1] = sizes[index]! + sizeOfHistogram(histogram)
  return sizes
}
