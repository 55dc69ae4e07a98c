// The native histograms of one series over one run of times. A bucket's counts grow like any counter, so every bucket is a
// column of its own, over all histograms that can share it: those of one kind (schema, bounds, floats or not), of which some
// have it and others do not. Which of them have it say the spans, so that nothing is lost where a column has zero for absent.
//
//   segments, then per segment:
//   flags | length m | schema | zero threshold | [custom values] | runs, then per run:  length | hint | spans | spans
//     | columns of m: sum, count, zero count, each positive bucket that any run has, each negative one
//
// Of a segment of stale markers there are flags and length only.

import type { Histogram, Span } from '@promlet/model'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { readColumn, writeColumn } from './column.ts'
import {
  FLAG_CUSTOM,
  FLAG_FLOAT,
  FLAG_STALE,
  type HistogramKind,
  type HistogramSpans,
  readKind,
  readSpansOf,
  writeKind,
  writeSpansOf,
} from './histogram-codec.ts'
import { STALE } from './histogram-column.ts'
import { sameNumbers, sameSpans } from './sameness.ts'

/** Columns may hold so many times the counts that histograms have; buckets that wander begin a new segment. */
const FILL_MAX = 3
const FILL_FREE = 64

/** Histograms that follow each other and have the same buckets and hint. */
interface Run extends HistogramSpans {
  readonly histograms: readonly Histogram[]
  readonly positive: readonly number[]
  readonly negative: readonly number[]
}

interface Segment {
  readonly first: Histogram
  readonly runs: Run[]
  readonly positive: Set<number>
  readonly negative: Set<number>
  length: number
  /** Counts of all histograms. */
  counts: number
}

export function writeSegments(writer: ByteWriter, histograms: readonly Histogram[]): void {
  const segments = segmentsOf(histograms)
  writer.varint(segments.length)
  for (const segment of segments) writeSegment(writer, segment)
}

export function readSegments(reader: ByteReader): Histogram[] {
  const histograms: Histogram[] = []
  for (let segments = reader.varint(); segments > 0; segments--) readSegment(reader, histograms)
  return histograms
}

function writeSegment(writer: ByteWriter, { first, runs, positive, negative, length }: Segment): void {
  writer.byte((first.float ? FLAG_FLOAT : 0) | (first.stale ? FLAG_STALE : 0) | (first.customValues !== undefined ? FLAG_CUSTOM : 0))
  writer.varint(length)
  if (first.stale) return
  writeKind(writer, first)
  writer.varint(runs.length)
  for (const run of runs) {
    writer.varint(run.histograms.length)
    writeSpansOf(writer, run)
  }
  const column = new Float64Array(length)
  const write = (fill: (run: Run, at: number) => void) => {
    let at = 0
    for (const run of runs) {
      fill(run, at)
      at += run.histograms.length
    }
    writeColumn(writer, column, 0, length)
  }
  write(({ histograms }, at) => fillWith(column, at, histograms, 'sum'))
  write(({ histograms }, at) => fillWith(column, at, histograms, 'count'))
  write(({ histograms }, at) => fillWith(column, at, histograms, 'zeroCount'))
  for (const index of inOrder(positive)) {
    write((run, at) => fillBucket(column, at, run.histograms, 'positiveBuckets', run.positive.indexOf(index)))
  }
  for (const index of inOrder(negative)) {
    write((run, at) => fillBucket(column, at, run.histograms, 'negativeBuckets', run.negative.indexOf(index)))
  }
}

function fillWith(column: Float64Array, at: number, histograms: readonly Histogram[], name: 'sum' | 'count' | 'zeroCount'): void {
  for (let index = 0; index < histograms.length; index++) column[at + index] = (histograms[index] as Histogram)[name]
}

function fillBucket(
  column: Float64Array,
  at: number,
  histograms: readonly Histogram[],
  name: 'positiveBuckets' | 'negativeBuckets',
  slot: number,
): void {
  for (let index = 0; index < histograms.length; index++) {
    column[at + index] = slot < 0 ? 0 : ((histograms[index] as Histogram)[name][slot] as number)
  }
}

function readSegment(reader: ByteReader, into: Histogram[]): void {
  const flags = reader.byte()
  const length = reader.varint()
  const float = (flags & FLAG_FLOAT) !== 0
  if ((flags & FLAG_STALE) !== 0) {
    for (let index = 0; index < length; index++) into.push({ ...STALE, float })
    return
  }
  const kind = readKind(reader, (flags & FLAG_CUSTOM) !== 0)
  const runs = Array.from({ length: reader.varint() }, () => ({ length: reader.varint(), spans: readSpansOf(reader) }))
  const positive = indexesOfAll(runs.map(({ spans }) => spans.positiveSpans))
  const negative = indexesOfAll(runs.map(({ spans }) => spans.negativeSpans))
  const column = () => {
    const values = new Float64Array(length)
    readColumn(reader, values, 0, length)
    return values
  }
  const [sums, counts, zeroCounts] = [column(), column(), column()]
  const positives = new Map(positive.map((index) => [index, column()]))
  const negatives = new Map(negative.map((index) => [index, column()]))
  let at = 0
  for (const { length, spans } of runs) {
    const positiveRows = rowsOf(positives, spans.positiveSpans, at, length)
    const negativeRows = rowsOf(negatives, spans.negativeSpans, at, length)
    for (let index = 0; index < length; index++, at++) {
      into.push({
        ...kind,
        ...spans,
        sum: sums[at] as number,
        count: counts[at] as number,
        zeroCount: zeroCounts[at] as number,
        positiveBuckets: positiveRows(index),
        negativeBuckets: negativeRows(index),
        float,
      })
    }
  }
}

const NO_BUCKETS = new Float64Array(0)

/** The buckets of the histograms of a run, each a part of one array. */
function rowsOf(columns: ReadonlyMap<number, Float64Array>, spans: readonly Span[], at: number, length: number) {
  const indexes = indexesOf(spans)
  const width = indexes.length
  if (width === 0) return () => NO_BUCKETS
  const rows = new Float64Array(width * length)
  for (let slot = 0; slot < width; slot++) {
    const column = columns.get(indexes[slot] as number) as Float64Array
    for (let index = 0, to = slot; index < length; index++, to += width) rows[to] = column[at + index] as number
  }
  return (index: number) => rows.subarray(index * width, (index + 1) * width)
}

function segmentsOf(histograms: readonly Histogram[]): Segment[] {
  const segments: Segment[] = []
  for (let start = 0; start < histograms.length; ) {
    const first = histograms[start] as Histogram
    let end = start + 1
    while (end < histograms.length && isAlike(first, histograms[end] as Histogram)) end++
    const run: Run = {
      counterResetHint: first.counterResetHint,
      positiveSpans: first.positiveSpans,
      negativeSpans: first.negativeSpans,
      histograms: histograms.slice(start, end),
      positive: indexesOf(first.positiveSpans),
      negative: indexesOf(first.negativeSpans),
    }
    const last = segments.at(-1)
    if (last === undefined || !isSameKind(last.first, first) || !fits(last, run)) segments.push(segmentOf(first, run))
    else addRun(last, run)
    start = end
  }
  return segments
}

function segmentOf(first: Histogram, run: Run): Segment {
  const segment: Segment = { first, runs: [], positive: new Set(), negative: new Set(), length: 0, counts: 0 }
  addRun(segment, run)
  return segment
}

function addRun(segment: Segment, run: Run): void {
  segment.runs.push(run)
  for (const index of run.positive) segment.positive.add(index)
  for (const index of run.negative) segment.negative.add(index)
  segment.length += run.histograms.length
  segment.counts += run.histograms.length * (run.positive.length + run.negative.length)
}

function fits({ positive, negative, length, counts }: Segment, run: Run): boolean {
  const added = run.positive.filter((index) => !positive.has(index)).length + run.negative.filter((index) => !negative.has(index)).length
  const columns = positive.size + negative.size + added
  const own = run.histograms.length * (run.positive.length + run.negative.length)
  return columns * (length + run.histograms.length) <= (counts + own) * FILL_MAX + FILL_FREE
}

function isAlike(left: Histogram, right: Histogram): boolean {
  if (left.stale || right.stale) return left.stale === right.stale && left.float === right.float
  return (
    isSameKind(left, right) &&
    left.counterResetHint === right.counterResetHint &&
    sameSpans(left.positiveSpans, right.positiveSpans) &&
    sameSpans(left.negativeSpans, right.negativeSpans)
  )
}

function isSameKind(left: Histogram & HistogramKind, right: Histogram & HistogramKind): boolean {
  if (left.stale || right.stale || left.float !== right.float) return false
  return (
    left.schema === right.schema && Object.is(left.zeroThreshold, right.zeroThreshold) && sameNumbers(left.customValues, right.customValues)
  )
}

function indexesOf(spans: readonly Span[]): number[] {
  const indexes: number[] = []
  let next = 0
  for (const { offset, length } of spans) {
    next += offset
    for (let index = 0; index < length; index++) indexes.push(next++)
  }
  return indexes
}

/** Each once, increasing. */
function indexesOfAll(lists: readonly (readonly Span[])[]): number[] {
  return inOrder(new Set(lists.flatMap(indexesOf)))
}

function inOrder(indexes: ReadonlySet<number>): number[] {
  return [...indexes].sort((left, right) => left - right)
}
