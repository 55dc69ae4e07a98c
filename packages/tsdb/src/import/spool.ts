// Samples in any order become samples in order of time: kept in memory while they are few, in a file beyond that, which is
// split by time into smaller ones until one fits into memory. So memory is bounded, whatever is imported; the disk needs
// room for the samples twice.

import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Histogram, Millis } from '@promlet/model'
import { ByteReader, ByteWriter } from '../bytes.ts'
import { readHistogram, writeHistogram } from '../histogram-codec.ts'

/** Bytes of samples that are sorted in memory at a time. */
const SORTED_BYTES = 32 * 2 ** 20
const PARTS_MAX = 64
const PART_BUFFER_BYTES = 64 * 2 ** 10
const READ_BYTES = 2 ** 20

// A record: its length in bytes (4), the series (4), the time (8), a start timestamp (8, 0 where there is none), then the
// value (8) or, when the record is longer than that, a histogram.
const FLOAT_BYTES = 32
const HEAD_BYTES = 24

/** One sample while it is handed on; the values are good until the next one. */
export interface SpooledSample {
  series: number
  at: Millis
  startAt: Millis
  /** When undefined, the sample is `value[0]`, bit by bit. */
  histogram: Histogram | undefined
  readonly value: Float64Array
}

export class Spool implements Disposable {
  readonly #folder: string
  readonly #sortedBytes: number
  #files = 0
  #buffer: Buffer
  #used = 0
  #file: SpoolFile | undefined
  #from: Millis = Infinity
  #to: Millis = -Infinity
  #samples = 0
  readonly #writer = new ByteWriter(1024)

  /** Makes files in the folder when it has to. */
  constructor(folder: string, sortedBytes = SORTED_BYTES) {
    this.#folder = folder
    this.#sortedBytes = sortedBytes
    this.#buffer = Buffer.allocUnsafe(Math.min(sortedBytes, READ_BYTES))
  }

  get samples(): number {
    return this.#samples
  }

  float(series: number, at: Millis, values: Float64Array, index: number, startAt: Millis): void {
    const start = this.#record(FLOAT_BYTES, series, at, startAt)
    this.#buffer.set(new Uint8Array(values.buffer, values.byteOffset + index * 8, 8), start + HEAD_BYTES)
  }

  histogram(series: number, at: Millis, histogram: Histogram, startAt: Millis): void {
    const writer = this.#writer
    writer.length = 0
    writeHistogram(writer, histogram)
    // Longer than a float in any case.
    const start = this.#record(HEAD_BYTES + 16 + writer.length, series, at, startAt)
    this.#buffer.set(writer.bytes.subarray(0, writer.length), start + HEAD_BYTES)
  }

  /** Hands on all samples: sorted by time, and those of one time in the order in which they came. */
  *inOrder(): Generator<SpooledSample> {
    if (this.#samples === 0) return
    const file = this.#file
    if (file === undefined) yield* sorted(this.#buffer.subarray(0, this.#used))
    else {
      file.write(this.#buffer.subarray(0, this.#used))
      this.#buffer = Buffer.alloc(0)
      yield* this.#split(file, this.#from, this.#to)
    }
  }

  [Symbol.dispose](): void {
    this.#file?.remove()
  }

  #record(length: number, series: number, at: Millis, startAt: Millis): number {
    if (this.#used + length > this.#buffer.length) this.#makeRoom(length)
    const start = this.#used
    this.#used += length
    this.#buffer.writeUInt32LE(length, start)
    this.#buffer.writeUInt32LE(series, start + 4)
    this.#buffer.writeDoubleLE(at, start + 8)
    this.#buffer.writeDoubleLE(startAt, start + 16)
    this.#samples++
    if (at < this.#from) this.#from = at
    if (at > this.#to) this.#to = at
    return start
  }

  #makeRoom(length: number): void {
    if (this.#file === undefined && this.#used + length <= this.#sortedBytes) {
      const larger = Buffer.allocUnsafe(Math.max(length, Math.min(this.#sortedBytes, this.#buffer.length * 2)))
      larger.set(this.#buffer.subarray(0, this.#used))
      this.#buffer = larger
      return
    }
    this.#file ??= this.#newFile()
    this.#file.write(this.#buffer.subarray(0, this.#used))
    this.#used = 0
    if (length > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(length)
  }

  #newFile(): SpoolFile {
    return new SpoolFile(join(this.#folder, `samples-${this.#files++}`))
  }

  *#split(file: SpoolFile, from: Millis, to: Millis): Generator<SpooledSample> {
    if (file.bytes <= this.#sortedBytes) {
      const records = file.readAll()
      file.remove()
      yield* sorted(records)
    } else if (from === to) {
      for (const records of file.records()) yield* sorted(records)
      file.remove()
    } else {
      const count = Math.min(PARTS_MAX, Math.ceil((file.bytes * 2) / this.#sortedBytes), to - from + 1)
      const width = Math.ceil((to - from + 1) / count)
      const parts = this.#distribute(file, from, width, count)
      file.remove()
      for (const [index, part] of parts.entries()) {
        if (part === undefined) continue
        part.flush()
        yield* this.#split(part, from + index * width, Math.min(to, from + (index + 1) * width - 1))
      }
    }
  }

  #distribute(file: SpoolFile, from: Millis, width: number, count: number): (SpoolFile | undefined)[] {
    const parts: (SpoolFile | undefined)[] = Array.from({ length: count })
    for (const records of file.records()) {
      for (let start = 0; start < records.length; ) {
        const end = start + records.readUInt32LE(start)
        const index = Math.floor((records.readDoubleLE(start + 8) - from) / width)
        const part = parts[index] ?? this.#newFile()
        parts[index] = part
        part.add(records.subarray(start, end))
        start = end
      }
    }
    return parts
  }
}

/** A file of records. */
class SpoolFile {
  readonly #path: string
  #descriptor: number | undefined
  bytes = 0
  #pending: Buffer | undefined
  #pendingUsed = 0

  constructor(path: string) {
    this.#path = path
    this.#descriptor = openSync(path, 'wx+', 0o600)
  }

  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#open(), bytes, done)
    this.bytes += bytes.length
  }

  /** Writes later, with others. */
  add(record: Buffer): void {
    this.#pending ??= Buffer.allocUnsafe(PART_BUFFER_BYTES)
    if (this.#pendingUsed + record.length > this.#pending.length) this.flush()
    if (record.length > this.#pending.length) this.write(record)
    else {
      this.#pending.set(record, this.#pendingUsed)
      this.#pendingUsed += record.length
    }
  }

  flush(): void {
    if (this.#pending === undefined) return
    this.write(this.#pending.subarray(0, this.#pendingUsed))
    this.#pendingUsed = 0
  }

  readAll(): Buffer {
    const all = Buffer.allocUnsafe(this.bytes)
    this.#pending = undefined
    readFully(this.#open(), all, 0)
    return all
  }

  /** Whole records, some at a time; they are good until the next ones are asked for. */
  *records(): Generator<Buffer> {
    let buffer = Buffer.allocUnsafe(READ_BYTES)
    for (let at = 0; at < this.bytes; ) {
      const length = Math.min(buffer.length, this.bytes - at)
      readFully(this.#open(), buffer.subarray(0, length), at)
      let end = 0
      while (end + 4 <= length && end + buffer.readUInt32LE(end) <= length) end += buffer.readUInt32LE(end)
      // One record that is larger than the buffer.
      if (end === 0) buffer = Buffer.allocUnsafe(buffer.readUInt32LE(0))
      else yield buffer.subarray(0, end)
      at += end
    }
  }

  remove(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
    this.#pending = undefined
    rmSync(this.#path, { force: true })
  }

  #open(): number {
    return this.#descriptor as number
  }
}

function readFully(descriptor: number, into: Uint8Array, position: number): void {
  for (let done = 0; done < into.length; ) {
    const read = readSync(descriptor, into, done, into.length - done, position + done)
    if (read === 0) throw new RangeError('a file of samples ended early: someone else changed it')
    done += read
  }
}

function* sorted(records: Buffer): Generator<SpooledSample> {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
  const starts: number[] = []
  for (let start = 0; start < records.length; start += view.getUint32(start, true)) starts.push(start)
  const times = Float64Array.from(starts, (start) => view.getFloat64(start + 8, true))
  const order = Uint32Array.from(starts.keys())
  if (!isAscending(times)) order.sort((left, right) => (times[left] as number) - (times[right] as number) || left - right)
  const value = new Float64Array(1)
  const valueBytes = new Uint8Array(value.buffer)
  const sample: SpooledSample = { series: 0, at: 0, startAt: 0, histogram: undefined, value }
  for (const index of order) {
    const start = starts[index] as number
    const length = view.getUint32(start, true)
    sample.series = view.getUint32(start + 4, true)
    sample.at = times[index] as number
    sample.startAt = view.getFloat64(start + 16, true)
    if (length === FLOAT_BYTES) {
      sample.histogram = undefined
      valueBytes.set(records.subarray(start + HEAD_BYTES, start + FLOAT_BYTES))
    } else sample.histogram = readHistogram(new ByteReader(records.subarray(start + HEAD_BYTES, start + length)))
    yield sample
  }
}

function isAscending(times: Float64Array): boolean {
  for (let index = 1; index < times.length; index++) if ((times[index] as number) < (times[index - 1] as number)) return false
  return true
}
