import { formOf } from '@promlet/http'
import { formatValue } from '@promlet/model'
import { formatTime, labelsJson } from '@promlet/promql'
import { parseExpr, selectorsOf } from '@promlet/promql/syntax'
import type { SeriesExemplars, Store } from '@promlet/tsdb'
import { ApiError, type Handler } from './answer.ts'
import { optionalTime, TIME_MAX, TIME_MIN } from './params.ts'

/** `/api/v1/query_exemplars`: of the series that any selector of the query selects; ranges and offsets do not count. */
export function exemplarsHandler(store: Pick<Store, 'exemplars'>): Handler {
  return async (request) => {
    const params = formOf(request)
    const from = optionalTime(params, 'start', TIME_MIN)
    const to = optionalTime(params, 'end', TIME_MAX)
    if (to < from) throw new ApiError('bad_data', 'end timestamp must not be before start timestamp')
    const selection = selectorsOf(parseExpr(params.get('query') ?? ''))
    if (selection.length === 0) return {}
    const found = await store.exemplars({ from, to }, selection)
    return { data: `[${found.map(seriesJson).join(',')}]` }
  }
}

function seriesJson({ labels, exemplars }: SeriesExemplars): string {
  const parts = exemplars.map(
    (exemplar) =>
      `{"labels":${labelsJson(exemplar.labels)},"value":"${formatValue(exemplar.value)}","timestamp":${formatTime(exemplar.at)}}`,
  )
  return `{"seriesLabels":${labelsJson(labels)},"exemplars":[${parts.join(',')}]}`
}
