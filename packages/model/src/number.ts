// Numbers as Go writes and reads them. JavaScript finds the same shortest digits; only their layout differs.

/**
 * A sample value as Prometheus's API prints it: the shortest text that reads back to the same float, with an
 * exponent of at least two digits from 1e21 up and below 1e-6 (Prometheus: util/jsonutil MarshalFloat).
 */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value)
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const size = Math.abs(value)
  return size >= 1e-6 && size < 1e21 ? String(value) : withTwoDigitExponent(value.toExponential())
}

/** A float without an exponent, however long that gets, as numbers stand in printed queries (Go's format 'f'). */
export function formatPlain(value: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value)
  if (Object.is(value, -0)) return '-0'
  const [mantissa = '', exponent] = String(value).split('e')
  if (exponent === undefined) return mantissa
  const sign = mantissa.startsWith('-') ? '-' : ''
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return point >= digits.length ? sign + digits.padEnd(point, '0') : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}

/** A float as Go's `%v` and `%g` print it: with an exponent from 1e6 up and below 1e-4. */
export function formatGeneral(value: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value)
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const size = Math.abs(value)
  return size >= 1e-4 && size < 1e6 ? String(value) : withTwoDigitExponent(value.toExponential())
}

function formatSpecial(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}

function withTwoDigitExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const HEX = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?\d+)$/

/**
 * Reads a float as Go's ParseFloat does: decimal, hexadecimal with its exponent, `Inf`, `Infinity` and `NaN` in any
 * case, with a sign. Gives `undefined` when the text is no number. Underscores are not accepted, as in expositions.
 */
export function parseFloatGo(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text)
  const lower = text.toLowerCase()
  switch (lower.replace(/^[+-]/, '')) {
    case 'inf':
    case 'infinity':
      return lower.startsWith('-') ? -Infinity : Infinity
    case 'nan':
      return lower === 'nan' ? Number.NaN : undefined
  }
  return parseHexFloat(text)
}

function parseHexFloat(text: string): number | undefined {
  const match = HEX.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', exponent] = match
  const digits = whole + fraction
  if (digits === '') return undefined
  const value = scaleMantissa(BigInt(`0x${digits}`), Number(exponent) - 4 * fraction.length)
  return sign === '-' ? -value : value
}

/** mantissa · 2^exponent, rounded once to the nearest float (ties to even). */
function scaleMantissa(mantissa: bigint, exponent: number): number {
  if (mantissa === 0n) return 0
  const bits = mantissa.toString(2).length
  // How many bits fit: 53, fewer where the value is subnormal.
  const keep = Math.min(53, bits + exponent + 1074)
  const drop = bits - keep
  if (drop <= 0) return scalePower(Number(mantissa), exponent)
  if (keep < 0) return 0
  const shift = BigInt(drop)
  const rest = mantissa & ((1n << shift) - 1n)
  const half = 1n << (shift - 1n)
  let kept = mantissa >> shift
  if (rest > half || (rest === half && (kept & 1n) === 1n)) kept += 1n
  return scalePower(Number(kept), exponent + drop)
}

/** value · 2^exponent in steps that neither overflow nor lose bits on the way. */
function scalePower(value: number, exponent: number): number {
  let rest = exponent
  let result = value
  while (rest > 1000) {
    result *= 2 ** 1000
    rest -= 1000
  }
  while (rest < -1000) {
    result *= 2 ** -1000
    rest += 1000
  }
  return result * 2 ** rest
}
