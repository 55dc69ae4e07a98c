/**
 * A sample value as Prometheus's API prints it: the shortest text that reads back to the same float, with an
 * exponent only from 1e21 up and below 1e-6 (Prometheus: util/jsonutil MarshalFloat).
 */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  return String(value)
}

const NUMBER = /^[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?$/
const HEX = /^([+-]?)0[xX]([0-9a-fA-F_]*)(?:\.([0-9a-fA-F_]*))?(?:[pP]([+-]?\d+))?$/

/**
 * Reads a float as Go's ParseFloat does: decimal, hexadecimal, `Inf`, `Infinity` and `NaN` in any case, with a sign.
 * Gives `undefined` when the text is no number. Underscores are not accepted, as in expositions.
 */
export function parseFloatGo(text: string): number | undefined {
  if (NUMBER.test(text) && !text.includes('_')) return Number(text)
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
  if (match === null || text.includes('_')) return undefined
  const [, sign, whole = '', fraction = '', exponent] = match
  if (whole === '' && fraction === '') return undefined
  // Go asks for the exponent of a hexadecimal float.
  if (exponent === undefined) return undefined
  let mantissa = 0
  for (const digit of whole + fraction) mantissa = mantissa * 16 + Number.parseInt(digit, 16)
  const value = mantissa * 2 ** (Number(exponent) - 4 * fraction.length)
  return sign === '-' ? -value : value
}
