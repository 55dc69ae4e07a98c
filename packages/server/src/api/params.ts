// The parameters of requests, read as Prometheus reads them and refused in its words. Prometheus: web/api/v1 api.go
// parseTime, parseDuration, parseLimitParam, parseMatchersParam.

import { type DurationMs, type Matcher, type Millis, parseDuration, parseFloatGo, quote } from '@promlet/model'
import { parseMatchers } from '@promlet/promql/syntax'
import { ApiError } from './answer.ts'

/** The ends of time: what Go's clock can still tell, and what JavaScript counts exactly. */
export const TIME_MIN: Millis = Number.MIN_SAFE_INTEGER
export const TIME_MAX: Millis = Number.MAX_SAFE_INTEGER

/** What Go's 64-bit integers stay below; a length of time is one of nanoseconds. */
const INT_MAX = 2 ** 63

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(?:Z|([+-])(\d\d):(\d\d))$/

/** Seconds since the epoch with a fraction, or RFC 3339; undefined when the text is neither. */
export function parseTime(text: string): Millis | undefined {
  const seconds = parseFloatGo(text)
  if (seconds !== undefined) return clampTime(Math.round(seconds * 1000))
  // The ends of Go's time, as Prometheus and its clients print them: no year of four digits.
  if (text === '-292273086-05-16T16:47:06Z') return TIME_MIN
  if (text === '292277025-08-18T07:12:54.999999999Z') return TIME_MAX
  return parseDate(text)
}

function clampTime(at: Millis): Millis | undefined {
  return Number.isNaN(at) ? undefined : Math.min(Math.max(at, TIME_MIN), TIME_MAX)
}

/** RFC 3339 without leniency: `Date.parse` would take 30 February for 1 March. */
function parseDate(text: string): Millis | undefined {
  const match = RFC3339.exec(text)
  if (match === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second, Math.trunc(Number(match[7] ?? 0) * 1000))
  if (date.toISOString().slice(0, 19) !== text.slice(0, 19)) return undefined
  const [offsetHour, offsetMinute] = [Number(match[9] ?? 0), Number(match[10] ?? 0)]
  if (offsetHour > 24 || offsetMinute > 60) return undefined
  const offset = (offsetHour * 60 + offsetMinute) * 60_000
  return date.getTime() - (match[8] === '-' ? -offset : offset)
}

/**
 * Seconds with a fraction, or a Prometheus duration; below zero and with parts of a millisecond where it says so.
 * @throws RangeError with Prometheus's words.
 */
export function parseSpan(text: string): DurationMs {
  const seconds = parseFloatGo(text)
  if (seconds !== undefined && !Number.isNaN(seconds)) {
    const ns = Math.trunc(seconds * 1e9)
    if (Math.abs(ns) > INT_MAX) throw new RangeError(`cannot parse ${quote(text)} to a valid duration. It overflows int64`)
    return ns / 1e6
  }
  try {
    return parseDuration(text)
  } catch (cause) {
    throw new RangeError(`cannot parse ${quote(text)} to a valid duration`, { cause })
  }
}

/** A time that has to be there. @throws ApiError `bad_data` naming the parameter. */
export function requireTime(params: URLSearchParams, name: string): Millis {
  const text = params.get(name) ?? ''
  const at = parseTime(text)
  if (at === undefined) throw invalid(name, `cannot parse ${quote(text)} to a valid timestamp`)
  return at
}

/** A time that may be missing. @throws ApiError `bad_data` naming the parameter. */
export function optionalTime(params: URLSearchParams, name: string, fallback: Millis): Millis {
  const text = params.get(name) ?? ''
  if (text === '') return fallback
  const at = parseTime(text)
  if (at === undefined) throw invalid(name, `Invalid time value for '${name}': cannot parse ${quote(text)} to a valid timestamp`)
  return at
}

/** A length of time that has to be there. @throws ApiError `bad_data` naming the parameter. */
export function requireSpan(params: URLSearchParams, name: string): DurationMs {
  try {
    return parseSpan(params.get(name) ?? '')
  } catch (error) {
    throw invalid(name, messageOf(error), { cause: error })
  }
}

/** A length of time that may be missing. @throws ApiError `bad_data` naming the parameter. */
export function optionalSpan(params: URLSearchParams, name: string): DurationMs | undefined {
  return (params.get(name) ?? '') === '' ? undefined : requireSpan(params, name)
}

/** `limit`: 0 or absent is no limit. @throws ApiError `bad_data`. */
export function readLimit(params: URLSearchParams): number {
  const text = params.get('limit') ?? ''
  if (text === '') return 0
  const limit = parseWhole(text)
  if (limit === undefined) throw invalid('limit', `strconv.Atoi: parsing ${quote(text)}: invalid syntax`)
  if (Math.abs(limit) >= INT_MAX) throw invalid('limit', `strconv.Atoi: parsing ${quote(text)}: value out of range`)
  if (limit < 0) throw invalid('limit', 'limit must be non-negative')
  return limit
}

/** A whole number with a sign; undefined when the text is none. */
export function parseWhole(text: string): number | undefined {
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined
}

const TRUE_TEXTS = ['1', 't', 'T', 'TRUE', 'true', 'True']
const FALSE_TEXTS = ['0', 'f', 'F', 'FALSE', 'false', 'False']

/** A switch, read as Go's ParseBool does; an empty text is off. @throws ApiError `bad_data`; `what` stands before the reason. */
export function readSwitch(name: string, text: string, what: string): boolean {
  if (TRUE_TEXTS.includes(text)) return true
  if (text === '' || FALSE_TEXTS.includes(text)) return false
  throw invalid(name, `${what}: strconv.ParseBool: parsing ${quote(text)}: invalid syntax`)
}

/** Every `match[]` as a list of matchers. @throws ApiError `bad_data` for one that is no selector or selects everything. */
export function readMatcherSets(params: URLSearchParams): readonly (readonly Matcher[])[] {
  const matcherSets = params.getAll('match[]').map((text) => readSelector(text, 'match[]'))
  if (matcherSets.some((matchers) => matchers.every((matcher) => matcher.matchesEmpty))) {
    throw invalid('match[]', 'match[] must contain at least one non-empty matcher')
  }
  return matcherSets
}

/** One selector as matchers. @throws ApiError `bad_data`. */
export function readSelector(text: string, name: string): readonly Matcher[] {
  try {
    return parseMatchers(text)
  } catch (error) {
    throw invalid(name, messageOf(error), { cause: error })
  }
}

export function invalid(name: string, reason: string, options?: ErrorOptions & { readonly query?: string }): ApiError {
  return new ApiError('bad_data', `invalid parameter ${quote(name)}: ${reason}`, options)
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
