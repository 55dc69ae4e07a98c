// Go prints floats with exactly rounded decimals, halves to even, where JavaScript's toFixed rounds them up. A
// float is a whole number times a power of two, so its decimal text is finite and BigInt gives all of it.

/** `0.digits × 10^point`, the sign apart; zero is the digit `0` with point 1. */
interface Decimal {
  readonly digits: string
  readonly point: number
}

/**
 * A float as Go's strconv.FormatFloat gives it: `e` exponent form, `f` plain, `g` the shorter by Go's rule.
 * A precision counts digits after the point, for `g` significant ones; -1 is as many as read back to the same float.
 */
export function formatFloat(value: number, verb: 'e' | 'f' | 'g', precision: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  return sign + formatPositive(Math.abs(value), verb, precision)
}

function formatPositive(value: number, verb: 'e' | 'f' | 'g', precision: number): string {
  const shortest = precision < 0
  if (verb === 'e') return exponentForm(shortest ? shortestDecimal(value) : roundTo(exactDecimal(value), precision + 1), precision)
  if (verb === 'f') {
    if (shortest) {
      const decimal = shortestDecimal(value)
      return plainForm(decimal, Math.max(0, decimal.digits.length - decimal.point))
    }
    const exact = exactDecimal(value)
    return plainForm(roundTo(exact, exact.point + precision), precision)
  }
  const significant = precision === 0 ? 1 : precision
  const decimal = shortest ? shortestDecimal(value) : trimZeros(roundTo(exactDecimal(value), significant))
  let threshold = significant
  if (threshold > decimal.digits.length && decimal.digits.length >= decimal.point) threshold = decimal.digits.length
  // Go: with the shortest digits, six decides between the two forms.
  if (shortest) threshold = 6
  const exponent = decimal.point - 1
  if (exponent < -4 || exponent >= threshold) return exponentForm(decimal, decimal.digits.length - 1)
  return plainForm(decimal, Math.max(0, decimal.digits.length - decimal.point))
}

function shortestDecimal(value: number): Decimal {
  if (value === 0) return { digits: '0', point: 1 }
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e')
  return { digits: mantissa.replace('.', ''), point: Number(exponent) + 1 }
}

const bits = new DataView(new ArrayBuffer(8))

function exactDecimal(value: number): Decimal {
  if (value === 0) return { digits: '0', point: 1 }
  bits.setFloat64(0, value)
  const raw = bits.getBigUint64(0)
  const biased = Number((raw >> 52n) & 0x7ffn)
  const fraction = raw & 0xfffffffffffffn
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n)
  const exponent = (biased === 0 ? 1 : biased) - 1075
  if (exponent >= 0) {
    const digits = (mantissa << BigInt(exponent)).toString()
    return { digits, point: digits.length }
  }
  // m / 2^k is m * 5^k / 10^k.
  const digits = (mantissa * 5n ** BigInt(-exponent)).toString()
  return { digits, point: digits.length + exponent }
}

/** Keeps `count` digits, halves to even; fewer than none round to zero. */
function roundTo({ digits, point }: Decimal, count: number): Decimal {
  if (count < 0) return { digits: '0', point: 1 }
  if (count >= digits.length) return { digits, point }
  const kept = digits.slice(0, count)
  const next = digits.charCodeAt(count) - 48
  const isTie = next === 5 && /^0*$/.test(digits.slice(count + 1))
  const lastIsOdd = count > 0 && (kept.charCodeAt(count - 1) - 48) % 2 === 1
  const up = isTie ? lastIsOdd : next >= 5
  if (!up) return kept === '' || /^0*$/.test(kept) ? { digits: '0', point: 1 } : { digits: kept, point }
  if (kept === '') return { digits: '1', point: point + 1 }
  const raised = (BigInt(kept) + 1n).toString().padStart(kept.length, '0')
  return { digits: raised, point: point + (raised.length - kept.length) }
}

function trimZeros({ digits, point }: Decimal): Decimal {
  return { digits: digits.replace(/0+$/, '') || '0', point }
}

function exponentForm({ digits, point }: Decimal, precision: number): string {
  const exponent = digits === '0' ? 0 : point - 1
  const decimals = precision < 0 ? digits.slice(1) : digits.slice(1).padEnd(precision, '0').slice(0, precision)
  const size = String(Math.abs(exponent)).padStart(2, '0')
  return `${digits[0]}${decimals === '' ? '' : `.${decimals}`}e${exponent < 0 ? '-' : '+'}${size}`
}

function plainForm({ digits, point }: Decimal, precision: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0'
  if (precision === 0) return whole
  const decimals = point > 0 ? digits.slice(point) : '0'.repeat(-point) + digits
  return `${whole}.${decimals.padEnd(precision, '0').slice(0, precision)}`
}
