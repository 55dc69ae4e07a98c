// The writing side of Protocol Buffers. One buffer grows as needed and is used again for the next message.

const FIRST_BYTES = 64 * 1024
const lowFirst = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1

/** Writes fields one after the other. */
export class WireWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  /** How much has been written. */
  length = 0

  /** What was written; valid until the next `clear`. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.length)
  }

  clear(): void {
    this.length = 0
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.length++] = value
  }

  /** An unsigned number up to 2^53. */
  varint(value: number): void {
    this.#reserve(10)
    const bytes = this.#bytes
    let at = this.length
    let rest = value
    // Above 32 bits the operators of integers do not reach.
    while (rest > 0x7fffffff) {
      bytes[at++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[at++] = rest
    this.length = at
  }

  /** A signed number in two's complement, which takes ten bytes when it is negative. */
  int64(value: number): void {
    if (value >= 0) {
      this.varint(value)
      return
    }
    this.#reserve(10)
    let rest = BigInt.asUintN(64, BigInt(value))
    for (let index = 0; index < 9; index++) {
      this.#bytes[this.length++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#bytes[this.length++] = Number(rest)
  }

  /** A signed number in zigzag form, up to ±2^52. */
  sint64(value: number): void {
    this.varint(value >= 0 ? value * 2 : -value * 2 - 1)
  }

  /** One slot of a column, bit by bit: a stale marker stays one. */
  doubleAt(column: Float64Array, index: number): void {
    this.#reserve(8)
    const bits = new Uint32Array(column.buffer, column.byteOffset + 8 * index, 2)
    this.#word(bits[lowFirst ? 0 : 1] as number)
    this.#word(bits[lowFirst ? 1 : 0] as number)
  }

  double(value: number): void {
    this.#reserve(8)
    this.length = this.#bytes.writeDoubleLE(value, this.length)
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** A field that holds a text; left out when it is empty. */
  text(tag: number, text: string): void {
    if (text === '') return
    const length = Buffer.byteLength(text)
    this.byte(tag)
    this.varint(length)
    this.#reserve(length)
    this.length += this.#bytes.write(text, this.length, length, 'utf8')
  }

  /** A field that holds bytes: a message or a packed list. */
  field(tag: number, bytes: Uint8Array): void {
    this.byte(tag)
    this.varint(bytes.length)
    this.raw(bytes)
  }

  #word(value: number): void {
    const bytes = this.#bytes
    const at = this.length
    bytes[at] = value & 0xff
    bytes[at + 1] = (value >>> 8) & 0xff
    bytes[at + 2] = (value >>> 16) & 0xff
    bytes[at + 3] = value >>> 24
    this.length = at + 4
  }

  #reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.length))
    this.#bytes = grown
  }
}

/** How many bytes `varint` takes. */
export function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) length++
  return length
}
