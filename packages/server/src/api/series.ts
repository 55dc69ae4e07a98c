import { formOf } from '@promlet/http'
import { isValidName, type Queryable } from '@promlet/model'
import { ApiError, clientSignal, type Handler, type Result } from './answer.ts'
import { optionalTime, readLimit, readMatcherSets, TIME_MAX, TIME_MIN } from './params.ts'

/** `/api/v1/series` */
export function seriesHandler(queryable: Queryable): Handler {
  return async (request, reply) => {
    const params = formOf(request)
    const limit = readLimit(params)
    const matcherSets = readMatcherSets(params)
    if (matcherSets.length === 0) throw new ApiError('bad_data', 'no match[] parameter provided')
    return limited(await queryable.series(readRange(params), matcherSets, { signal: clientSignal(reply) }), limit)
  }
}

/** `/api/v1/labels` */
export function labelNamesHandler(queryable: Queryable): Handler {
  return async (request, reply) => {
    const params = formOf(request)
    const limit = readLimit(params)
    return limited(await queryable.labelNames(readRange(params), readMatcherSets(params), { signal: clientSignal(reply) }), limit)
  }
}

/** `/api/v1/label/<name>/values` */
export function labelValuesHandler(queryable: Queryable): Handler {
  return async (request, reply) => {
    const name = unescapeName((request.params as { name: string }).name)
    if (!isValidName(name)) throw new ApiError('bad_data', `invalid label name: ${JSON.stringify(name)}`)
    const params = formOf(request)
    const limit = readLimit(params)
    return limited(await queryable.labelValues(name, readRange(params), readMatcherSets(params), { signal: clientSignal(reply) }), limit)
  }
}

function readRange(params: URLSearchParams) {
  return { from: optionalTime(params, 'start', TIME_MIN), to: optionalTime(params, 'end', TIME_MAX) }
}

function limited(found: readonly unknown[], limit: number): Result {
  if (limit === 0 || found.length <= limit) return { data: JSON.stringify(found) }
  return { data: JSON.stringify(found.slice(0, limit)), warnings: ['results truncated due to limit'] }
}

/**
 * Names that are not plain stand in paths as `U__` with `_<hex>_` for each other character and `__` for `_`
 * (Prometheus: common/model metric.go, value encoding escaping).
 */
function unescapeName(name: string): string {
  if (!name.startsWith('U__')) return name
  const text = name
    .slice(3)
    .replace(/__|_([0-9a-fA-F]{1,6})_/g, (_, hex?: string) => (hex === undefined ? '_' : String.fromCodePoint(Number.parseInt(hex, 16))))
  return text
}
