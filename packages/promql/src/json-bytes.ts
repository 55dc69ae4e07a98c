import { formatValue } from '@promlet/model'

/** The longest text of a float: `-2.2250738585072014e-308`. */
const NUMBER_BYTES_MAX = 32
/** Integers up to here are written digit by digit. */
const SMALL_INTEGER_MAX = 1e9

/** A growing buffer of JSON text in UTF-8. */
export class JsonBytes {
  length = 0
  readonly #encoder = new TextEncoder()
  #bytes = new Uint8Array(4096)
  /** The number written last, and where: gauges often stand still. */
  #lastNumber = Number.NaN
  #lastStart = 0
  #lastEnd = 0

  /** What was written so far; not a copy. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length)
  }

  text(text: string): void {
    this.#reserve(text.length * 3)
    this.length += this.#encoder.encodeInto(text, this.#bytes.subarray(this.length)).written
  }

  /** Copies the bytes from `from` to `to`, exclusive. Meant for few bytes. */
  copy(source: Uint8Array, from: number, to: number): void {
    this.#reserve(to - from)
    const bytes = this.#bytes
    let at = this.length
    for (let index = from; index < to; index++) bytes[at++] = source[index]!
    this.length = at
  }

  /** A sample value, as `formatValue` writes it. */
  number(value: number): void {
    this.#reserve(NUMBER_BYTES_MAX)
    if (value === this.#lastNumber && value !== 0) {
      this.copy(this.#bytes, this.#lastStart, this.#lastEnd)
      return
    }
    this.#lastNumber = value
    this.#lastStart = this.length
    if (value >= 0 && value <= SMALL_INTEGER_MAX && Math.trunc(value) === value && !Object.is(value, -0)) this.#integer(value)
    else this.#ascii(formatValue(value))
    this.#lastEnd = this.length
  }

  #integer(value: number): void {
    let digits = 1
    for (let limit = 10; value >= limit; limit *= 10) digits++
    let rest = value
    for (let at = this.length + digits - 1; at >= this.length; at--) {
      const quotient = Math.floor(rest / 10)
      this.#bytes[at] = 48 + (rest - quotient * 10)
      rest = quotient
    }
    this.length += digits
  }

  #ascii(text: string): void {
    const bytes = this.#bytes
    let at = this.length
    for (let index = 0; index < text.length; index++) bytes[at++] = text.charCodeAt(index)
    this.length = at
  }

  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + count))
    larger.set(this.#bytes.subarray(0, this.length))
    this.#bytes = larger
  }
}
