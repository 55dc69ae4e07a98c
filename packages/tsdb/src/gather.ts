// Batches are rows, readers want columns. Rows of one layout are walked row by row, each row giving its value to every
// column that is asked for, since a row lies together in memory and a column does not.

import type { Histogram, Millis } from '@promlet/model'
import type { HistogramsBatch, RowBatch, SamplesBatch, Starts } from './batch.ts'
import type { BatchGroups } from './batch-groups.ts'
import type { Allocate } from './buffers.ts'
import type { LayoutReader } from './layout.ts'
import type { Piece } from './pieces.ts'
import type { RefMap } from './ref-pages.ts'

/** Asks for series: `wanted` gives the number of a series' column, of `columns` in all. */
export interface Wanted {
  readonly wanted: RefMap
  readonly columns: number
  /** The lowest and the highest of the series. */
  readonly first: number
  readonly last: number
  readonly from: Millis
  readonly to: Millis
  /** Makes the columns. */
  readonly allocate: Allocate
}

/** The pieces of each column, in no order of time among the pieces of one. */
export function gather({ rows, samples, histograms }: BatchGroups, layouts: LayoutReader, ask: Wanted): Piece[][] {
  const pieces: Piece[][] = Array.from({ length: ask.columns }, () => [])
  for (const [layout, all] of rows) {
    const { lowest, highest } = layouts.span(layout, widest(all))
    if (highest < ask.first || lowest > ask.last) continue
    const run = all.filter(({ at }) => at >= ask.from && at <= ask.to)
    if (run.length > 0) gatherRows(layouts.refs(layout, widest(run)), run, ask, pieces)
  }
  if (samples.length > 0) gatherSamples(samples, ask, pieces)
  if (histograms.length > 0) gatherHistograms(histograms, ask, pieces)
  return pieces
}

function widest(rows: readonly RowBatch[]): number {
  let slots = 0
  for (const row of rows) if (row.values.length > slots) slots = row.values.length
  return slots
}

function gatherRows(refs: Uint32Array, rows: readonly RowBatch[], ask: Wanted, pieces: Piece[][]): void {
  const slotsMax = widest(rows)
  const slots = new Uint32Array(slotsMax)
  const columns = new Uint32Array(slotsMax)
  let count = 0
  for (let slot = 0; slot < slotsMax; slot++) {
    const column = ask.wanted.get(refs[slot] as number)
    if (column === undefined) continue
    slots[count] = slot
    columns[count++] = column
  }
  if (count === 0) return
  const times = Float64Array.from(rows, (row) => row.at)
  const values = ask.allocate(count * rows.length)
  const counts = new Uint32Array(count)
  for (const row of rows) copyRow(row.values, row.present, slots, count, values, rows.length, counts)
  for (let index = 0; index < count; index++) {
    const start = index * rows.length
    const length = counts[index] as number
    if (length === 0) continue
    const own = length === rows.length ? times : timesOf(rows, slots[index] as number, length)
    ;(pieces[columns[index] as number] as Piece[]).push({ times: own, values: values.subarray(start, start + length) })
  }
}

/** Adds one row's values to the columns: column i begins at i * stride and has counts[i] values so far. */
function copyRow(
  row: Float64Array,
  present: Uint8Array | undefined,
  slots: Uint32Array,
  count: number,
  values: Float64Array,
  stride: number,
  counts: Uint32Array,
): void {
  for (let index = 0; index < count; index++) {
    const slot = slots[index] as number
    if (slot >= row.length || (present !== undefined && present[slot] === 0)) continue
    const filled = counts[index] as number
    values[index * stride + filled] = row[slot] as number
    counts[index] = filled + 1
  }
}

/** The times at which a series has a sample that is not in every row. */
function timesOf(rows: readonly RowBatch[], slot: number, length: number): Float64Array {
  const times = new Float64Array(length)
  let count = 0
  for (const { at, values, present } of rows) {
    if (slot < values.length && (present === undefined || present[slot] !== 0)) times[count++] = at
  }
  return times
}

function gatherSamples(batches: readonly SamplesBatch[], ask: Wanted, pieces: Piece[][]): void {
  const counts = new Uint32Array(ask.columns)
  for (const batch of batches) countSamples(batch, ask, counts)
  const starts = new Uint32Array(ask.columns + 1)
  for (let column = 0; column < ask.columns; column++) starts[column + 1] = (starts[column] as number) + (counts[column] as number)
  const total = starts[ask.columns] as number
  if (total === 0) return
  const times = new Float64Array(total)
  const values = ask.allocate(total)
  // The start timestamps of the samples, not to be taken for where the columns start.
  const began = batches.some((batch) => batch.starts !== undefined) ? new Float64Array(total) : undefined
  const ends = starts.slice()
  for (const batch of batches) copySamples(batch, ask, ends, times, values, began)
  for (let column = 0; column < ask.columns; column++) {
    const start = starts[column] as number
    const end = starts[column + 1] as number
    if (start === end) continue
    addRuns(times.subarray(start, end), values.subarray(start, end), began?.subarray(start, end), pieces[column] as Piece[])
  }
}

function countSamples(batch: SamplesBatch, ask: Wanted, counts: Uint32Array): void {
  const { refs, times } = batch
  for (let index = 0; index < refs.length; index++) {
    const at = times[index] as number
    if (at < ask.from || at > ask.to) continue
    const column = ask.wanted.get(refs[index] as number)
    if (column !== undefined) counts[column] = (counts[column] as number) + 1
  }
}

function copySamples(batch: SamplesBatch, ask: Wanted, ends: Uint32Array, times: Float64Array, values: Float64Array, began: Starts): void {
  const { starts } = batch
  for (let index = 0; index < batch.refs.length; index++) {
    const at = batch.times[index] as number
    if (at < ask.from || at > ask.to) continue
    const column = ask.wanted.get(batch.refs[index] as number)
    if (column === undefined) continue
    const end = ends[column] as number
    times[end] = at
    values[end] = batch.values[index] as number
    if (began !== undefined && starts !== undefined) began[end] = starts[index] as number
    ends[column] = end + 1
  }
}

/** Cuts a column where time does not increase, which is where late samples begin and end. */
function addRuns(times: Float64Array, values: Float64Array, began: Starts, pieces: Piece[]): void {
  let start = 0
  for (let index = 1; index <= times.length; index++) {
    if (index < times.length && (times[index] as number) > (times[index - 1] as number)) continue
    const starts = began?.subarray(start, index)
    const known = starts?.some((startAt) => startAt !== 0)
    pieces.push({ times: times.subarray(start, index), values: values.subarray(start, index), ...(known ? { starts } : {}) })
    start = index
  }
}

interface HistogramColumn {
  times: number[]
  histograms: Histogram[]
  starts: number[]
}

function gatherHistograms(batches: readonly HistogramsBatch[], ask: Wanted, pieces: Piece[][]): void {
  const columns = new Map<number, HistogramColumn>()
  for (const { refs, times, histograms, starts } of batches) {
    for (let index = 0; index < refs.length; index++) {
      const at = times[index] as number
      const column = ask.wanted.get(refs[index] as number)
      if (column === undefined || at < ask.from || at > ask.to) continue
      const own = columns.get(column) ?? { times: [], histograms: [], starts: [] }
      columns.set(column, own)
      if (own.times.length > 0 && at <= (own.times.at(-1) as number)) flush(own, pieces[column] as Piece[])
      own.times.push(at)
      own.histograms.push(histograms[index] as Histogram)
      own.starts.push(starts?.[index] ?? 0)
    }
  }
  for (const [column, own] of columns) flush(own, pieces[column] as Piece[])
}

function flush(own: HistogramColumn, pieces: Piece[]): void {
  const { times, histograms } = own
  const starts = own.starts.some((startAt) => startAt !== 0) ? Float64Array.from(own.starts) : undefined
  pieces.push({ times: Float64Array.from(times), values: new Float64Array(times.length).fill(Number.NaN), histograms, starts })
  own.times = []
  own.histograms = []
  own.starts = []
}
