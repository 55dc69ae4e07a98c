import { parseFloatGo } from '@promlet/model'

/** A float as Go's clients write it, shortest digits: `4711`, `1.7560473e+06`, `1e-05`, `+Inf`. Both zeros are `0`. */
export function formatFloatGo(value: number): string {
  if (value === 0) return '0'
  if (Number.isInteger(value) && value > -1e6 && value < 1e6) return String(value)
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const text = value.toExponential()
  const mark = text.indexOf('e')
  const exponent = Number(text.slice(mark + 1))
  // Go: strconv's 'g' with precision -1 changes to the exponent form below 1e-4 and from 1e6 up.
  if (exponent >= -4 && exponent < 6) return String(value)
  const digits = String(Math.abs(exponent)).padStart(2, '0')
  return `${text.slice(0, mark)}e${exponent < 0 ? '-' : '+'}${digits}`
}

/** A float as OpenMetrics wants it in `le` and `quantile`: as `formatFloatGo`, with `.0` where it would look whole. */
export function formatFloatOpenMetrics(value: number): string {
  const text = formatFloatGo(value)
  return /[e.nN]/.test(text) ? text : `${text}.0`
}

/** Why a text is no sample value, in the words of Go's strconv. */
export type NumberProblem = 'invalid syntax' | 'value out of range'

/** Reads a sample value as Go's clients do: as ParseFloat, without the forms that came with Go 1.13. */
export function parseSampleValue(text: string): number | NumberProblem {
  if (/[pP_]/.test(text)) return 'invalid syntax'
  const value = parseFloatGo(text)
  if (value === undefined) return 'invalid syntax'
  // A decimal that overflows is an error in Go; only the word gives infinity.
  if (!Number.isFinite(value) && /\d/.test(text)) return 'value out of range'
  return value
}

const INT64_MAX = 9_223_372_036_854_775_807n

/** Reads a timestamp as Go's ParseInt does. Above 2^53 it is the nearest float. */
export function parseTimestamp(text: string): number | NumberProblem {
  if (!/^[+-]?\d+$/.test(text)) return 'invalid syntax'
  if (text.length > 15) {
    const exact = BigInt(text.replace(/^\+/, ''))
    if (exact > INT64_MAX || exact < -INT64_MAX - 1n) return 'value out of range'
  }
  return Number(text)
}
