// Numbers are read from bytes, without a text in between. A decimal whose digits make an integer below 2^53 and whose
// power of ten is at most 22 is one exact integer times or divided by one exact power: one rounding, so the result is
// the nearest float (Clinger 1990). All others, some one in ten in the field, take the way over a text.

import { asByteText, type ByteText } from './byte-text.ts'
import { type NumberProblem, parseSampleValue } from './number-text.ts'

const PLUS = 0x2b
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const EXPONENT = 0x65
const NAN_TEXT = [0x4e, 0x61, 0x4e] as const

const EXACT_MAX = 2 ** 53
const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))
const POWER_MAX = 22

/** Reads sample values from bytes. */
export class FloatReader {
  /** The number that was read last, in one slot: a number that a call returns is an object of its own. */
  readonly value = new Float64Array(1)

  /**
   * Reads the number at `at`, up to `limit` at most. Gives the index of the byte behind it; -1 when it has another form than a
   * plain decimal or `NaN`.
   */
  read(bytes: ByteText, at: number, limit: number): number {
    let index = at
    let byte = bytes[index] as number
    const negative = byte === MINUS
    if (negative || byte === PLUS) byte = bytes[++index] as number
    const digitsStart = index
    let mantissa = 0
    let scale = 0
    while (index < limit && (byte - ZERO) >>> 0 < 10) {
      mantissa = mantissa * 10 + (byte - ZERO)
      byte = bytes[++index] as number
    }
    let digits = index - digitsStart
    if (index < limit && byte === POINT) {
      const fractionStart = index + 1
      byte = bytes[++index] as number
      while (index < limit && (byte - ZERO) >>> 0 < 10) {
        mantissa = mantissa * 10 + (byte - ZERO)
        byte = bytes[++index] as number
      }
      scale = fractionStart - index
      digits -= scale
    }
    if (digits === 0) return this.#readNaN(bytes, at, limit)
    if (index < limit && (byte | 0x20) === EXPONENT) {
      let exponent = 0
      byte = bytes[++index] as number
      const down = byte === MINUS
      if (down || byte === PLUS) byte = bytes[++index] as number
      const exponentStart = index
      while (index < limit && (byte - ZERO) >>> 0 < 10) {
        exponent = exponent * 10 + (byte - ZERO)
        byte = bytes[++index] as number
      }
      if (index === exponentStart) return -1
      scale += down ? -exponent : exponent
    }
    // Above 2^53 a rounded sum is never below 2^53 again, so this tells whether every digit went in exactly.
    if (mantissa >= EXACT_MAX || scale < -POWER_MAX || scale > POWER_MAX) return this.#readText(bytes, at, index)
    const value = scale < 0 ? mantissa / (POWERS[-scale] as number) : mantissa * (POWERS[scale] as number)
    this.value[0] = negative ? -value : value
    return index
  }

  #readText(bytes: ByteText, at: number, end: number): number {
    const value = Number(bytes.latin1Slice(at, end))
    this.value[0] = value
    return Number.isFinite(value) ? end : -1
  }

  #readNaN(bytes: Uint8Array, at: number, limit: number): number {
    if (at + 3 > limit || !NAN_TEXT.every((byte, index) => bytes[at + index] === byte)) return -1
    this.value[0] = Number.NaN
    return at + 3
  }
}

/** The number that a whole range holds, in any form that Prometheus takes, or what is wrong with it. */
export function readNumber(bytes: Uint8Array, start: number, end: number): number | NumberProblem {
  return parseSampleValue(asByteText(bytes).latin1Slice(start, end))
}
