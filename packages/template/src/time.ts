// Go's time.Time (in UTC) and time.Duration as templates see them, kept in nanoseconds as Go does.

import {
  bareType,
  intParameter,
  namedParameter,
  type Parameter,
  type Struct,
  stringParameter,
  type TemplateFunction,
  type Value,
} from './value.ts'

const SECOND = 1_000_000_000n
const MILLISECOND = 1_000_000n

/** A `time.Time` or `time.Duration`. */
interface Nanoseconds extends Struct {
  readonly nanoseconds: bigint
}

const timeParameter = namedParameter('time.Time')
/** A whole number written in its place counts nanoseconds. */
const durationParameter: Parameter = { ...namedParameter('time.Duration'), literal: 'int' }

/** A `time.Time`, or a pointer to one; `nanoseconds` since the Unix epoch. */
export function timeValue(nanoseconds: bigint, type: 'time.Time' | '*time.Time' = 'time.Time'): Value {
  const value: Nanoseconds = {
    kind: 'struct',
    type,
    fields: new Map(),
    nanoseconds,
    text: () => formatTime(nanoseconds, '2006-01-02 15:04:05.999999999 -0700 MST'),
    method: (name) => timeMethod(nanoseconds, name),
  }
  return value
}

/** A `time.Duration`. */
export function durationValue(nanoseconds: bigint, type: 'time.Duration' | '*time.Duration' = 'time.Duration'): Value {
  const value: Nanoseconds = {
    kind: 'struct',
    type,
    fields: new Map(),
    nanoseconds,
    text: () => durationText(nanoseconds),
    method: (name) => durationMethod(nanoseconds, name),
  }
  return value
}

/** The nanoseconds of a `time.Time` or a `time.Duration`, or undefined for any other value. */
export function nanosecondsOf(value: Value, type: 'time.Time' | 'time.Duration'): bigint | undefined {
  if (typeof value !== 'object' || value === null || value.kind !== 'struct' || bareType(value) !== type) return undefined
  return (value as Nanoseconds).nanoseconds
}

function getter(value: () => Value): TemplateFunction {
  return { parameters: [], call: value }
}

function other([value]: readonly Value[]): bigint {
  return typeof value === 'bigint' ? value : (value as Nanoseconds).nanoseconds
}

function timeMethod(at: bigint, name: string): TemplateFunction | undefined {
  const date = new Date(Number(floorDivide(at, MILLISECOND)))
  switch (name) {
    case 'Format':
      return { parameters: [stringParameter], call: ([layout]) => formatTime(at, layout as string) }
    case 'Add':
      return { parameters: [durationParameter], call: (args) => timeValue(at + other(args)) }
    case 'AddDate':
      return { parameters: [intParameter, intParameter, intParameter], call: (args) => addDate(date, at, args) }
    case 'Sub':
      return { parameters: [timeParameter], call: (args) => durationValue(at - other(args)) }
    case 'Before':
      return { parameters: [timeParameter], call: (args) => at < other(args) }
    case 'After':
      return { parameters: [timeParameter], call: (args) => at > other(args) }
    case 'Equal':
      return { parameters: [timeParameter], call: (args) => at === other(args) }
    case 'UTC':
    case 'Local':
      return getter(() => timeValue(at))
    case 'String':
      return getter(() => formatTime(at, '2006-01-02 15:04:05.999999999 -0700 MST'))
    case 'Unix':
      return getter(() => floorDivide(at, SECOND))
    case 'UnixMilli':
      return getter(() => floorDivide(at, MILLISECOND))
    case 'UnixMicro':
      return getter(() => floorDivide(at, 1000n))
    case 'UnixNano':
      return getter(() => at)
    case 'Year':
      return getter(() => BigInt(date.getUTCFullYear()))
    case 'Month':
      return getter(() => MONTHS[date.getUTCMonth()] as string)
    case 'Day':
      return getter(() => BigInt(date.getUTCDate()))
    case 'Hour':
      return getter(() => BigInt(date.getUTCHours()))
    case 'Minute':
      return getter(() => BigInt(date.getUTCMinutes()))
    case 'Second':
      return getter(() => BigInt(date.getUTCSeconds()))
    case 'Nanosecond':
      return getter(() => at - floorDivide(at, SECOND) * SECOND)
    case 'Weekday':
      return getter(() => DAYS[date.getUTCDay()] as string)
    case 'YearDay':
      return getter(() => BigInt(yearDay(date)))
    case 'IsZero':
      return getter(() => at === ZERO_TIME)
    default:
      return undefined
  }
}

/** January 1 of the year 1: Go's zero time. */
const ZERO_TIME = -62_135_596_800n * SECOND

function addDate(date: Date, at: bigint, [years, months, days]: readonly Value[]): Value {
  const moved = Date.UTC(
    date.getUTCFullYear() + Number(years),
    date.getUTCMonth() + Number(months),
    date.getUTCDate() + Number(days),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  )
  return timeValue(BigInt(moved) * MILLISECOND + (at - floorDivide(at, SECOND) * SECOND))
}

function durationMethod(duration: bigint, name: string): TemplateFunction | undefined {
  const seconds = Number(duration) / 1e9
  switch (name) {
    case 'String':
      return getter(() => durationText(duration))
    case 'Seconds':
      return getter(() => seconds)
    case 'Minutes':
      return getter(() => seconds / 60)
    case 'Hours':
      return getter(() => seconds / 3600)
    case 'Milliseconds':
      return getter(() => duration / MILLISECOND)
    case 'Microseconds':
      return getter(() => duration / 1000n)
    case 'Nanoseconds':
      return getter(() => duration)
    case 'Abs':
      return getter(() => durationValue(duration < 0n ? -duration : duration))
    case 'Truncate':
      return { parameters: [durationParameter], call: (args) => durationValue(truncate(duration, other(args))) }
    case 'Round':
      return { parameters: [durationParameter], call: (args) => durationValue(round(duration, other(args))) }
    default:
      return undefined
  }
}

function truncate(duration: bigint, unit: bigint): bigint {
  return unit <= 0n ? duration : duration - (duration % unit)
}

function round(duration: bigint, unit: bigint): bigint {
  if (unit <= 0n) return duration
  const half = unit / 2n + (unit % 2n)
  return truncate(duration + (duration < 0n ? -half : half), unit)
}

/** Go's Duration.String: `1h2m0.5s`, below a second with the unit that fits. */
export function durationText(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0s'
  const sign = nanoseconds < 0n ? '-' : ''
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds
  if (size < SECOND) {
    if (size < 1000n) return `${sign}${size}ns`
    return size < MILLISECOND ? `${sign}${decimal(size, 1000n, 3)}µs` : `${sign}${decimal(size, MILLISECOND, 6)}ms`
  }
  const hours = size / (3600n * SECOND)
  const minutes = (size / (60n * SECOND)) % 60n
  const seconds = decimal(size % (60n * SECOND), SECOND, 9)
  if (hours > 0n) return `${sign}${hours}h${minutes}m${seconds}s`
  return minutes > 0n ? `${sign}${minutes}m${seconds}s` : `${sign}${seconds}s`
}

function decimal(value: bigint, unit: bigint, digits: number): string {
  const fraction = (value % unit).toString().padStart(digits, '0').replace(/0+$/, '')
  return `${value / unit}${fraction === '' ? '' : `.${fraction}`}`
}

function floorDivide(value: bigint, unit: bigint): bigint {
  const quotient = value / unit
  return value < 0n && value % unit !== 0n ? quotient - 1n : quotient
}

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

// Longer words first, so that `January` is not taken for `Jan` and `uary`.
const LAYOUT =
  /January|Jan|Monday|Mon|MST|2006|Z07:00:00|Z07:00|Z0700|Z07|-07:00:00|-07:00|-0700|-07|[.,]0+(?!\d)|[.,]9+(?!\d)|002|01|02|03|04|05|06|__2|_2|15|PM|pm|1|2|3|4|5/g

/** Go's Time.Format, in UTC. */
export function formatTime(nanoseconds: bigint, layout: string): string {
  const date = new Date(Number(floorDivide(nanoseconds, MILLISECOND)))
  const fraction = (nanoseconds - floorDivide(nanoseconds, SECOND) * SECOND).toString().padStart(9, '0')
  return layout.replace(LAYOUT, (word) => layoutWord(word, date, fraction))
}

function layoutWord(word: string, date: Date, fraction: string): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const hour12 = date.getUTCHours() % 12 || 12
  switch (word) {
    case 'January':
      return MONTHS[date.getUTCMonth()] as string
    case 'Jan':
      return (MONTHS[date.getUTCMonth()] as string).slice(0, 3)
    case '01':
      return two(date.getUTCMonth() + 1)
    case '1':
      return String(date.getUTCMonth() + 1)
    case 'Monday':
      return DAYS[date.getUTCDay()] as string
    case 'Mon':
      return (DAYS[date.getUTCDay()] as string).slice(0, 3)
    case '02':
      return two(date.getUTCDate())
    case '_2':
      return String(date.getUTCDate()).padStart(2)
    case '2':
      return String(date.getUTCDate())
    case '002':
      return String(yearDay(date)).padStart(3, '0')
    case '__2':
      return String(yearDay(date)).padStart(3)
    case '2006':
      return String(date.getUTCFullYear()).padStart(4, '0')
    case '06':
      return two(date.getUTCFullYear() % 100)
    case '15':
      return two(date.getUTCHours())
    case '03':
      return two(hour12)
    case '3':
      return String(hour12)
    case '04':
      return two(date.getUTCMinutes())
    case '4':
      return String(date.getUTCMinutes())
    case '05':
      return two(date.getUTCSeconds())
    case '5':
      return String(date.getUTCSeconds())
    case 'PM':
      return date.getUTCHours() < 12 ? 'AM' : 'PM'
    case 'pm':
      return date.getUTCHours() < 12 ? 'am' : 'pm'
    case 'MST':
      return 'UTC'
  }
  if (word.startsWith('Z')) return 'Z'
  if (word.startsWith('-07')) return word.replace('-', '+').replaceAll('7', '0')
  return fractionText(word, fraction)
}

/** `.000` prints that many digits, `.999` drops zeros at the end. */
function fractionText(word: string, fraction: string): string {
  const digits = fraction.slice(0, word.length - 1).padEnd(word.length - 1, '0')
  if (word[1] === '0') return `${word[0]}${digits}`
  const trimmed = digits.replace(/0+$/, '')
  return trimmed === '' ? '' : `${word[0]}${trimmed}`
}

function yearDay(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1
}
