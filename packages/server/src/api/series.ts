import { formOf } from '@promlet/http'
import { isValidName, quote } from '@promlet/model'
import { ApiError, clientSignal, type Handler, type Result } from './answer.ts'
import type { Found, Look } from './lookups.ts'
import { unescapeName } from './name-escaping.ts'
import { optionalTime, readLimit, readMatcherSets, TIME_MAX, TIME_MIN } from './params.ts'

/** `/api/v1/series` */
export function seriesHandler(look: Look): Handler {
  return async (request, reply) => {
    const params = formOf(request)
    if (!params.has('match[]')) throw new ApiError('bad_data', 'no match[] parameter provided')
    return result(await look({ kind: 'series', ...readLookup(params) }, clientSignal(reply)))
  }
}

/** `/api/v1/labels` */
export function labelNamesHandler(look: Look): Handler {
  return async (request, reply) => result(await look({ kind: 'label-names', ...readLookup(formOf(request)) }, clientSignal(reply)))
}

/** `/api/v1/label/<name>/values`; the name may be escaped. */
export function labelValuesHandler(look: Look): Handler {
  return async (request, reply) => {
    const name = unescapeName((request.params as { name: string }).name)
    if (!isValidName(name)) throw new ApiError('bad_data', `invalid label name: ${quote(name)}`)
    return result(await look({ kind: 'label-values', name, ...readLookup(formOf(request)) }, clientSignal(reply)))
  }
}

function readLookup(params: URLSearchParams) {
  const limit = readLimit(params)
  const range = { from: optionalTime(params, 'start', TIME_MIN), to: optionalTime(params, 'end', TIME_MAX) }
  return { limit, range, matcherSets: readMatcherSets(params) }
}

function result({ text, warnings }: Found): Result {
  return { data: text, warnings }
}
