import { type DurationMs, type Matcher, type Millis, parseDuration } from '@promlet/model'
import { parseMatchers } from '@promlet/promql/syntax'
import { ApiError } from './answer.ts'

/** What Go's time package can hold in a 64-bit count of nanoseconds, and so what Prometheus takes for the ends of time. */
export const TIME_MIN: Millis = -9_223_372_036_854
export const TIME_MAX: Millis = 9_223_372_036_854

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

/** Seconds since the epoch with a fraction, or RFC 3339; undefined when the text is neither. */
export function parseTime(text: string): Millis | undefined {
  if (text !== '' && /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) {
    const at = Math.round(Number(text) * 1000)
    return Number.isSafeInteger(at) ? at : undefined
  }
  // The ends of Go's time, as Grafana and Prometheus's own page send them.
  if (text === '-292273086-05-16T16:47:06Z') return TIME_MIN
  if (text === '292277025-08-18T07:12:54.999999999Z') return TIME_MAX
  if (!RFC3339.test(text)) return undefined
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}

/** Seconds with a fraction, or a Prometheus duration; undefined when the text is neither. */
export function parseSpan(text: string): DurationMs | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Math.round(Number(text) * 1000)
  try {
    return parseDuration(text)
  } catch {
    return undefined
  }
}

/** A time that has to be there. @throws ApiError `bad_data` naming the parameter. */
export function requireTime(params: URLSearchParams, name: string): Millis {
  const text = params.get(name) ?? ''
  const at = parseTime(text)
  if (at === undefined) throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid timestamp`)
  return at
}

/** A time that may be missing. @throws ApiError `bad_data` naming the parameter. */
export function optionalTime(params: URLSearchParams, name: string, fallback: Millis): Millis {
  const text = params.get(name) ?? ''
  if (text === '') return fallback
  const at = parseTime(text)
  if (at === undefined) {
    throw invalid(name, `Invalid time value for '${name}': cannot parse ${JSON.stringify(text)} to a valid timestamp`)
  }
  return at
}

/** A length of time that has to be there. @throws ApiError `bad_data` naming the parameter. */
export function requireSpan(params: URLSearchParams, name: string): DurationMs {
  const text = params.get(name) ?? ''
  const span = parseSpan(text)
  if (span === undefined) throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid duration`)
  return span
}

/** A length of time above zero that may be missing. @throws ApiError `bad_data` naming the parameter. */
export function optionalSpan(params: URLSearchParams, name: string): DurationMs | undefined {
  return params.has(name) && params.get(name) !== '' ? requireSpan(params, name) : undefined
}

/** `limit`: 0 or absent is no limit. @throws ApiError `bad_data`. */
export function readLimit(params: URLSearchParams): number {
  const text = params.get('limit') ?? ''
  if (text === '') return 0
  if (!/^\d+$/.test(text)) throw invalid('limit', `limit must be a non-negative integer, got ${JSON.stringify(text)}`)
  return Number(text)
}

/** Every `match[]` as a list of matchers. @throws ApiError `bad_data` for one that is no selector or selects everything. */
export function readMatcherSets(params: URLSearchParams, name = 'match[]'): readonly (readonly Matcher[])[] {
  return params.getAll(name).map((text) => {
    const matchers = readSelector(text, name)
    if (matchers.every((matcher) => matcher.matchesEmpty)) throw invalid(name, `${name} must contain at least one non-empty matcher`)
    return matchers
  })
}

/** One selector as matchers. @throws ApiError `bad_data`. */
export function readSelector(text: string, name: string): readonly Matcher[] {
  try {
    return parseMatchers(text)
  } catch (error) {
    throw invalid(name, error instanceof Error ? error.message : String(error), { cause: error })
  }
}

export function invalid(name: string, reason: string, options?: ErrorOptions): ApiError {
  return new ApiError('bad_data', `invalid parameter ${JSON.stringify(name)}: ${reason}`, options)
}
