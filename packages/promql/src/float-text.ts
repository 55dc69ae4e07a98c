// The shortest decimal text that reads back to a float, written straight into bytes. Floats are handed over as a place in
// an array: as an argument each would be an object.
//
// value * 10^k is an exact sum of two doubles for every power of ten that is itself a double. With k chosen so that it has
// 17 digits before the point, half the distance to the next float is between 0.5 and 11.2 units there, so that only the
// last digits are in doubt: as many of them become zero as leave the number within that distance, and the nearest one
// counts. What lies too close to a bound to be told is left to the engine's own conversion.
//
//   value * 10^k  =  upper (9 digits) * 10^8  +  lower (8 digits)  +  fraction
//
// Bench: packages/promql/bench/answer-json.bench.ts.

const ZERO = 48
const POINT = 46
const DIGITS = 17
const LOWER = 1e8
/** Splits a double into two of 26 bits. */
const SPLITTER = 2 ** 27 + 1
/** How near to a bound a number may be and still be told, in units of the 17th digit. */
const MARGIN = 1e-6
/** The lower digits are below it. */
const ZEROS_SHIFT = 27
const ZEROS_UNIT = 2 ** ZEROS_SHIFT

/** The powers of ten that are doubles. */
const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))
const POWERS_HIGH = POWERS.map((power) => SPLITTER * power - (SPLITTER * power - power))
const POWERS_LOW = POWERS.map((power, index) => power - POWERS_HIGH[index]!)

/** Binary exponents of the values that are written here: from about 1e-6 to 1e17. */
const EXPONENT_MIN = -19
const EXPONENT_MAX = 56
/** For each of them the k that gives 2^exponent 17 digits before the point. */
const SHIFTS = Uint8Array.from({ length: EXPONENT_MAX - EXPONENT_MIN + 1 }, (_, index) =>
  POWERS.findIndex((power) => power * 2 ** (index + EXPONENT_MIN) >= 1e16),
)
/** Half the distance from a value with this binary exponent to the next. */
const HALF_GAPS = Float64Array.from(SHIFTS, (_, index) => 2 ** (index + EXPONENT_MIN - 53))

/** `00` to `99`. */
const PAIRS = new Uint8Array(200)
for (let pair = 0; pair < 100; pair++) {
  PAIRS[2 * pair] = ZERO + Math.trunc(pair / 10)
  PAIRS[2 * pair + 1] = ZERO + (pair % 10)
}

const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

/** No text was written. */
export const NOT_WRITTEN = -1

/**
 * Writes `values[index]` without its sign, when it has at most so many decimals, 22 at most, and up to 15 digits. Gives
 * where the text ends, or `NOT_WRITTEN` when it has more. It is not between -1e-6 and 1e-6; at most 24 bytes are written.
 */
export function writeDecimal(bytes: Uint8Array, at: number, values: Float64Array, index: number, decimals: number): number {
  const value = Math.abs(values[index]!)
  const power = POWERS[decimals]!
  let number = Math.floor(value * power + 0.5)
  // Both are exact, so the quotient is the float that the decimal text reads back to; up to 15 digits only one text does.
  if (number >= 1e15 || number / power !== value) return NOT_WRITTEN
  let places = decimals
  for (let tenth = Math.floor(number / 10); places > 0 && tenth * 10 === number; tenth = Math.floor(number / 10)) {
    number = tenth
    places--
  }
  return putNumber(bytes, at, number, places)
}

/** Writes `number / 10^places`. */
function putNumber(bytes: Uint8Array, at: number, number: number, places: number): number {
  let count = 1
  while (count < 16 && number >= POWERS[count]!) count++
  if (count <= places) count = places + 1
  const end = places === 0 ? at + count : at + count + 1
  const point = places === 0 ? -1 : end - 1 - places
  const upper = number < LOWER ? 0 : Math.floor(number / LOWER)
  let rest = (number - upper * LOWER) | 0
  let left = 8
  for (let index = end - 1; index >= at; index--) {
    if (index === point) {
      bytes[index] = POINT
      continue
    }
    if (left-- === 0) rest = upper
    const quotient = (rest / 10) | 0
    bytes[index] = ZERO + rest - quotient * 10
    rest = quotient
  }
  return end
}

/**
 * Writes `values[index]` without its sign; it is not zero. Gives where the text ends, or `NOT_WRITTEN` for the few that have to be written otherwise.
 * At most 25 bytes are written.
 */
export function writeShortest(bytes: Uint8Array, at: number, values: Float64Array, index: number): number {
  const value = Math.abs(values[index]!)
  double[0] = value
  const high = words[HIGH]!
  const exponent = (high >>> 20) - 1023 - EXPONENT_MIN
  if (exponent < 0 || exponent >= SHIFTS.length) return NOT_WRITTEN
  // Below a power of two floats lie closer together.
  if ((high & 0xfffff) === 0 && words[1 - HIGH] === 0) return NOT_WRITTEN
  let shift = SHIFTS[exponent]!
  if (value * POWERS[shift]! >= 1e17) shift--
  const power = POWERS[shift]!
  const product = value * power
  if (!(product > 1e16 && product < 1e17)) return NOT_WRITTEN
  const split = SPLITTER * value
  const valueHigh = split - (split - value)
  const valueLow = value - valueHigh
  const powerHigh = POWERS_HIGH[shift]!
  const powerLow = POWERS_LOW[shift]!
  const rest = valueLow * powerLow - (product - valueHigh * powerHigh - valueLow * powerHigh - valueHigh * powerLow)
  let upper = Math.floor(product / LOWER)
  const restWhole = Math.floor(rest)
  const fraction = rest - restWhole
  let lower = product - upper * LOWER + restWhole
  if (lower < 0) {
    upper--
    lower += LOWER
  } else if (lower >= LOWER) {
    upper++
    lower -= LOWER
  }
  const short = shorten(lower | 0, fraction, HALF_GAPS[exponent]! * power)
  const zeros = short >> ZEROS_SHIFT
  const digits = short & (ZEROS_UNIT - 1)
  if (short < 0 || digits >= LOWER || upper >= 1e9) return NOT_WRITTEN
  return putDigits(bytes, at, upper | 0, digits, DIGITS - shift, DIGITS - zeros)
}

/** The lower digits with as many zeros at the end as can be, and how many times `ZEROS_UNIT`; -1 where it cannot be told. */
function shorten(lower: number, fraction: number, halfGap: number): number {
  // Mostly it is 17 or 16 digits; choices that are as good as random are made by arithmetic.
  const tens = (lower / 10) | 0
  const ones = lower - tens * 10 + fraction
  const hundreds = (lower / 100) | 0
  const last = lower - hundreds * 100 + fraction
  if (last <= halfGap + MARGIN || last >= 100 - MARGIN - halfGap) return shortenFurther(lower, fraction, halfGap)
  // How far from the middle between two multiples of ten, and how far that may be.
  const off = Math.abs(ones - 5)
  const reach = 5 - halfGap
  if (Math.abs(off - reach) < MARGIN) return -1
  if (off > reach) return off < MARGIN ? -1 : (((tens + ((ones * 0.1 + 0.5) | 0)) * 10) | 0) + ZEROS_UNIT
  return Math.abs(fraction - 0.5) < MARGIN ? -1 : lower + ((fraction + 0.5) | 0)
}

function shortenFurther(lower: number, fraction: number, halfGap: number): number {
  let best = -1
  for (let unit = 10; unit <= 1e7; unit *= 10) {
    const last = lower % unit
    const above = last + fraction
    const distance = Math.min(above, unit - above)
    if (Math.abs(distance - halfGap) < MARGIN) return -1
    if (distance > halfGap) return best
    if (unit - 2 * distance < MARGIN) return -1
    best = lower - last + Math.floor(above / unit + 0.5) * unit + Math.round(Math.log10(unit)) * ZEROS_UNIT
  }
  return -1
}

/** Writes the first `count` of the 17 digits, with the point behind `whole` of them; `whole` may be 0 or less. */
function putDigits(bytes: Uint8Array, at: number, upper: number, lower: number, whole: number, count: number): number {
  let start = at
  if (whole <= 0) {
    bytes[start++] = ZERO
    bytes[start++] = POINT
    for (let zero = whole; zero < 0; zero++) bytes[start++] = ZERO
  } else {
    start++
  }
  const top = (upper / 1e8) | 0
  bytes[start] = ZERO + top
  putEight(bytes, start + 1, upper - top * 1e8)
  putEight(bytes, start + 9, lower)
  if (whole <= 0) return start + count
  for (let index = at; index < at + whole; index++) bytes[index] = bytes[index + 1]!
  if (count <= whole) return at + whole
  bytes[at + whole] = POINT
  return start + count
}

function putEight(bytes: Uint8Array, at: number, number: number): void {
  const high = (number / 10_000) | 0
  const low = number - high * 10_000
  putFour(bytes, at, high)
  putFour(bytes, at + 4, low)
}

function putFour(bytes: Uint8Array, at: number, number: number): void {
  const high = (number / 100) | 0
  const low = number - high * 100
  bytes[at] = PAIRS[2 * high]!
  bytes[at + 1] = PAIRS[2 * high + 1]!
  bytes[at + 2] = PAIRS[2 * low]!
  bytes[at + 3] = PAIRS[2 * low + 1]!
}
