// Sample values in the lossless dump: JSON numbers where JSON has them, texts where it has not. docs/dump.md says how.

import { isStaleAt } from '@promlet/model'

const scratch = new Float64Array(1)
const bits = new BigUint64Array(scratch.buffer)
const PLAIN_NAN = 0x7ff8_0000_0000_0000n
const NAN_WITH_BITS = /^NaN:[0-9a-f]{16}$/

/** A value as JSON. Reading it back gives the same bits. */
export function valueText(values: Float64Array, index: number): string {
  const value = values[index] as number
  if (Number.isFinite(value)) return value === 0 && Object.is(value, -0) ? '-0' : String(value)
  if (value === Infinity) return '"+Inf"'
  if (value === -Infinity) return '"-Inf"'
  if (isStaleAt(values, index)) return '"stale"'
  scratch.set(values.subarray(index, index + 1))
  const own = bits[0] as bigint
  return own === PLAIN_NAN ? '"NaN"' : `"NaN:${own.toString(16).padStart(16, '0')}"`
}

export function numberText(value: number): string {
  return valueText(Float64Array.of(value), 0)
}

/** Writes a value that was read from JSON into a slot, bit by bit; false when it is none. */
export function readValue(json: unknown, into: Float64Array, index: number): boolean {
  if (typeof json === 'number') into[index] = json
  else if (json === '+Inf') into[index] = Infinity
  else if (json === '-Inf') into[index] = -Infinity
  else if (json === 'NaN') setBits(into, index, PLAIN_NAN)
  else if (json === 'stale') setBits(into, index, 0x7ff0_0000_0000_0002n)
  else if (typeof json === 'string' && NAN_WITH_BITS.test(json)) setBits(into, index, BigInt(`0x${json.slice(4)}`))
  else return false
  return typeof json !== 'string' || !json.startsWith('NaN:') || Number.isNaN(into[index])
}

function setBits(into: Float64Array, index: number, value: bigint): void {
  bits[0] = value
  into.set(scratch, index)
}
