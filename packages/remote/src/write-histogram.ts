// The Histogram message, which remote write 1.0 and 2.0 share; see read-histogram.ts.

import { type CounterResetHint, type Histogram, type Millis, type Span, setStale } from '@promlet/model'
import { WireWriter } from './wire-writer.ts'

const RESET_HINTS: readonly CounterResetHint[] = ['unknown', 'reset', 'not-reset', 'gauge']
const list = new WireWriter()
const staleSum = new Float64Array(1)

/** Writes the fields of a histogram message. */
export function writeHistogram(writer: WireWriter, at: Millis, histogram: Histogram): void {
  const { float, count, sum, schema, zeroThreshold, zeroCount, counterResetHint, stale } = histogram
  writeCount(writer, 0x08, 0x11, float, count)
  writer.byte(0x19)
  if (stale) {
    setStale(staleSum, 0)
    writer.doubleAt(staleSum, 0)
  } else {
    writer.double(sum)
  }
  writer.byte(0x20)
  writer.sint64(schema)
  writer.byte(0x29)
  writer.double(zeroThreshold)
  writeCount(writer, 0x30, 0x39, float, zeroCount)
  for (const span of histogram.negativeSpans) writeSpan(writer, 0x42, span)
  writeBuckets(writer, 0x4a, 0x52, float, histogram.negativeBuckets)
  for (const span of histogram.positiveSpans) writeSpan(writer, 0x5a, span)
  writeBuckets(writer, 0x62, 0x6a, float, histogram.positiveBuckets)
  writer.byte(0x70)
  writer.varint(RESET_HINTS.indexOf(counterResetHint))
  writer.byte(0x78)
  writer.int64(at)
  if (histogram.customValues !== undefined) writeCustomValues(writer, histogram.customValues)
}

function writeCount(writer: WireWriter, intTag: number, floatTag: number, float: boolean, count: number): void {
  writer.byte(float ? floatTag : intTag)
  if (float) writer.double(count)
  else writer.varint(count)
}

function writeSpan(writer: WireWriter, tag: number, { offset, length }: Span): void {
  list.clear()
  list.byte(0x08)
  list.sint64(offset)
  list.byte(0x10)
  list.varint(length)
  writer.field(tag, list.bytes())
}

/** Whole counts as differences to the bucket before, others as they are. */
function writeBuckets(writer: WireWriter, deltasTag: number, countsTag: number, float: boolean, buckets: Float64Array): void {
  if (buckets.length === 0) return
  list.clear()
  let before = 0
  for (const count of buckets) {
    if (float) list.double(count)
    else list.sint64(count - before)
    before = count
  }
  writer.field(float ? countsTag : deltasTag, list.bytes())
}

/** Field 16: its tag takes two bytes. */
function writeCustomValues(writer: WireWriter, bounds: Float64Array): void {
  list.clear()
  for (const bound of bounds) list.double(bound)
  writer.varint((16 << 3) | 2)
  writer.varint(list.length)
  writer.raw(list.bytes())
}
