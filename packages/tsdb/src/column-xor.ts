// Values as the XOR with the value before, after Gorilla (Pelkonen et al., VLDB 2015): neighbours share sign, exponent and
// leading mantissa bits, so most of the 64 bits are zero and only the middle is written.
//
//   first value: 64 bits, then per value
//   0                               same bits as before
//   1 0 middle                      leading and trailing zeros as the value before
//   1 1 leading (5) length (6) middle    with `leading` zeros (31 at most) and a middle of `length` bits (0 means 64)
//
// Bits are written highest first. Numbers are handled as two words of 32 bits.

import type { ByteReader, ByteWriter } from './bytes.ts'

const words = new Uint32Array(2)
const double = new Float64Array(words.buffer)
const LOW = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1
const HIGH = 1 - LOW

export function writeXor(writer: ByteWriter, values: Float64Array, from: number, to: number): void {
  // A value takes 77 bits at most.
  writer.reserve((to - from) * 10 + 16)
  const bits = new BitWriter(writer.bytes, writer.length)
  let high = 0
  let low = 0
  let leading = -1
  let trailing = 0
  for (let index = from; index < to; index++) {
    double.set(values.subarray(index, index + 1))
    const xorHigh = ((words[HIGH] as number) ^ high) >>> 0
    const xorLow = ((words[LOW] as number) ^ low) >>> 0
    high = words[HIGH] as number
    low = words[LOW] as number
    if (index === from) {
      bits.put(high, 32)
      bits.put(low, 32)
    } else if (xorHigh === 0 && xorLow === 0) {
      bits.put(0, 1)
    } else {
      const zerosBefore = Math.min(31, xorHigh === 0 ? 32 + Math.clz32(xorLow) : Math.clz32(xorHigh))
      const zerosAfter = xorLow === 0 ? 32 + trailingZeros(xorHigh) : trailingZeros(xorLow)
      // A window that fits costs no header; one that is much too wide costs more than a new one.
      const fits = leading >= 0 && zerosBefore >= leading && zerosAfter >= trailing
      if (fits && 64 - leading - trailing <= 64 - zerosBefore - zerosAfter + 11) {
        bits.put(0b10, 2)
      } else {
        leading = zerosBefore
        trailing = zerosAfter
        bits.put(0b11, 2)
        bits.put(leading, 5)
        bits.put((64 - leading - trailing) & 63, 6)
      }
      putMiddle(bits, xorHigh, xorLow, leading, trailing)
    }
  }
  writer.length = bits.end()
}

export function readXor(reader: ByteReader, into: Float64Array, at: number, count: number): void {
  const bits = new BitReader(reader.view, reader.at)
  let high = bits.take(32)
  let low = bits.take(32)
  let leading = 0
  let trailing = 0
  setBits(into, at, high, low)
  for (let index = at + 1; index < at + count; index++) {
    if (bits.take(1) === 1) {
      if (bits.take(1) === 1) {
        leading = bits.take(5)
        const length = bits.take(6) || 64
        trailing = Math.max(0, 64 - leading - length)
      }
      const length = 64 - leading - trailing
      // The middle ends `trailing` bits before the end of the low word.
      const upper = length > 32 ? bits.take(length - 32) : 0
      const lower = bits.take(Math.min(length, 32))
      if (trailing >= 32) {
        high = (high ^ (lower << (trailing - 32))) >>> 0
      } else if (trailing === 0) {
        high = (high ^ upper) >>> 0
        low = (low ^ lower) >>> 0
      } else {
        high = (high ^ (upper << trailing) ^ (lower >>> (32 - trailing))) >>> 0
        low = (low ^ (lower << trailing)) >>> 0
      }
    }
    setBits(into, index, high, low)
  }
  reader.skip(bits.end() - reader.at)
}

function putMiddle(bits: BitWriter, high: number, low: number, leading: number, trailing: number): void {
  const length = 64 - leading - trailing
  let upper = 0
  let lower = 0
  if (trailing >= 32) lower = high >>> (trailing - 32)
  else if (trailing === 0) {
    upper = high
    lower = low
  } else {
    upper = high >>> trailing
    lower = ((high << (32 - trailing)) | (low >>> trailing)) >>> 0
  }
  if (length > 32) bits.put(upper, length - 32)
  bits.put(lower, Math.min(length, 32))
}

function setBits(into: Float64Array, at: number, high: number, low: number): void {
  words[HIGH] = high
  words[LOW] = low
  into.set(double, at)
}

function trailingZeros(word: number): number {
  return word === 0 ? 32 : 31 - Math.clz32(word & -word)
}

class BitWriter {
  readonly #bytes: Uint8Array
  #at: number
  #pending = 0
  #have = 0

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  /** The low `count` bits of a word, 32 at most. */
  put(word: number, count: number): void {
    let left = count
    while (left > 0) {
      const take = Math.min(left, 8 - this.#have)
      const part = (word >>> (left - take)) & ((1 << take) - 1)
      this.#pending = (this.#pending << take) | part
      this.#have += take
      left -= take
      if (this.#have < 8) continue
      this.#bytes[this.#at++] = this.#pending
      this.#pending = 0
      this.#have = 0
    }
  }

  end(): number {
    if (this.#have > 0) this.#bytes[this.#at++] = this.#pending << (8 - this.#have)
    this.#have = 0
    return this.#at
  }
}

class BitReader {
  readonly #view: DataView
  #bit: number

  constructor(view: DataView, at: number) {
    this.#view = view
    this.#bit = at * 8
  }

  /** The next `count` bits, 32 at most, as a number that is not negative. */
  take(count: number): number {
    if (count > 24) {
      const upper = this.take(count - 16)
      return upper * 65536 + this.take(16)
    }
    const bit = this.#bit
    this.#bit = bit + count
    // 24 bits at any bit position lie within four bytes.
    const word = this.#view.getUint32(bit >>> 3, false)
    return (word << (bit & 7)) >>> (32 - count)
  }

  end(): number {
    return (this.#bit + 7) >>> 3
  }
}
