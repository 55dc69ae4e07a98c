// Values that are whole numbers, or decimal fractions with few digits: value = number / 10^exponent, exactly. Differences
// of the numbers have a greatest common divisor (memory comes in pages), and what is left is packed in blocks of 64:
//
//   mode + 4 * exponent | divisor | start | DELTA2: step | count of exceptions, each: index since the last, double
//   then per block:  width | base | 64 times `width` bits, the lowest first
//
// Mode PLAIN packs (number - start) / divisor, where start is the first number. DELTA packs the difference to the number
// before, DELTA2 the difference of differences; whichever takes the fewest bits. There `start` is what would stand before
// the first number if the first difference (`step`) had been the same there, so that it does not widen the first block.
// A block's entries are `base` less: the smallest one of them. Values that are no such numbers (NaN, stale markers,
// infinities, minus zero) are exceptions and repeat the number before.

import type { ByteReader, ByteWriter } from './bytes.ts'
import { StorageError } from './error.ts'

/** The form's number in column.ts. */
export const INTEGERS = 2

const PLAIN = 0
const DELTA = 1
const DELTA2 = 2

const BLOCK = 64
/** A block above it is cut into two parts of bits; one above 49 bits is not packed at all. */
const WIDTH_SINGLE_MAX = 25
const WIDTH_LOW = 24
const WIDTH_MAX = 49
const EXPONENT_MAX = 12
/** Leaves room for differences of differences below 2^53, also as zigzag. */
const NUMBER_MAX = 2 ** 50

const POWERS = Float64Array.from({ length: EXPONENT_MAX + 1 }, (_, exponent) => 10 ** exponent)

/** Measures a column, then writes it; the scratch arrays live between the two and are reused. */
export class IntegerEncoder {
  #numbers: Float64Array = new Float64Array(1024)
  #exceptions = new Uint32Array(64)
  #exceptionCount = 0
  #source: Float64Array = this.#numbers
  #from = 0
  #length = 0
  #exponent = 0
  #divisor = 1
  #mode = PLAIN

  /** Bytes that the column takes in this form; Infinity when it cannot have it. */
  measure(values: Float64Array, from: number, to: number): number {
    this.#source = values
    this.#from = from
    this.#length = to - from
    if (this.#numbers.length < this.#length) this.#numbers = new Float64Array(this.#length * 2)
    const exceptionsMax = 2 + (this.#length >>> 5)
    if (this.#exceptions.length < exceptionsMax) this.#exceptions = new Uint32Array(exceptionsMax * 2)
    if (!this.#toNumbers(exceptionsMax)) return Infinity
    this.#divisor = commonDivisor(this.#numbers, this.#length)
    return this.#chooseMode() + 16 + this.#exceptionCount * 9
  }

  write(writer: ByteWriter): void {
    const numbers = this.#numbers
    writer.byte(INTEGERS)
    writer.byte(this.#mode + 4 * this.#exponent)
    writer.varint(this.#divisor)
    const step = stepOf(numbers, this.#length)
    writer.zigzag((numbers[0] as number) - (this.#mode === PLAIN ? 0 : step))
    if (this.#mode === DELTA2) writer.zigzag(step)
    writer.varint(this.#exceptionCount)
    let before = 0
    for (let index = 0; index < this.#exceptionCount; index++) {
      const at = this.#exceptions[index] as number
      writer.varint(at - before)
      writer.doubles(this.#source.subarray(this.#from + at, this.#from + at + 1))
      before = at
    }
    toEntries(numbers, this.#length, this.#mode, this.#divisor)
    for (let start = 0; start < this.#length; start += BLOCK) writeBlock(writer, numbers, start, Math.min(start + BLOCK, this.#length))
  }

  /** Finds the smallest exponent that makes whole numbers of all but a few values. */
  #toNumbers(exceptionsMax: number): boolean {
    const numbers = this.#numbers
    let exponent = 0
    for (;;) {
      const needed = this.#scale(exponent, exceptionsMax)
      if (needed === exponent) break
      if (needed < 0) return false
      exponent = needed
    }
    this.#exponent = exponent
    // Exceptions repeat the number before; those at the start the first that there is.
    let first = 0
    for (let index = 0; index < this.#exceptionCount && this.#exceptions[index] === first; index++) first++
    if (first === this.#length) return false
    for (let index = 0; index < this.#exceptionCount; index++) {
      const at = this.#exceptions[index] as number
      numbers[at] = numbers[at < first ? first : at - 1] as number
    }
    return true
  }

  /** Fills the numbers. Gives the exponent when it fits, a larger one that is needed, or -1 when none fits. */
  #scale(exponent: number, exceptionsMax: number): number {
    const length = this.#length
    const numbers = this.#numbers
    const source = this.#source
    const from = this.#from
    const power = POWERS[exponent] as number
    this.#exceptionCount = 0
    for (let index = 0; index < length; index++) {
      const value = source[from + index] as number
      const number = exponent === 0 ? value : Math.round(value * power)
      const fits = exponent === 0 ? Math.floor(value) === value : number / power === value
      if (fits && number < NUMBER_MAX && number > -NUMBER_MAX && (number !== 0 || Object.is(value, 0))) {
        numbers[index] = number
        continue
      }
      const needed = exponentOf(value, exponent + 1)
      if (needed > 0) return needed
      if (this.#exceptionCount === exceptionsMax) return -1
      this.#exceptions[this.#exceptionCount++] = index
    }
    return exponent
  }

  /** Bytes of the blocks in the best mode. */
  #chooseMode(): number {
    const bits = measureModes(this.#numbers, this.#length, this.#divisor)
    this.#mode = PLAIN
    for (const mode of [DELTA, DELTA2]) if ((bits[mode] as number) < (bits[this.#mode] as number)) this.#mode = mode
    return (bits[this.#mode] as number) / 8
  }
}

/** The smallest exponent from `least` on that makes the value a whole number; 0 when there is none. */
function exponentOf(value: number, least: number): number {
  if (!Number.isFinite(value) || value === 0) return 0
  for (let exponent = least; exponent <= EXPONENT_MAX; exponent++) {
    const power = POWERS[exponent] as number
    const number = Math.round(value * power)
    if (Math.abs(number) >= NUMBER_MAX) return 0
    if (number / power === value) return exponent
  }
  return 0
}

function commonDivisor(numbers: Float64Array, length: number): number {
  let divisor = 0
  for (let index = 1; index < length; index++) {
    let rest = Math.abs((numbers[index] as number) - (numbers[index - 1] as number))
    while (rest !== 0) {
      const next = divisor % rest
      divisor = rest
      rest = next
    }
    if (divisor === 1) return 1
  }
  return divisor === 0 ? 1 : divisor
}

const modeBits = new Float64Array(3)

/** Bits that the blocks take in each mode; Infinity where a block would be too wide. */
function measureModes(numbers: Float64Array, length: number, divisor: number): Float64Array {
  modeBits.fill(0)
  const first = numbers[0] as number
  let deltaBefore = stepOf(numbers, length)
  let before = first - deltaBefore
  for (let start = 0; start < length; start += BLOCK) {
    const end = Math.min(start + BLOCK, length)
    let plainMin = Infinity
    let plainMax = -Infinity
    let deltaMin = Infinity
    let deltaMax = -Infinity
    let secondMin = Infinity
    let secondMax = -Infinity
    for (let index = start; index < end; index++) {
      const number = numbers[index] as number
      const delta = number - before
      const second = delta - deltaBefore
      if (number < plainMin) plainMin = number
      if (number > plainMax) plainMax = number
      if (delta < deltaMin) deltaMin = delta
      if (delta > deltaMax) deltaMax = delta
      if (second < secondMin) secondMin = second
      if (second > secondMax) secondMax = second
      before = number
      deltaBefore = delta
    }
    const count = end - start
    modeBits[PLAIN]! += blockBits(plainMin - first, plainMax - first, divisor, count)
    modeBits[DELTA]! += blockBits(deltaMin, deltaMax, divisor, count)
    modeBits[DELTA2]! += blockBits(secondMin, secondMax, divisor, count)
  }
  return modeBits
}

function blockBits(min: number, max: number, divisor: number, count: number): number {
  const width = widthOf((max - min) / divisor)
  if (width > WIDTH_MAX) return Infinity
  const base = Math.abs(min / divisor)
  if (base >= 2 ** 52) return Infinity
  const baseBytes = base < 64 ? 1 : base < 8192 ? 2 : Math.ceil((widthOf(base) + 1) / 7)
  return 8 + baseBytes * 8 + width * count
}

function widthOf(range: number): number {
  return range < 2 ** 32 ? 32 - Math.clz32(range) : 64 - Math.clz32(range / 2 ** 32)
}

/** The first difference. */
function stepOf(numbers: Float64Array, length: number): number {
  return length > 1 ? (numbers[1] as number) - (numbers[0] as number) : 0
}

/** Turns numbers into what the blocks hold, in place, from the end so that what is needed is still there. */
function toEntries(numbers: Float64Array, length: number, mode: number, divisor: number): void {
  const first = numbers[0] as number
  if (mode === PLAIN) {
    for (let index = 0; index < length; index++) numbers[index] = ((numbers[index] as number) - first) / divisor
    return
  }
  const step = stepOf(numbers, length)
  for (let index = length - 1; index > 0; index--) numbers[index] = (numbers[index] as number) - (numbers[index - 1] as number)
  numbers[0] = step
  if (mode === DELTA2) {
    for (let index = length - 1; index > 0; index--) numbers[index] = (numbers[index] as number) - (numbers[index - 1] as number)
    numbers[0] = 0
  }
  if (divisor !== 1) for (let index = 0; index < length; index++) numbers[index] = (numbers[index] as number) / divisor
}

function writeBlock(writer: ByteWriter, entries: Float64Array, start: number, end: number): void {
  let min = Infinity
  let max = -Infinity
  for (let index = start; index < end; index++) {
    const entry = entries[index] as number
    if (entry < min) min = entry
    if (entry > max) max = entry
  }
  const width = widthOf(max - min)
  writer.byte(width)
  writer.zigzag(min)
  if (width === 0) return
  if (width <= WIDTH_SINGLE_MAX) {
    packBits(writer, entries, start, end, min, 1, width)
    return
  }
  // The low bits of all entries first, then the high bits.
  packBits(writer, entries, start, end, min, 1, WIDTH_LOW)
  packBits(writer, entries, start, end, min, 2 ** WIDTH_LOW, width - WIDTH_LOW)
}

/** Packs `width` bits of each (entry - base) / scale. */
function packBits(writer: ByteWriter, entries: Float64Array, start: number, end: number, base: number, scale: number, width: number): void {
  writer.reserve((((end - start) * width + 7) >>> 3) + 1)
  const { bytes } = writer
  const mask = 2 ** width - 1
  let at = writer.length
  let pending = 0
  let have = 0
  for (let index = start; index < end; index++) {
    const offset = (entries[index] as number) - base
    // `|` keeps the low 32 bits of numbers up to 2^53, which a number above 2^31 needs too.
    const bits = (scale === 1 ? offset : Math.floor(offset / scale)) & mask
    pending |= bits << have
    have += width
    while (have >= 8) {
      bytes[at++] = pending
      pending >>>= 8
      have -= 8
    }
  }
  if (have > 0) bytes[at++] = pending
  writer.length = at
}

const entries = new Float64Array(BLOCK)

export function readIntegers(reader: ByteReader, into: Float64Array, at: number, count: number): void {
  const head = reader.byte()
  const mode = head & 3
  const power = POWERS[head >>> 2]
  if (power === undefined) throw new StorageError('corrupt', `a column has the unknown exponent ${head >>> 2}`)
  const divisor = reader.varint()
  const start = reader.zigzag()
  let delta = mode === DELTA2 ? reader.zigzag() : 0
  const exceptions = readExceptions(reader, count)
  let number = start
  for (let done = 0; done < count; done += BLOCK) {
    const length = Math.min(BLOCK, count - done)
    const target = at + done
    if (mode === DELTA) {
      number = readDeltas(reader, length, number, divisor, into, target)
      continue
    }
    readBlock(reader, entries, length)
    if (mode === PLAIN) {
      for (let index = 0; index < length; index++) into[target + index] = start + (entries[index] as number) * divisor
    } else {
      for (let index = 0; index < length; index++) {
        delta += (entries[index] as number) * divisor
        number += delta
        into[target + index] = number
      }
    }
  }
  if (power !== 1) for (let index = at; index < at + count; index++) into[index] = (into[index] as number) / power
  for (let index = 0; index < exceptions.indexes.length; index++) {
    into.set(exceptions.values.subarray(index, index + 1), at + (exceptions.indexes[index] as number))
  }
}

/** A block of counters, which is most of what is read: in one pass. Gives the last number. */
function readDeltas(reader: ByteReader, length: number, start: number, divisor: number, into: Float64Array, at: number): number {
  const width = reader.peek()
  let number = start
  if (width === 0 || width > WIDTH_SINGLE_MAX) {
    readBlock(reader, entries, length)
    for (let index = 0; index < length; index++) {
      number += (entries[index] as number) * divisor
      into[at + index] = number
    }
    return number
  }
  reader.byte()
  const base = reader.zigzag() * divisor
  const { view } = reader
  const mask = (1 << width) - 1
  let bit = reader.skip((length * width + 7) >>> 3) * 8
  for (let index = at; index < at + length; index++) {
    number += base + ((view.getUint32(bit >>> 3, true) >>> (bit & 7)) & mask) * divisor
    into[index] = number
    bit += width
  }
  return number
}

interface Exceptions {
  readonly indexes: readonly number[]
  readonly values: Float64Array
}

const NO_EXCEPTIONS: Exceptions = { indexes: [], values: new Float64Array(0) }

function readExceptions(reader: ByteReader, count: number): Exceptions {
  const length = reader.varint()
  if (length === 0) return NO_EXCEPTIONS
  if (length > count) throw new StorageError('corrupt', 'a column has more exceptions than values')
  const indexes: number[] = []
  const values = new Float64Array(length)
  let at = 0
  for (let index = 0; index < length; index++) {
    at += reader.varint()
    if (at >= count) throw new StorageError('corrupt', 'a column has an exception behind its end')
    indexes.push(at)
    reader.doubles(values.subarray(index, index + 1))
  }
  return { indexes, values }
}

function readBlock(reader: ByteReader, into: Float64Array, length: number): void {
  const width = reader.byte()
  const base = reader.zigzag()
  if (width === 0) {
    into.fill(base, 0, length)
    return
  }
  if (width > WIDTH_MAX) throw new StorageError('corrupt', `a column has a block of ${width} bits`)
  if (width <= WIDTH_SINGLE_MAX) {
    unpackBits(reader, into, length, base, width)
    return
  }
  unpackBits(reader, into, length, base, WIDTH_LOW)
  addHighBits(reader, into, length, width - WIDTH_LOW)
}

/** Up to 25 bits at any bit position lie within four bytes; behind a column there are always as many: the checksum. */
function unpackBits(reader: ByteReader, into: Float64Array, length: number, base: number, width: number): void {
  const view = reader.view
  const start = reader.skip((length * width + 7) >>> 3)
  const mask = (1 << width) - 1
  let bit = start * 8
  for (let index = 0; index < length; index++) {
    into[index] = base + ((view.getUint32(bit >>> 3, true) >>> (bit & 7)) & mask)
    bit += width
  }
}

function addHighBits(reader: ByteReader, into: Float64Array, length: number, width: number): void {
  const view = reader.view
  const start = reader.skip((length * width + 7) >>> 3)
  const mask = (1 << width) - 1
  let bit = start * 8
  for (let index = 0; index < length; index++) {
    into[index] = (into[index] as number) + ((view.getUint32(bit >>> 3, true) >>> (bit & 7)) & mask) * 2 ** WIDTH_LOW
    bit += width
  }
}
