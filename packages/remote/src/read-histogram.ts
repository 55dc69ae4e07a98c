// The Histogram message, which remote write 1.0 and 2.0 share. Counts are integers (buckets as differences to the
// bucket before, spans of buckets in a row) or floats (buckets as they are). Only 2.0 has the start timestamp, field 17.

import type { CounterResetHint, Histogram, Millis, Span } from '@promlet/model'
import { BYTES, type WireReader } from './wire-reader.ts'

export interface TimedHistogram {
  readonly at: Millis
  readonly histogram: Histogram
  /** 0 when it is not known. */
  readonly startAt: Millis
}

const RESET_HINTS: readonly CounterResetHint[] = ['unknown', 'reset', 'not-reset', 'gauge']

/** Reads the fields of a histogram up to `end`. Nothing of it is checked but its form. */
export function readHistogram(reader: WireReader, end: number): TimedHistogram {
  let count = 0
  let sum = 0
  let schema = 0
  let zeroThreshold = 0
  let zeroCount = 0
  let at = 0
  let startAt = 0
  let hint = 0
  let float = false
  let stale = false
  const negativeSpans: Span[] = []
  const positiveSpans: Span[] = []
  const negative: number[] = []
  const positive: number[] = []
  const customValues: number[] = []
  while (reader.at < end) {
    const tag = reader.uint32()
    switch (tag) {
      case 0x08:
        count = reader.uint64()
        break
      case 0x11:
        count = reader.double()
        float = true
        break
      case 0x19:
        sum = reader.double()
        stale = reader.wasStale()
        break
      case 0x20:
        schema = reader.sint64()
        break
      case 0x29:
        zeroThreshold = reader.double()
        break
      case 0x30:
        zeroCount = reader.uint64()
        break
      case 0x39:
        zeroCount = reader.double()
        break
      case 0x42:
        negativeSpans.push(readSpan(reader, end))
        break
      case 0x5a:
        positiveSpans.push(readSpan(reader, end))
        break
      case 0x70:
        hint = reader.uint32()
        break
      case 0x78:
        at = reader.int64()
        break
      case 0x88:
        startAt = reader.int64()
        break
      default:
        if (!readList(reader, tag, end, negative, positive, customValues)) reader.skip(tag, end)
    }
  }
  reader.checkEnd(end)
  const histogram: Histogram = {
    schema,
    zeroThreshold,
    zeroCount,
    count,
    sum: stale ? Number.NaN : sum,
    positiveSpans,
    positiveBuckets: float ? Float64Array.from(positive) : fromDeltas(positive),
    negativeSpans,
    negativeBuckets: float ? Float64Array.from(negative) : fromDeltas(negative),
    ...(customValues.length > 0 && { customValues: Float64Array.from(customValues) }),
    counterResetHint: RESET_HINTS[hint] ?? 'unknown',
    ...(stale && { stale }),
    float,
  }
  return { at, histogram, startAt }
}

/** The repeated numbers, which come packed or one by one: 9 and 12 are differences, 10 and 13 counts, 16 bounds. */
function readList(reader: WireReader, tag: number, end: number, negative: number[], positive: number[], bounds: number[]): boolean {
  const field = tag >>> 3
  const isDeltas = field === 9 || field === 12
  if (!isDeltas && field !== 10 && field !== 13 && field !== 16) return false
  const list = field === 16 ? bounds : field < 11 ? negative : positive
  const isPacked = (tag & 7) === BYTES
  const listEnd = isPacked ? reader.lengthEnd(end) : end
  while (reader.at < listEnd) {
    list.push(isDeltas ? reader.sint64() : reader.double())
    if (!isPacked) break
  }
  reader.checkEnd(listEnd)
  return true
}

function readSpan(reader: WireReader, outer: number): Span {
  const end = reader.lengthEnd(outer)
  let offset = 0
  let length = 0
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x08) offset = reader.sint64()
    else if (tag === 0x10) length = reader.uint32()
    else reader.skip(tag, end)
  }
  reader.checkEnd(end)
  return { offset, length }
}

function fromDeltas(deltas: readonly number[]): Float64Array {
  const counts = new Float64Array(deltas.length)
  let count = 0
  for (let index = 0; index < deltas.length; index++) {
    count += deltas[index] as number
    counts[index] = count
  }
  return counts
}
