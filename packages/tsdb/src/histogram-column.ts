// Native histograms as version 1 of the schema wrote them, which has blocks that are still read; histogram-segments.ts writes
// them now. Neighbours of one shape (schema, spans, hint) are a run, in which every bucket is a column of its own.
//
//   runs, then per run:  length | flags | shape | columns: sum, count, zero count, positive buckets, negative buckets
//
// A run of stale markers has flags and nothing behind them.

import type { Histogram } from '@promlet/model'
import type { ByteReader } from './bytes.ts'
import { readColumn } from './column.ts'
import { bucketsOf, FLAG_CUSTOM, FLAG_FLOAT, FLAG_STALE, readShape } from './histogram-codec.ts'

export function readHistograms(reader: ByteReader): Histogram[] {
  const histograms: Histogram[] = []
  for (let runs = reader.varint(); runs > 0; runs--) readRun(reader, histograms)
  return histograms
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
export const STALE: Histogram = {
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
