import type { FastifyReply } from '@promlet/http'
import { formOf } from '@promlet/http'
import type { Answer, Clock, QueryEngine, QueryOptions } from '@promlet/model'
import { QueryError } from '@promlet/model'
import { writeAnswerJson } from '@promlet/promql'
import { exprToJson, parseExpr, prettyPrint } from '@promlet/promql/syntax'
import { ApiError, clientSignal, type Handler, type Result } from './answer.ts'
import { invalid, optionalSpan, optionalTime, readLimit, requireSpan, requireTime } from './params.ts'

/** Prometheus: web/api/v1 queryRange. */
const STEPS_MAX = 11_000

export interface QueryParts {
  readonly engine: QueryEngine
  readonly clock: Clock
}

/** `/api/v1/query` */
export function queryHandler({ engine, clock }: QueryParts): Handler {
  return async (request, reply) => {
    const params = formOf(request)
    const at = optionalTime(params, 'time', clock.now())
    const options = readOptions(params, reply)
    const limit = readLimit(params)
    return toResult(await asked(() => engine.instant(params.get('query') ?? '', at, options)), limit)
  }
}

/** `/api/v1/query_range` */
export function queryRangeHandler({ engine }: QueryParts): Handler {
  return async (request, reply) => {
    const params = formOf(request)
    const start = requireTime(params, 'start')
    const end = requireTime(params, 'end')
    if (end < start) throw invalid('end', 'end timestamp must not be before start time')
    const step = requireSpan(params, 'step')
    if (step <= 0) throw invalid('step', 'zero or negative query resolution step widths are not accepted. Try a positive integer')
    if ((end - start) / step > STEPS_MAX) {
      const reason = 'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)'
      throw new ApiError('bad_data', reason)
    }
    const options = readOptions(params, reply)
    const limit = readLimit(params)
    return toResult(await asked(() => engine.range(params.get('query') ?? '', start, end, step, options)), limit)
  }
}

/** `/api/v1/format_query` */
export const formatQueryHandler: Handler = async (request) => {
  const query = formOf(request).get('query') ?? ''
  return { data: JSON.stringify(prettyPrint(await asked(async () => parseExpr(query)))) }
}

/** `/api/v1/parse_query` */
export const parseQueryHandler: Handler = async (request) => {
  const query = formOf(request).get('query') ?? ''
  return { data: JSON.stringify(exprToJson(await asked(async () => parseExpr(query)))) }
}

function readOptions(params: URLSearchParams, reply: FastifyReply): QueryOptions {
  const timeoutMs = optionalSpan(params, 'timeout')
  const lookbackMs = optionalSpan(params, 'lookback_delta')
  return {
    signal: clientSignal(reply),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(lookbackMs === undefined ? {} : { lookbackMs }),
  }
}

/** A query that does not parse is the fault of the parameter that holds it. */
async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof QueryError && error.code === 'bad_data') throw invalid('query', error.message, { cause: error })
    throw error
  }
}

function toResult(answer: Answer, limit: number): Result {
  const { value, warnings, infos } = answer
  const count = value.kind === 'matrix' ? value.series.length : value.kind === 'vector' ? value.samples.length : 0
  if (limit === 0 || count <= limit) return { data: writeAnswerJson(answer), warnings, infos }
  return {
    data: writeAnswerJson({ ...answer, value: firstOf(value, limit) }),
    warnings: [...warnings, 'results truncated due to limit'],
    infos,
  }
}

function firstOf(value: Answer['value'], limit: number): Answer['value'] {
  if (value.kind === 'matrix') return { ...value, series: value.series.slice(0, limit) }
  return value.kind === 'vector' ? { ...value, samples: value.samples.slice(0, limit) } : value
}
