import { ExpositionError } from './error.ts'

/** How a protocol buffers field is written. */
export const VARINT = 0
export const FIXED64 = 1
export const BYTES = 2
const FIXED32 = 5

/** Reads the fields of a protocol buffers message one after the other. Works on a range of bytes that it does not own. */
export class WireReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #end: number
  #at: number
  /** Of the field that `next` came to. */
  field: number
  wireType: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = start
    this.#end = end
    this.field = 0
    this.wireType = 0
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end
  }

  /** Goes to the next field; false at the end. Its value is then to be read or skipped. */
  next(): boolean {
    if (this.isAtEnd) return false
    const tag = this.varint()
    this.field = Math.floor(tag / 8)
    this.wireType = tag % 8
    if (this.field === 0) throw invalid()
    return true
  }

  /** An unsigned integer; above 2^53 the nearest float. */
  varint(): number {
    let value = 0
    let scale = 1
    for (let index = 0; index < 10; index++) {
      if (this.#at >= this.#end) throw unexpectedEnd()
      const byte = this.#bytes[this.#at++] as number
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
    throw invalid()
  }

  /** A varint that is an int64: the upper half are negative numbers. */
  int64(): number {
    const value = this.varint()
    return value < 2 ** 63 ? value : value - 2 ** 64
  }

  double(): number {
    this.#expect(FIXED64)
    return this.#view.getFloat64(this.#take(8), true)
  }

  text(): string {
    this.#expect(BYTES)
    const length = this.varint()
    const start = this.#take(length)
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#bytes.subarray(start, start + length))
    } catch (cause) {
      throw new ExpositionError('syntax', 'proto: field contains invalid UTF-8', { cause })
    }
  }

  /** A message inside this one, or behind it with its length in front. */
  message(): WireReader {
    const length = this.varint()
    const start = this.#take(length)
    return new WireReader(this.#bytes, start, start + length)
  }

  /** Passes over the value of the field. */
  skip(): void {
    switch (this.wireType) {
      case VARINT:
        this.varint()
        break
      case FIXED64:
        this.#take(8)
        break
      case BYTES:
        this.#take(this.varint())
        break
      case FIXED32:
        this.#take(4)
        break
      default:
        throw invalid()
    }
  }

  #expect(wireType: number): void {
    if (this.wireType !== wireType) throw invalid()
  }

  #take(length: number): number {
    const start = this.#at
    if (start + length > this.#end) throw unexpectedEnd()
    this.#at = start + length
    return start
  }
}

function invalid(): ExpositionError {
  return new ExpositionError('syntax', 'proto: cannot parse invalid wire-format data')
}

function unexpectedEnd(): ExpositionError {
  return new ExpositionError('syntax', 'unexpected EOF')
}
