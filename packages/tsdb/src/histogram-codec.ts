// One native histogram as bytes, for batches: where samples arrive one by one and are not yet gathered per series.
// Counts of integer histograms are whole numbers and go as varints, those of float histograms as doubles.

import type { CounterResetHint, Histogram, Span } from '@promlet/model'
import type { ByteReader, ByteWriter } from './bytes.ts'

export const FLAG_FLOAT = 1
export const FLAG_STALE = 2
export const FLAG_CUSTOM = 4
/** Counts that are no whole numbers below 2^52 although the histogram says so are kept as doubles. */
const FLAG_DOUBLES = 8

const RESET_HINTS: readonly CounterResetHint[] = ['unknown', 'reset', 'not-reset', 'gauge']

export function writeHistogram(writer: ByteWriter, histogram: Histogram): void {
  const doubles = !isWhole(histogram)
  const flags =
    (histogram.float ? FLAG_FLOAT : 0) |
    (histogram.stale ? FLAG_STALE : 0) |
    (histogram.customValues !== undefined ? FLAG_CUSTOM : 0) |
    (doubles ? FLAG_DOUBLES : 0)
  writer.byte(flags)
  writeShape(writer, histogram)
  writer.double(histogram.sum)
  writeCounts(writer, [histogram.count, histogram.zeroCount], doubles)
  writeCounts(writer, histogram.positiveBuckets, doubles)
  writeCounts(writer, histogram.negativeBuckets, doubles)
}

export function readHistogram(reader: ByteReader): Histogram {
  const flags = reader.byte()
  const shape = readShape(reader, (flags & FLAG_CUSTOM) !== 0)
  const doubles = (flags & FLAG_DOUBLES) !== 0
  const sum = reader.double()
  const [count = 0, zeroCount = 0] = readCounts(reader, 2, doubles)
  const positiveBuckets = readCounts(reader, bucketsOf(shape.positiveSpans), doubles)
  const negativeBuckets = readCounts(reader, bucketsOf(shape.negativeSpans), doubles)
  const histogram = { ...shape, sum, count, zeroCount, positiveBuckets, negativeBuckets, float: (flags & FLAG_FLOAT) !== 0 }
  return (flags & FLAG_STALE) !== 0 ? { ...histogram, stale: true } : histogram
}

/** What says how the buckets of a histogram are to be read. */
export type HistogramKind = Pick<Histogram, 'schema' | 'zeroThreshold' | 'customValues'>
/** Which buckets it has. */
export type HistogramSpans = Pick<Histogram, 'counterResetHint' | 'positiveSpans' | 'negativeSpans'>

function writeShape(writer: ByteWriter, shape: HistogramKind & HistogramSpans): void {
  writer.zigzag(shape.schema)
  writer.double(shape.zeroThreshold)
  writeSpansOf(writer, shape)
  writeCustomValues(writer, shape)
}

export function readShape(reader: ByteReader, custom: boolean): HistogramKind & HistogramSpans {
  const shape = { schema: reader.zigzag(), zeroThreshold: reader.double(), ...readSpansOf(reader) }
  return custom ? { ...shape, customValues: readCustomValues(reader) } : shape
}

export function writeKind(writer: ByteWriter, kind: HistogramKind): void {
  writer.zigzag(kind.schema)
  writer.double(kind.zeroThreshold)
  writeCustomValues(writer, kind)
}

export function readKind(reader: ByteReader, custom: boolean): HistogramKind {
  const kind = { schema: reader.zigzag(), zeroThreshold: reader.double() }
  return custom ? { ...kind, customValues: readCustomValues(reader) } : kind
}

export function writeSpansOf(writer: ByteWriter, { counterResetHint, positiveSpans, negativeSpans }: HistogramSpans): void {
  writer.byte(RESET_HINTS.indexOf(counterResetHint))
  writeSpans(writer, positiveSpans)
  writeSpans(writer, negativeSpans)
}

export function readSpansOf(reader: ByteReader): HistogramSpans {
  const counterResetHint = RESET_HINTS[reader.byte()] ?? 'unknown'
  return { counterResetHint, positiveSpans: readSpans(reader), negativeSpans: readSpans(reader) }
}

function writeCustomValues(writer: ByteWriter, { customValues }: HistogramKind): void {
  if (customValues === undefined) return
  writer.varint(customValues.length)
  writer.doubles(customValues)
}

function readCustomValues(reader: ByteReader): Float64Array {
  const customValues = new Float64Array(reader.varint())
  reader.doubles(customValues)
  return customValues
}

/** How many buckets the spans say there are. */
export function bucketsOf(spans: readonly Span[]): number {
  let count = 0
  for (const span of spans) count += span.length
  return count
}

function writeSpans(writer: ByteWriter, spans: readonly Span[]): void {
  writer.varint(spans.length)
  for (const { offset, length } of spans) {
    writer.zigzag(offset)
    writer.varint(length)
  }
}

function readSpans(reader: ByteReader): Span[] {
  return Array.from({ length: reader.varint() }, () => ({ offset: reader.zigzag(), length: reader.varint() }))
}

function isWhole(histogram: Histogram): boolean {
  const whole = (count: number) => Number.isInteger(count) && Math.abs(count) < 2 ** 52 && !Object.is(count, -0)
  return (
    whole(histogram.count) && whole(histogram.zeroCount) && histogram.positiveBuckets.every(whole) && histogram.negativeBuckets.every(whole)
  )
}

function writeCounts(writer: ByteWriter, counts: ArrayLike<number>, doubles: boolean): void {
  for (let index = 0; index < counts.length; index++) {
    if (doubles) writer.double(counts[index] as number)
    else writer.zigzag(counts[index] as number)
  }
}

function readCounts(reader: ByteReader, length: number, doubles: boolean): Float64Array {
  const counts = new Float64Array(length)
  for (let index = 0; index < length; index++) counts[index] = doubles ? reader.double() : reader.zigzag()
  return counts
}
