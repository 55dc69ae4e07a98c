import { formOf } from '@promlet/http'
import { isValidName, type Queryable, quote } from '@promlet/model'
import { LabelsJson } from '@promlet/promql'
import { ApiError, clientSignal, type Handler, type Result } from './answer.ts'
import { unescapeName } from './name-escaping.ts'
import { optionalTime, readLimit, readMatcherSets, TIME_MAX, TIME_MIN } from './params.ts'

/** `/api/v1/series` */
export function seriesHandler(queryable: Queryable): Handler {
  return async (request, reply) => {
    const params = formOf(request)
    if (!params.has('match[]')) throw new ApiError('bad_data', 'no match[] parameter provided')
    const limit = readLimit(params)
    const range = readRange(params)
    const missing: string[] = []
    const options = { signal: clientSignal(reply), warn: (text: string) => missing.push(text) }
    const found = await queryable.series(range, readMatcherSets(params), options)
    const json = new LabelsJson()
    return limited(found, limit, (series) => `[${series.map((one) => json.of(one)).join(',')}]`, missing)
  }
}

/** `/api/v1/labels` */
export function labelNamesHandler(queryable: Queryable): Handler {
  return async (request, reply) => {
    const params = formOf(request)
    const limit = readLimit(params)
    const range = readRange(params)
    const found = await queryable.labelNames(range, readMatcherSets(params), { signal: clientSignal(reply) })
    return limited(found, limit, JSON.stringify)
  }
}

/** `/api/v1/label/<name>/values`; the name may be escaped. */
export function labelValuesHandler(queryable: Queryable): Handler {
  return async (request, reply) => {
    const name = unescapeName((request.params as { name: string }).name)
    if (!isValidName(name)) throw new ApiError('bad_data', `invalid label name: ${quote(name)}`)
    const params = formOf(request)
    const limit = readLimit(params)
    const range = readRange(params)
    const found = await queryable.labelValues(name, range, readMatcherSets(params), { signal: clientSignal(reply) })
    return limited(found, limit, JSON.stringify)
  }
}

function readRange(params: URLSearchParams) {
  return { from: optionalTime(params, 'start', TIME_MIN), to: optionalTime(params, 'end', TIME_MAX) }
}

function limited<T>(found: readonly T[], limit: number, write: (items: readonly T[]) => string, warnings: readonly string[] = []): Result {
  if (limit === 0 || found.length <= limit) return { data: write(found), warnings }
  return { data: write(found.slice(0, limit)), warnings: [...warnings, 'results truncated due to limit'] }
}
