// A chunk: the samples of one series in one block.
//
//   number of its time column | form | ...
//
// The form is that of a float column (column.ts), or HISTOGRAMS (histogram-segments.ts), or MIXED: one bit per time that is
// set where there is a histogram, the floats as a column, then the histograms. STARTS has a column of start timestamps, and
// then any of the others. The forms of version 1 have histogram-column.ts in the place of histogram-segments.ts.

import type { Histogram } from '@promlet/model'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { readColumn, writeColumn } from './column.ts'
import { StorageError } from './error.ts'
import { readHistograms } from './histogram-column.ts'
import { readSegments, writeSegments } from './histogram-segments.ts'
import type { Piece } from './pieces.ts'

const HISTOGRAMS_1 = 16
const MIXED_1 = 17
const STARTS = 18
const HISTOGRAMS = 19
const MIXED = 20

/** Writes a piece with at least one sample; its times are the column with the number `timeColumn`. */
export function writeChunk(writer: ByteWriter, timeColumn: number, piece: Piece): void {
  const { starts } = piece
  writer.varint(timeColumn)
  if (starts?.some((startAt) => startAt !== 0)) {
    writer.byte(STARTS)
    writeColumn(writer, starts, 0, starts.length)
  }
  writeSamples(writer, piece)
}

function writeSamples(writer: ByteWriter, { times, values, histograms }: Piece): void {
  if (histograms === undefined) {
    writeColumn(writer, values, 0, values.length)
    return
  }
  const present = histograms.filter((histogram) => histogram !== undefined)
  if (present.length === times.length) {
    writer.byte(HISTOGRAMS)
    writeSegments(writer, present)
    return
  }
  writer.byte(MIXED)
  const bits = new Uint8Array((times.length + 7) >>> 3)
  for (let index = 0; index < times.length; index++) if (histograms[index] !== undefined) bits[index >>> 3]! |= 1 << (index & 7)
  writer.raw(bits)
  const floats = values.filter((_, index) => histograms[index] === undefined)
  writeColumn(writer, floats, 0, floats.length)
  writeSegments(writer, present)
}

/** True for the form of a chunk that has floats only. */
export function isFloatForm(form: number): boolean {
  return form < HISTOGRAMS_1
}

/** Reads a chunk whose time column's number was read. @throws StorageError `corrupt` */
export function readChunk(reader: ByteReader, times: Float64Array): Piece {
  if (reader.bytes[reader.at] !== STARTS) return readSamples(reader, times)
  reader.byte()
  const starts = new Float64Array(times.length)
  readColumn(reader, starts, 0, starts.length)
  return { ...readSamples(reader, times), starts }
}

function readSamples(reader: ByteReader, times: Float64Array): Piece {
  const values = new Float64Array(times.length)
  if (isFloatForm(reader.peek())) {
    readColumn(reader, values, 0, values.length)
    return { times, values }
  }
  const form = reader.byte()
  if (form === HISTOGRAMS || form === HISTOGRAMS_1) {
    values.fill(Number.NaN)
    return { times, values, histograms: form === HISTOGRAMS ? readSegments(reader) : readHistograms(reader) }
  }
  if (form !== MIXED && form !== MIXED_1) throw new StorageError('corrupt', `a chunk has the unknown form ${form}`)
  return readMixed(reader, times, values, form === MIXED ? readSegments : readHistograms)
}

function readMixed(
  reader: ByteReader,
  times: Float64Array,
  values: Float64Array,
  readPresent: (reader: ByteReader) => readonly Histogram[],
): Piece {
  const bits = reader.raw((times.length + 7) >>> 3)
  const isHistogram = (index: number) => (((bits[index >>> 3] as number) >>> (index & 7)) & 1) === 1
  let floatCount = 0
  for (let index = 0; index < times.length; index++) if (!isHistogram(index)) floatCount++
  const floats = new Float64Array(floatCount)
  readColumn(reader, floats, 0, floatCount)
  const present = readPresent(reader)
  const histograms: (Histogram | undefined)[] = []
  let nextFloat = 0
  let nextHistogram = 0
  for (let index = 0; index < times.length; index++) {
    if (isHistogram(index)) {
      values[index] = Number.NaN
      histograms.push(present[nextHistogram++])
    } else {
      values[index] = floats[nextFloat++] as number
      histograms.push(undefined)
    }
  }
  return { times, values, histograms }
}
