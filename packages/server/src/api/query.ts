import { type FastifyReply, formOf } from '@promlet/http'
import { type Clock, type DurationMs, type Millis, type QueryEngine, QueryError, quote } from '@promlet/model'
import { type EngineQueryOptions, type PromqlEngine, type WrittenAnswer, type WrittenQuery, writeAnswer } from '@promlet/promql'
import { exprToJson, type Features, parseExpr, prettyPrint } from '@promlet/promql/syntax'
import { ApiError, clientSignal, type Handler, type Result } from './answer.ts'
import { invalid, messageOf, optionalSpan, optionalTime, parseSpan, readLimit, requireSpan, requireTime } from './params.ts'
import { statsJson } from './query-stats.ts'

/** Prometheus: web/api/v1 queryRange. */
const STEPS_MAX = 11_000

export interface QueryParts {
  readonly engine: QueryEngine
  readonly clock: Clock
  /** The longest time that a request may ask for (`--query.timeout`). */
  readonly timeoutMs: DurationMs
  /** `stats=all` counts samples at each step too (`--enable-feature=promql-per-step-stats`). */
  readonly perStepStats: boolean
}

/** `/api/v1/query`. Parameters are read in Prometheus's order, so that of two that are wrong the same one is named. */
export function queryHandler(parts: QueryParts): Handler {
  const { engine, clock } = parts
  return async (request, reply) => {
    const params = formOf(request)
    const limit = readLimit(params)
    const at = optionalTime(params, 'time', clock.now())
    const options = readOptions(params, reply, parts)
    const query = { query: params.get('query') ?? '', start: at, end: at, step: 0 }
    return toResult(await asked(query.query, () => write(engine, query, limit, options)), params)
  }
}

/** `/api/v1/query_range` */
export function queryRangeHandler(parts: QueryParts): Handler {
  const { engine } = parts
  return async (request, reply) => {
    const params = formOf(request)
    const limit = readLimit(params)
    const { start, end, step } = readRange(params)
    const options = readOptions(params, reply, parts)
    const query = { query: params.get('query') ?? '', start, end, step }
    return toResult(await asked(query.query, () => write(engine, query, limit, options)), params)
  }
}

/** `start`, `end` and `step`, read in this order. @throws ApiError `bad_data`. */
export function readRange(params: URLSearchParams): { readonly start: Millis; readonly end: Millis; readonly step: DurationMs } {
  const start = requireTime(params, 'start')
  const end = requireTime(params, 'end')
  if (end < start) throw invalid('end', 'end timestamp must not be before start time')
  const step = requireSpan(params, 'step')
  if (step <= 0) throw invalid('step', 'zero or negative query resolution step widths are not accepted. Try a positive integer')
  if (Math.floor((end - start) / step) > STEPS_MAX) {
    const reason = 'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)'
    throw new ApiError('bad_data', reason)
  }
  return { start, end, step }
}

/** `/api/v1/format_query` */
export function formatQueryHandler(features: Features): Handler {
  return async (request) => {
    const query = formOf(request).get('query') ?? ''
    return { data: JSON.stringify(prettyPrint(await asked(query, async () => parseExpr(query, { features })))) }
  }
}

/** `/api/v1/parse_query` */
export function parseQueryHandler(features: Features): Handler {
  return async (request) => {
    const query = formOf(request).get('query') ?? ''
    return { data: JSON.stringify(exprToJson(await asked(query, async () => parseExpr(query, { features })))) }
  }
}

/** `timeout`, `lookback_delta` and `stats`, and the client's going away. */
export function readOptions(params: URLSearchParams, reply: FastifyReply, parts: QueryParts): EngineQueryOptions {
  const timeoutMs = optionalSpan(params, 'timeout')
  const lookbackMs = readLookback(params)
  return {
    signal: clientSignal(reply),
    ...(timeoutMs === undefined ? {} : { timeoutMs: Math.min(Math.max(timeoutMs, 0), parts.timeoutMs) }),
    ...(lookbackMs > 0 ? { lookbackMs } : {}),
    ...(parts.perStepStats && params.get('stats') === 'all' ? { perStepStats: true } : {}),
  }
}

/** 0 where the engine's own holds. */
function readLookback(params: URLSearchParams): DurationMs {
  const text = params.get('lookback_delta') ?? ''
  if (text === '') return 0
  try {
    return parseSpan(text)
  } catch (error) {
    throw new ApiError('bad_data', `error parsing lookback delta duration: ${messageOf(error)}`, { cause: error })
  }
}

/** A query that does not parse is the fault of the parameter that holds it. */
export async function asked<T>(query: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof QueryError && error.code === 'bad_data') throw invalid('query', error.message, { cause: error, query })
    throw error
  }
}

/** Has the engine write its answer where it computes it, when it can. */
async function write(engine: QueryEngine, asked: WrittenQuery, limit: number, options: EngineQueryOptions): Promise<WrittenAnswer> {
  if (isPromqlEngine(engine)) return engine.write(asked, limit, options)
  const { query, start, end, step } = asked
  return writeAnswer(await (step === 0 ? engine.instant(query, start, options) : engine.range(query, start, end, step, options)), limit)
}

function isPromqlEngine(engine: QueryEngine): engine is PromqlEngine {
  return 'write' in engine
}

function toResult({ json, isCut, warnings, infos, stats }: WrittenAnswer, params: URLSearchParams): Result {
  const asked = params.get('stats') ?? ''
  const isMeasured = stats !== undefined && asked !== ''
  const more = isMeasured ? `,"stats":${statsJson(stats)}` : ''
  return {
    data: typeof json === 'string' ? `{${json}${more}}` : object(json, more),
    warnings: [...warnings, ...(isCut ? ['results truncated due to limit'] : []), ...deprecated(asked)],
    infos,
  }
}

/** Any text asks for statistics; since 3.14 Prometheus means to refuse others than these. */
function deprecated(stats: string): readonly string[] {
  if (stats === '' || stats === 'true' || stats === 'all') return []
  const use = 'is deprecated and will be rejected in the next major release, use "true" or "all"'
  return [`value ${quote(stats)} for parameter "stats" ${use}`]
}

/** `more` is a further member behind the others, or empty. */
function* object(members: Iterable<Uint8Array>, more: string): Generator<Uint8Array, void> {
  yield Buffer.from('{')
  yield* members
  yield Buffer.from(`${more}}`)
}
