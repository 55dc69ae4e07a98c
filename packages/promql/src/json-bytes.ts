import { formatValue, type Millis } from '@promlet/model'
import { NOT_WRITTEN, writeDecimal, writeShortest } from './float-text.ts'

/** The longest text of a float: `-2.2250738585072014e-308`; and what a copy in words may write too much. */
const NUMBER_BYTES_MAX = 32
const FIRST_BYTES = 4096
const MINUS = 45
const POINT = 46
const ZERO = 48
const encoder = new TextEncoder()
/** Values with more decimals are not tried as decimals: a rate has all digits that a float has. */
const DECIMALS_MAX = 9

/** A growing buffer of JSON text in UTF-8. */
export class JsonBytes {
  length = 0
  #bytes: Uint8Array
  #view: DataView
  /** The number written last, and where: gauges often stand still. */
  readonly #last = Float64Array.of(Number.NaN)
  #lastStart = 0
  #lastEnd = 0
  readonly #one = new Float64Array(1)
  /** How many decimals the last number had: the ones of a series mostly have as many. Above `DECIMALS_MAX` it had too many. */
  #decimals = 0

  /** `bytes` is how much is expected. */
  constructor(bytes = FIRST_BYTES) {
    this.#bytes = new Uint8Array(Math.max(bytes, FIRST_BYTES))
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** What was written so far. Ends with the next write, which begins anew. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.length)
    this.length = 0
    this.#last[0] = Number.NaN
    return taken
  }

  /** The same to read single parts of: `from` to `to` have to lie seven bytes before its end. */
  view(): DataView {
    this.reserve(7)
    return this.#view
  }

  text(text: string): void {
    this.reserve(text.length * 3)
    this.length += encoder.encodeInto(text, this.#bytes.subarray(this.length)).written
  }

  /** Text that is ASCII and short. */
  ascii(text: string): void {
    this.reserve(text.length)
    const bytes = this.#bytes
    let at = this.length
    for (let index = 0; index < text.length; index++) bytes[at++] = text.charCodeAt(index)
    this.length = at
  }

  /** Milliseconds as Prometheus writes times: seconds, with three decimals unless they are whole. */
  time(at: Millis): void {
    const seconds = Math.floor(at / 1000)
    if (!(seconds > 0 && seconds < 1e15)) {
      this.ascii(formatTime(at))
      return
    }
    this.reserve(NUMBER_BYTES_MAX)
    const bytes = this.#bytes
    this.#one[0] = seconds
    let end = writeDecimal(bytes, this.length, this.#one, 0, 0)
    const rest = at - seconds * 1000
    if (rest !== 0) {
      bytes[end++] = POINT
      bytes[end++] = ZERO + Math.floor(rest / 100)
      bytes[end++] = ZERO + (Math.floor(rest / 10) % 10)
      bytes[end++] = ZERO + (rest % 10)
    }
    this.length = end
  }

  /** Copies the bytes from `from` to `to`, exclusive. Meant for few bytes; `source` has seven more behind them. */
  copy(source: DataView, from: number, to: number): void {
    this.reserve(to - from + 7)
    const view = this.#view
    let at = this.length
    // As doubles, of which text is never NaN, so that no bit is lost.
    for (let index = from; index < to; index += 8) {
      view.setFloat64(at, source.getFloat64(index, true), true)
      at += 8
    }
    this.length += to - from
  }

  /** A sample value, as `formatValue` writes it. */
  number(value: number): void {
    this.#one[0] = value
    this.numberAt(this.#one, 0)
  }

  /** The same for `values[index]`. */
  numberAt(values: Float64Array, index: number): void {
    this.reserve(NUMBER_BYTES_MAX)
    const value = values[index]!
    if (value === this.#last[0] && value !== 0) {
      this.copy(this.#view, this.#lastStart, this.#lastEnd)
      return
    }
    this.#last[0] = value
    this.#lastStart = this.length
    const size = Math.abs(value)
    if (size >= 1e-6 && size < 1e15) this.#common(values, index)
    else this.ascii(formatValue(value))
    this.#lastEnd = this.length
  }

  #common(values: Float64Array, index: number): void {
    const bytes = this.#bytes
    const value = values[index]!
    const start = value < 0 ? this.length + 1 : this.length
    if (value < 0) bytes[this.length] = MINUS
    const decimals = Math.floor(value) === value ? 0 : this.#decimals
    let end = decimals <= DECIMALS_MAX ? writeDecimal(bytes, start, values, index, decimals) : NOT_WRITTEN
    if (end === NOT_WRITTEN) {
      end = writeShortest(bytes, start, values, index)
      if (end === NOT_WRITTEN) {
        this.length = start
        this.ascii(formatValue(Math.abs(value)))
        end = this.length
        this.#decimals = countDecimals(bytes, start, end)
      } else if (decimals <= DECIMALS_MAX) {
        this.#decimals = countDecimals(bytes, start, end)
      }
    }
    this.length = end
  }

  /** Makes room for so many bytes. */
  reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + count))
    larger.set(this.#bytes.subarray(0, this.length))
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}

function countDecimals(bytes: Uint8Array, from: number, to: number): number {
  const point = bytes.subarray(from, to).indexOf(POINT)
  return point < 0 ? 0 : to - from - point - 1
}

/** As `JsonBytes.time` writes it. */
export function formatTime(at: Millis): string {
  const ms = Math.abs(at)
  const rest = ms % 1000
  const seconds = `${at < 0 ? '-' : ''}${(ms - rest) / 1000}`
  return rest === 0 ? seconds : `${seconds}.${String(rest).padStart(3, '0')}`
}
