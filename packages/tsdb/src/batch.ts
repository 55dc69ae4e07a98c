// L0: what one commit brought, as it came. A `row` holds one value per series of a layout at one time, which is a
// scrape; `samples` holds samples of any series and times; `histograms` native histograms. `late` batches hold
// samples that are older than the newest of their series and were accepted within the out-of-order window.

import type { Histogram, Millis } from '@promlet/model'
import { ByteWriter, openBlob, sealBlob } from './bytes.ts'
import { readColumn, writeColumn } from './column.ts'
import { StorageError } from './error.ts'
import { readHistogram, writeHistogram } from './histogram-codec.ts'

export const ROW = 1
export const SAMPLES = 2
export const HISTOGRAMS = 3

/** Start timestamps, 0 where there is none; undefined when no sample has one. Rows have none. */
export type Starts = Float64Array | undefined

export interface RowBatch {
  readonly kind: typeof ROW
  readonly id: number
  readonly layout: number
  readonly at: Millis
  /** One slot per series of the layout; a layout that has grown since has more series than the row has slots. */
  readonly values: Float64Array
  /** One byte per slot; undefined when every slot has a sample. */
  readonly present: Uint8Array | undefined
  readonly samples: number
}

export interface SamplesBatch {
  readonly kind: typeof SAMPLES
  readonly id: number
  /** Older than the newest of their series. */
  readonly late: boolean
  readonly refs: Uint32Array
  readonly times: Float64Array
  readonly values: Float64Array
  readonly starts: Starts
}

export interface HistogramsBatch {
  readonly kind: typeof HISTOGRAMS
  readonly id: number
  readonly late: boolean
  readonly refs: Uint32Array
  readonly times: Float64Array
  readonly histograms: readonly Histogram[]
  readonly starts: Starts
}

export type Batch = RowBatch | SamplesBatch | HistogramsBatch

/** A line of the table `batch`. */
export interface BatchRecord {
  readonly id: number
  readonly kind: number
  readonly layout: number | null
  readonly from_ms: Millis
  readonly to_ms: Millis
  readonly samples: number
  readonly data: Buffer
}

/** A batch that has no id yet, and its line of the table. */
export interface BatchData {
  readonly batch: SamplesBatch | HistogramsBatch
  readonly record: Omit<BatchRecord, 'id' | 'layout'>
}

/** `kind` in the file is the kind, and on top of it these: for a late batch, and for one with start timestamps. */
const LATE = 16
const STARTS = 32

export function samplesIn(batch: Batch): number {
  return batch.kind === ROW ? batch.samples : batch.refs.length
}

/** Bytes of a row's blob: the values, the presence bits when a slot is absent, the checksum. */
export function rowBlobBytes(slots: number, dense: boolean): number {
  return slots * 8 + (dense ? 0 : (slots + 7) >>> 3) + 4
}

/**
 * The blob of a row. `buffer` begins with the values, as `Float64Array` wrote them, and has room for the rest, so that
 * the values of a scrape are copied once on their way to the disk.
 */
export function sealRow(buffer: ArrayBuffer, slots: number, present: Uint8Array | undefined): Buffer {
  const blob = Buffer.from(buffer, 0, rowBlobBytes(slots, present === undefined))
  if (present !== undefined) {
    const at = slots * 8
    blob.fill(0, at)
    for (let slot = 0; slot < slots; slot++) if (present[slot] !== 0) blob[at + (slot >>> 3)]! |= 1 << (slot & 7)
  }
  return sealBlob(blob)
}

export function encodeSamples(batch: SamplesBatch): BatchData {
  const writer = new ByteWriter(batch.refs.length * 12 + 16)
  writeKeys(writer, batch)
  writer.doubles(batch.values)
  return { batch, record: toRecord(batch, writer.blob()) }
}

export function encodeHistograms(batch: HistogramsBatch): BatchData {
  const writer = new ByteWriter(1024)
  writeKeys(writer, batch)
  for (const histogram of batch.histograms) writeHistogram(writer, histogram)
  return { batch, record: toRecord(batch, writer.blob()) }
}

function toRecord({ kind, late, times, starts }: SamplesBatch | HistogramsBatch, data: Buffer): BatchData['record'] {
  let from = Infinity
  let to = -Infinity
  for (const at of times) {
    if (at < from) from = at
    if (at > to) to = at
  }
  const flags = (late ? LATE : 0) | (starts !== undefined ? STARTS : 0)
  return { kind: kind | flags, from_ms: from, to_ms: to, samples: times.length, data }
}

function writeKeys(writer: ByteWriter, { refs, times, starts }: SamplesBatch | HistogramsBatch): void {
  writer.varint(refs.length)
  let ref = 0
  for (const next of refs) {
    writer.zigzag(next - ref)
    ref = next
  }
  let at = 0
  for (const next of times) {
    writer.zigzag(next - at)
    at = next
  }
  if (starts !== undefined) writeColumn(writer, starts, 0, starts.length)
}

/** @throws StorageError `corrupt` */
export function decodeBatch(record: BatchRecord): Batch {
  const reader = openBlob(record.data, 'batch', record.id)
  const kind = record.kind & ~(LATE | STARTS)
  if (kind === ROW) return decodeRow(record, record.data.subarray(0, -4))
  const late = (record.kind & LATE) !== 0
  const length = reader.varint()
  expectAgreed(record, length === record.samples)
  const refs = new Uint32Array(length)
  const times = new Float64Array(length)
  for (let index = 0, ref = 0; index < length; index++) refs[index] = ref += reader.zigzag()
  for (let index = 0, at = 0; index < length; index++) times[index] = at += reader.zigzag()
  const starts = (record.kind & STARTS) === 0 ? undefined : new Float64Array(length)
  if (starts !== undefined) readColumn(reader, starts, 0, length)
  if (kind === HISTOGRAMS) {
    return { kind, id: record.id, late, refs, times, starts, histograms: Array.from({ length }, () => readHistogram(reader)) }
  }
  if (kind !== SAMPLES) throw new StorageError('corrupt', `batch ${record.id}: its kind ${record.kind} is not known`)
  const values = new Float64Array(length)
  reader.doubles(values)
  return { kind, id: record.id, late, refs, times, starts, values }
}

function decodeRow(record: BatchRecord, data: Buffer): RowBatch {
  const dense = data.length === record.samples * 8
  // 8 bytes and a bit per slot.
  const slots = dense ? record.samples : Math.floor((data.length * 8) / 65)
  const values = new Float64Array(slots)
  new Uint8Array(values.buffer).set(data.subarray(0, slots * 8))
  let present: Uint8Array | undefined
  if (!dense) {
    present = new Uint8Array(slots)
    for (let slot = 0; slot < slots; slot++) present[slot] = ((data[slots * 8 + (slot >>> 3)] as number) >>> (slot & 7)) & 1
  }
  expectAgreed(record, record.from_ms === record.to_ms && (present === undefined || countSet(present) === record.samples))
  return { kind: ROW, id: record.id, layout: record.layout ?? 0, at: record.from_ms, values, present, samples: record.samples }
}

/** The checksum covers the blob only; what stands beside it is held against it. */
function expectAgreed({ id }: BatchRecord, isAgreed: boolean): void {
  if (!isAgreed) throw new StorageError('corrupt', `batch ${id}: its times or its number of samples are not those of its content`)
}

function countSet(flags: Uint8Array): number {
  let count = 0
  for (const flag of flags) count += flag
  return count
}
