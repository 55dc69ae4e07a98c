// The native histograms of one series over one run of times. Neighbours mostly have the same shape (schema, spans, hint),
// which is then written once, and every bucket becomes a column of its own: a bucket's counts grow like any counter.
//
//   runs, then per run:  length | flags | shape | columns: sum, count, zero count, positive buckets, negative buckets
//
// A run of stale markers has flags and nothing behind them.

import type { Histogram } from '@promlet/model'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { readColumn, writeColumn } from './column.ts'
import { bucketsOf, FLAG_CUSTOM, FLAG_FLOAT, FLAG_STALE, type HistogramShape, readShape, writeShape } from './histogram-codec.ts'
import { sameNumbers, sameSpans } from './sameness.ts'

export function writeHistograms(writer: ByteWriter, histograms: readonly Histogram[]): void {
  const ends: number[] = []
  for (let index = 1; index <= histograms.length; index++) {
    if (index === histograms.length || !sameShape(histograms[index - 1] as Histogram, histograms[index] as Histogram)) ends.push(index)
  }
  writer.varint(ends.length)
  let start = 0
  for (const end of ends) {
    writeRun(writer, histograms.slice(start, end))
    start = end
  }
}

export function readHistograms(reader: ByteReader): Histogram[] {
  const histograms: Histogram[] = []
  for (let runs = reader.varint(); runs > 0; runs--) readRun(reader, histograms)
  return histograms
}

function writeRun(writer: ByteWriter, run: readonly Histogram[]): void {
  const first = run[0] as Histogram
  const flags = (first.float ? FLAG_FLOAT : 0) | (first.stale ? FLAG_STALE : 0) | (first.customValues !== undefined ? FLAG_CUSTOM : 0)
  writer.varint(run.length)
  writer.byte(flags)
  if (first.stale) return
  writeShape(writer, first)
  const column = (value: (histogram: Histogram) => number) => writeColumn(writer, Float64Array.from(run, value), 0, run.length)
  column(({ sum }) => sum)
  column(({ count }) => count)
  column(({ zeroCount }) => zeroCount)
  for (let bucket = 0; bucket < first.positiveBuckets.length; bucket++) column((histogram) => histogram.positiveBuckets[bucket] as number)
  for (let bucket = 0; bucket < first.negativeBuckets.length; bucket++) column((histogram) => histogram.negativeBuckets[bucket] as number)
}

function readRun(reader: ByteReader, into: Histogram[]): void {
  const length = reader.varint()
  const flags = reader.byte()
  const float = (flags & FLAG_FLOAT) !== 0
  if ((flags & FLAG_STALE) !== 0) {
    for (let index = 0; index < length; index++) into.push({ ...STALE, float })
    return
  }
  const shape = readShape(reader, (flags & FLAG_CUSTOM) !== 0)
  const columns = (count: number) =>
    Array.from({ length: count }, () => {
      const column = new Float64Array(length)
      readColumn(reader, column, 0, length)
      return column
    })
  const [sums, counts, zeroCounts] = columns(3) as [Float64Array, Float64Array, Float64Array]
  const positive = columns(bucketsOf(shape.positiveSpans))
  const negative = columns(bucketsOf(shape.negativeSpans))
  for (let index = 0; index < length; index++) {
    const row = (buckets: readonly Float64Array[]) => Float64Array.from(buckets, (column) => column[index] as number)
    into.push({
      ...shape,
      sum: sums[index] as number,
      count: counts[index] as number,
      zeroCount: zeroCounts[index] as number,
      positiveBuckets: row(positive),
      negativeBuckets: row(negative),
      float,
    })
  }
}

/** What is left of a histogram that only says that its series ended. */
const STALE: Histogram = {
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 0,
  sum: 0,
  positiveSpans: [],
  positiveBuckets: new Float64Array(0),
  negativeSpans: [],
  negativeBuckets: new Float64Array(0),
  counterResetHint: 'unknown',
  stale: true,
  float: false,
}

function sameShape(left: Histogram, right: Histogram): boolean {
  if (left.stale || right.stale) return left.stale === right.stale && left.float === right.float
  return left.float === right.float && sameHistogramShape(left, right)
}

function sameHistogramShape(left: HistogramShape, right: HistogramShape): boolean {
  return (
    left.schema === right.schema &&
    Object.is(left.zeroThreshold, right.zeroThreshold) &&
    left.counterResetHint === right.counterResetHint &&
    sameSpans(left.positiveSpans, right.positiveSpans) &&
    sameSpans(left.negativeSpans, right.negativeSpans) &&
    sameNumbers(left.customValues, right.customValues)
  )
}
