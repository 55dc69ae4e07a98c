// Batches by what is in them, sorted out once for many questions: a query asks for few of the series, and a compaction for all
// of them, some hundred at a time.

import { type Batch, HISTOGRAMS, type HistogramsBatch, type RowBatch, SAMPLES, type SamplesBatch, type Starts } from './batch.ts'
import type { RefMap } from './ref-pages.ts'

export interface BatchGroups {
  /** By layout, each in order of id. */
  readonly rows: ReadonlyMap<number, readonly RowBatch[]>
  readonly samples: readonly SamplesBatch[]
  readonly histograms: readonly HistogramsBatch[]
}

/** The groups of a list that grows. */
export class GrowingGroups implements BatchGroups {
  readonly rows = new Map<number, RowBatch[]>()
  readonly samples: SamplesBatch[] = []
  readonly histograms: HistogramsBatch[] = []
  #count = 0

  /** Takes what the list has more than at the last call. */
  add(batches: readonly Batch[]): void {
    for (; this.#count < batches.length; this.#count++) this.#addBatch(batches[this.#count] as Batch)
  }

  #addBatch(batch: Batch): void {
    if (batch.kind === SAMPLES) this.samples.push(batch)
    else if (batch.kind === HISTOGRAMS) this.histograms.push(batch)
    else {
      const rows = this.rows.get(batch.layout)
      if (rows === undefined) this.rows.set(batch.layout, [batch])
      else rows.push(batch)
    }
  }
}

export function groupsOf(batches: readonly Batch[]): BatchGroups {
  const groups = new GrowingGroups()
  groups.add(batches)
  return groups
}

/** What is in rows, and all else in order of series: the part for a run of series is then found at once. */
export class OrderedGroups {
  readonly #rows: BatchGroups['rows']
  readonly #samples: SamplesBatch | undefined
  readonly #histograms: HistogramsBatch | undefined

  /** `columns` numbers all series in increasing order, `count` of them. */
  constructor({ rows, samples, histograms }: BatchGroups, columns: RefMap, count: number) {
    this.#rows = rows
    this.#samples = samples.length > 0 ? orderSamples(samples, columns, count) : undefined
    this.#histograms = histograms.length > 0 ? orderHistograms(histograms, columns, count) : undefined
  }

  /** What there is of the series from `first` to `last`; rows are all in it. */
  between(first: number, last: number): BatchGroups {
    const samples = this.#samples === undefined ? [] : [cutSamples(this.#samples, first, last)]
    const histograms = this.#histograms === undefined ? [] : [cutHistograms(this.#histograms, first, last)]
    return { rows: this.#rows, samples, histograms }
  }
}

/** Where each series begins in the order; moves on as places are given out. */
function startsOf(batches: readonly (SamplesBatch | HistogramsBatch)[], columns: RefMap, count: number): Uint32Array {
  const starts = new Uint32Array(count + 1)
  for (const { refs } of batches) {
    for (let index = 0; index < refs.length; index++) starts[(columns.get(refs[index] as number) as number) + 1]! += 1
  }
  for (let column = 0; column < count; column++) starts[column + 1]! += starts[column] as number
  return starts
}

function orderSamples(batches: readonly SamplesBatch[], columns: RefMap, count: number): SamplesBatch {
  const places = startsOf(batches, columns, count)
  const length = places[count] as number
  const ordered = { ...frame(batches, length), kind: SAMPLES, values: new Float64Array(length) } as const
  for (const batch of batches) {
    for (let index = 0; index < batch.refs.length; index++) {
      const place = settle(places, columns, batch, index, ordered)
      ordered.values[place] = batch.values[index] as number
    }
  }
  return ordered
}

function orderHistograms(batches: readonly HistogramsBatch[], columns: RefMap, count: number): HistogramsBatch {
  const places = startsOf(batches, columns, count)
  const length = places[count] as number
  const histograms = new Array<HistogramsBatch['histograms'][number]>(length)
  const ordered = { ...frame(batches, length), kind: HISTOGRAMS, histograms } as const
  for (const batch of batches) {
    for (let index = 0; index < batch.refs.length; index++) {
      histograms[settle(places, columns, batch, index, ordered)] = batch.histograms[index] as (typeof histograms)[number]
    }
  }
  return ordered
}

interface Frame {
  readonly id: number
  readonly late: boolean
  readonly refs: Uint32Array
  readonly times: Float64Array
  readonly starts: Starts
}

function frame(batches: readonly (SamplesBatch | HistogramsBatch)[], length: number): Frame {
  const starts = batches.some((batch) => batch.starts !== undefined) ? new Float64Array(length) : undefined
  return { id: 0, late: false, refs: new Uint32Array(length), times: new Float64Array(length), starts }
}

/** Puts one sample in its place, but for its value, and gives the place. */
function settle(places: Uint32Array, columns: RefMap, batch: SamplesBatch | HistogramsBatch, index: number, into: Frame): number {
  const ref = batch.refs[index] as number
  const column = columns.get(ref) as number
  const place = places[column] as number
  places[column] = place + 1
  into.refs[place] = ref
  into.times[place] = batch.times[index] as number
  if (into.starts !== undefined && batch.starts !== undefined) into.starts[place] = batch.starts[index] as number
  return place
}

function cutSamples(batch: SamplesBatch, first: number, last: number): SamplesBatch {
  const [start, end] = [lowerRef(batch.refs, first), lowerRef(batch.refs, last + 1)]
  return { ...batch, ...cutFrame(batch, start, end), values: batch.values.subarray(start, end) }
}

function cutHistograms(batch: HistogramsBatch, first: number, last: number): HistogramsBatch {
  const [start, end] = [lowerRef(batch.refs, first), lowerRef(batch.refs, last + 1)]
  return { ...batch, ...cutFrame(batch, start, end), histograms: batch.histograms.slice(start, end) }
}

function cutFrame({ refs, times, starts }: Frame, start: number, end: number) {
  return { refs: refs.subarray(start, end), times: times.subarray(start, end), starts: starts?.subarray(start, end) }
}

/** The index of the first reference from `ref` on. */
function lowerRef(refs: Uint32Array, ref: number): number {
  let low = 0
  let high = refs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((refs[middle] as number) < ref) low = middle + 1
    else high = middle
  }
  return low
}
