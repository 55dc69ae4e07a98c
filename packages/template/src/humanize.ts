// Numbers for people, with Prometheus's units and four significant digits.

import { parseFloatGo } from '@promlet/model'
import { formatFloat } from './float-text.ts'
import { nanosecondsOf, timeValue } from './time.ts'
import { typeName, type Value } from './value.ts'

const LARGE = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']
const SMALL = ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']
const BINARY = ['ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi']

/** A number, or a text that reads as one. @throws RangeError with Go's words */
export function toFloat(value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'string') {
    const number = parseFloatGo(value)
    if (number === undefined) throw new RangeError(`strconv.ParseFloat: parsing ${JSON.stringify(value)}: invalid syntax`)
    return number
  }
  const duration = nanosecondsOf(value, 'time.Duration')
  if (duration !== undefined) return Number(duration) / 1e9
  throw new RangeError(`can't convert ${typeName(value)} to float`)
}

function short(value: number): string {
  return formatFloat(value, 'g', 4)
}

export function humanize(argument: Value): string {
  const value = toFloat(argument)
  if (value === 0 || !Number.isFinite(value)) return short(value)
  return Math.abs(value) >= 1 ? scaleDown(value, 1000, LARGE) : scaleUp(value)
}

export function humanize1024(argument: Value): string {
  const value = toFloat(argument)
  if (Math.abs(value) <= 1 || !Number.isFinite(value)) return short(value)
  return scaleDown(value, 1024, BINARY)
}

function scaleDown(value: number, base: number, units: readonly string[]): string {
  let rest = value
  let unit = ''
  for (const next of units) {
    if (Math.abs(rest) < base) break
    unit = next
    rest /= base
  }
  return short(rest) + unit
}

function scaleUp(value: number): string {
  let rest = value
  let unit = ''
  for (const next of SMALL) {
    if (Math.abs(rest) >= 1) break
    unit = next
    rest *= 1000
  }
  return short(rest) + unit
}

/** Seconds as `1d 2h 3m 4s`, below a minute with four digits. */
export function humanizeDuration(argument: Value): string {
  const value = toFloat(argument)
  if (!Number.isFinite(value)) return short(value)
  if (value === 0) return `${short(value)}s`
  if (Math.abs(value) < 1) return `${scaleUp(value)}s`
  const sign = value < 0 ? '-' : ''
  const size = Math.trunc(Math.abs(value))
  const seconds = size % 60
  const minutes = Math.floor(size / 60) % 60
  const hours = Math.floor(size / 3600) % 24
  const days = Math.floor(size / 86_400)
  if (days > 0) return `${sign}${days}d ${hours}h ${minutes}m ${seconds}s`
  if (hours > 0) return `${sign}${hours}h ${minutes}m ${seconds}s`
  if (minutes > 0) return `${sign}${minutes}m ${seconds}s`
  return `${sign}${short(Math.abs(value))}s`
}

export function humanizePercentage(argument: Value): string {
  return `${short(toFloat(argument) * 100)}%`
}

/** Seconds since the epoch as `2015-06-23 13:19:44.128 +0000 UTC`. */
export function humanizeTimestamp(argument: Value): string {
  const value = toFloat(argument)
  if (!Number.isFinite(value)) return short(value)
  const time = toTime(value)
  return (time as { text: () => string }).text()
}

const INT64_MAX = 9_223_372_036_854_775_807n

/** Seconds since the epoch as a time; Prometheus keeps milliseconds of it. */
export function toTime(argument: Value): Value {
  const value = toFloat(argument)
  if (!Number.isFinite(value)) throw new RangeError('value is NaN or Inf')
  const nanoseconds = value * 1e9
  if (nanoseconds > Number(INT64_MAX) || nanoseconds < -Number(INT64_MAX)) {
    throw new RangeError(`${formatFloat(value, 'g', -1)} cannot be represented as a nanoseconds timestamp since it overflows int64`)
  }
  return timeValue((BigInt(Math.trunc(nanoseconds)) / 1_000_000n) * 1_000_000n, '*time.Time')
}
