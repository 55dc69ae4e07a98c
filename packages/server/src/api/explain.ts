// Promlet's own: Prometheus has no such path. The answer says so in `extension`.

import { formOf } from '@promlet/http'
import type { QueryEngine } from '@promlet/model'
import type { PromqlEngine } from '@promlet/promql'
import { ApiError, type Handler } from './answer.ts'
import { optionalTime } from './params.ts'
import { asked, type QueryParts, readOptions, readRange } from './query.ts'

/**
 * `/api/v1/explain`: a query with `time` as `/api/v1/query` takes it, or with `start`, `end` and `step` as
 * `/api/v1/query_range` does. The answer is an `Explanation` of the engine.
 */
export function explainHandler(parts: QueryParts): Handler {
  const { engine, clock } = parts
  return async (request, reply) => {
    if (!canExplain(engine)) throw new ApiError('unavailable', 'queries are answered elsewhere, and cannot be explained here')
    const params = formOf(request)
    const when = params.has('start') || params.has('end') ? readRange(params) : { at: optionalTime(params, 'time', clock.now()) }
    const options = readOptions(params, reply, parts)
    const query = params.get('query') ?? ''
    const explanation = await asked(query, () => engine.explain(query, when, options))
    return { data: JSON.stringify({ extension: 'promlet', ...explanation }) }
  }
}

/** Only an engine in this process can. */
function canExplain(engine: QueryEngine): engine is PromqlEngine {
  return 'explain' in engine
}
