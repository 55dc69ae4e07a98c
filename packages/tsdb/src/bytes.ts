// All blobs of the store are made of these parts: variable-length integers (seven bits per byte, the lowest first, the
// highest bit set on all but the last), zigzag for signed ones, and little-endian IEEE doubles. The last four bytes of
// every blob are the CRC-32 of what stands before them: a flipped bit in a blob passes SQLite's own checks.

import { crc32 } from 'node:zlib'
import { StorageError } from './error.ts'

const CRC_BYTES = 4

/** A buffer that grows while it is written. Reuse it with `clear`. */
export class ByteWriter {
  bytes: Uint8Array
  length = 0
  #view: DataView

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.bytes.buffer)
  }

  clear(): void {
    this.length = 0
  }

  /** Makes room for `extra` more bytes, so that a loop may write to `bytes` directly and move `length` itself. */
  reserve(extra: number): void {
    const needed = this.length + extra
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
    this.#view = new DataView(grown.buffer)
  }

  byte(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }

  /** A whole number from 0 to 2^53 - 1. */
  varint(value: number): void {
    this.reserve(8)
    let rest = value
    while (rest >= 0x80000000) {
      this.bytes[this.length++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.bytes[this.length++] = rest
  }

  /** A whole number from -2^52 to 2^52 - 1. */
  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  double(value: number): void {
    this.reserve(8)
    this.#view.setFloat64(this.length, value, true)
    this.length += 8
  }

  /** Doubles with all their bits, those of a stale marker too. */
  doubles(values: Float64Array): void {
    this.raw(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }

  raw(source: Uint8Array): void {
    this.reserve(source.length)
    this.bytes.set(source, this.length)
    this.length += source.length
  }

  text(text: string): void {
    const encoded = Buffer.from(text)
    this.varint(encoded.length)
    this.raw(encoded)
  }

  /** A copy of what was written, with the checksum at its end: a whole blob. */
  blob(): Buffer {
    const blob = Buffer.allocUnsafe(this.length + CRC_BYTES)
    blob.set(this.bytes.subarray(0, this.length))
    return sealBlob(blob)
  }
}

/** Writes the checksum into the last four bytes of a blob. */
export function sealBlob(blob: Buffer): Buffer {
  const end = blob.length - CRC_BYTES
  blob.writeUInt32LE(crc32(blob.subarray(0, end)), end)
  return blob
}

/**
 * A reader of a blob's content.
 * @throws StorageError `corrupt` naming `what`, such as `chunk`, and its id, when the checksum does not fit.
 */
export function openBlob(blob: Buffer, what: string, id: number): ByteReader {
  // One flipped bit makes a text of a blob.
  if (!Buffer.isBuffer(blob)) throw damaged(what, id)
  return openPart(blob, viewOf(blob), 0, blob.length, what, id)
}

/** The same for a blob that lies from `start` to `end` among others. */
export function openPart(bytes: Uint8Array, view: DataView, start: number, end: number, what: string, id: number): ByteReader {
  const to = contentEnd(end)
  if (to < start || crc32(bytes.subarray(start, to)) !== view.getUint32(to, true)) {
    throw damaged(what, id)
  }
  return new ByteReader(bytes, to, start, view)
}

/** Where the content of a blob ends that ends at `end`. */
export function contentEnd(end: number): number {
  return end - CRC_BYTES
}

function damaged(what: string, id: number): StorageError {
  return new StorageError('corrupt', `${what} ${id}: its checksum does not fit its content`)
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * Reads what a `ByteWriter` wrote, in the same order. Hand it a whole blob with its checksum, or a copy with four bytes
 * more than are read: packed columns are read four bytes at a time.
 */
export class ByteReader {
  readonly bytes: Uint8Array
  readonly view: DataView
  at: number
  readonly #end: number

  constructor(bytes: Uint8Array, end = bytes.length, at = 0, view = viewOf(bytes)) {
    this.bytes = bytes
    this.view = view
    this.#end = end
    this.at = at
  }

  get done(): boolean {
    return this.at >= this.#end
  }

  byte(): number {
    if (this.at >= this.#end) throw truncated()
    return this.bytes[this.at++] as number
  }

  /** The byte that comes next. */
  peek(): number {
    if (this.at >= this.#end) throw truncated()
    return this.bytes[this.at] as number
  }

  varint(): number {
    const first = this.byte()
    return first < 0x80 ? first : this.#long(first & 0x7f)
  }

  #long(first: number): number {
    let value = first
    let scale = 128
    for (;;) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
  }

  zigzag(): number {
    const value = this.varint()
    if (value < 0x80000000) return (value & 1) === 0 ? value >>> 1 : -(value >>> 1) - 1
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  double(): number {
    return this.view.getFloat64(this.skip(8), true)
  }

  /** Fills `into` from index `from` to the end with doubles, bit by bit. */
  doubles(into: Float64Array, from = 0): void {
    new Uint8Array(into.buffer, into.byteOffset + from * 8, (into.length - from) * 8).set(this.raw((into.length - from) * 8))
  }

  /** A view on the next bytes. */
  raw(length: number): Uint8Array {
    const start = this.skip(length)
    return this.bytes.subarray(start, start + length)
  }

  /** Steps over the next bytes and gives where they began. */
  skip(length: number): number {
    const start = this.at
    if (start + length > this.#end) throw truncated()
    this.at = start + length
    return start
  }

  text(): string {
    return Buffer.from(this.raw(this.varint())).toString()
  }
}

function truncated(): StorageError {
  return new StorageError('corrupt', 'a blob ends too early')
}
