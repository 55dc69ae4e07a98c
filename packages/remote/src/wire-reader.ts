// Protocol Buffers on the wire: a message is a run of fields, each a tag (number × 8 + wire type) and a value. The
// reader walks over the bytes and makes no objects; who reads knows the message and asks for what comes next.

import { RemoteError } from './error.ts'

/** The low three bits of a tag. */
export const VARINT = 0
export const FIXED64 = 1
export const BYTES = 2
export const FIXED32 = 5

const UNEXPECTED_END = 'unexpected EOF'

/** Reads the fields of one message after the other from the same bytes. `end` is where the present message ends. */
export class WireReader {
  readonly bytes: Buffer
  readonly #view: DataView
  /** Where the next byte is read. */
  at: number

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = 0
  }

  /** An unsigned number of up to 32 bits: tags, lengths, references. @throws `RemoteError` when it is longer. */
  uint32(): number {
    const value = this.uint64()
    if (value > 0xffffffff) throw new RemoteError('corrupt', 'proto: integer overflow')
    return value
  }

  /** An unsigned 64-bit number; exact up to 2^53. */
  uint64(): number {
    const first = this.bytes[this.at]
    if (first === undefined) throw new RemoteError('corrupt', UNEXPECTED_END)
    if (first < 0x80) {
      this.at++
      return first
    }
    this.#parts()
    return high * 2 ** 56 + middle * 2 ** 28 + low
  }

  /** A signed 64-bit number in two's complement, such as a timestamp; exact within ±2^53. */
  int64(): number {
    this.#parts()
    if ((high & 0x80) === 0) return high * 2 ** 56 + middle * 2 ** 28 + low
    return -((high ^ 0xff) * 2 ** 56 + (middle ^ 0xfffffff) * 2 ** 28 + (low ^ 0xfffffff) + 1)
  }

  /** A signed number in zigzag form; exact within ±2^52. */
  sint64(): number {
    const value = this.uint64()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  double(): number {
    const at = this.at
    if (at + 8 > this.bytes.length) throw new RemoteError('corrupt', UNEXPECTED_END)
    this.at = at + 8
    return this.#view.getFloat64(at, true)
  }

  /** True when the double just read was the stale marker, whose bits a number cannot be trusted to keep. */
  wasStale(): boolean {
    const at = this.at - 8
    return this.#view.getUint32(at, true) === 2 && this.#view.getUint32(at + 4, true) === 0x7ff00000
  }

  /** The length of a message, text or packed list that begins here, as the place where it ends. */
  lengthEnd(outer: number): number {
    const length = this.uint32()
    const end = this.at + length
    if (end > outer) throw new RemoteError('corrupt', UNEXPECTED_END)
    return end
  }

  /** Passes over the value of a field that the reader does not know. */
  skip(tag: number, end: number): void {
    if (tag < 8) throw new RemoteError('corrupt', `proto: illegal tag ${tag >>> 3} (wire type ${tag & 7})`)
    switch (tag & 7) {
      case VARINT:
        this.uint64()
        break
      case FIXED64:
        this.at += 8
        break
      case BYTES:
        this.at = this.lengthEnd(end)
        break
      case FIXED32:
        this.at += 4
        break
      default:
        throw new RemoteError('corrupt', `proto: illegal wireType ${tag & 7}`)
    }
    this.checkEnd(end)
  }

  /** @throws `RemoteError` when a value went beyond the end of its message. */
  checkEnd(end: number): void {
    if (this.at > end) throw new RemoteError('corrupt', UNEXPECTED_END)
  }

  /** Reads a varint of up to ten bytes into `low` (28 bits), `middle` (28 bits) and `high` (8 bits). */
  #parts(): void {
    const bytes = this.bytes
    let at = this.at
    low = 0
    middle = 0
    high = 0
    for (let index = 0; index < 10; index++) {
      const byte = bytes[at++]
      if (byte === undefined) throw new RemoteError('corrupt', UNEXPECTED_END)
      const bits = byte & 0x7f
      if (index < 4) low |= bits << (7 * index)
      else if (index < 8) middle |= bits << (7 * (index - 4))
      else high |= (bits << (7 * (index - 8))) & 0xff
      if (byte < 0x80) {
        this.at = at
        return
      }
    }
    throw new RemoteError('corrupt', 'proto: integer overflow')
  }
}

// What `#parts` gives back: three numbers without an object, valid until its next call.
let low = 0
let middle = 0
let high = 0
