import { type Family, type Metric, writeFamilies } from '@promlet/exposition'
import type { FastifyReply, FastifyRequest } from '@promlet/http'
import { formOf, sendText } from '@promlet/http'
import {
  type Clock,
  type DurationMs,
  isStaleAt,
  type Labels,
  type Matcher,
  METRIC_NAME,
  type Queryable,
  type SeriesColumns,
} from '@promlet/model'
import { parseMatchers } from '@promlet/promql/syntax'

export interface FederateParts {
  readonly queryable: Queryable
  readonly clock: Clock
  readonly lookbackMs: DurationMs
  readonly externalLabels: () => Labels
}

/** `/federate`: the latest sample of every series that any `match[]` selects, as an exposition with timestamps. */
export function federateHandler(parts: FederateParts): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    let matcherSets: readonly (readonly Matcher[])[]
    try {
      matcherSets = formOf(request).getAll('match[]').map(parseMatchers)
    } catch (error) {
      return sendText(reply, 400, `${error instanceof Error ? error.message : String(error)}\n`)
    }
    const to = parts.clock.now()
    const from = to - parts.lookbackMs + 1
    const found = await parts.queryable.select(matcherSets.map((matchers) => ({ matchers, from, to })))
    const bySeries = new Map(found.flat().map((series) => [series.labels.key, series]))
    return reply
      .type('text/plain; version=0.0.4; charset=utf-8')
      .send(writeFamilies(toFamilies([...bySeries.values()], parts.externalLabels())))
  }
}

function toFamilies(series: readonly SeriesColumns[], externalLabels: Labels): readonly Family[] {
  const families = new Map<string, Metric[]>()
  for (const columns of series) {
    const metric = latest(columns, externalLabels)
    if (metric === undefined) continue
    const name = columns.labels.get(METRIC_NAME)
    families.set(name, [...(families.get(name) ?? []), metric])
  }
  const names = [...families.keys()].sort()
  return names.map((name) => ({ name, help: undefined, type: 'untyped', metrics: families.get(name) ?? [] }))
}

/** The last sample of a series; nothing when the series has ended or it is a native histogram, which the text format cannot hold. */
function latest({ labels, times, values, histograms }: SeriesColumns, externalLabels: Labels): Metric | undefined {
  const last = times.length - 1
  if (isStaleAt(values, last) || histograms?.[last] !== undefined) return undefined
  const missing = [...externalLabels].filter(([name]) => !labels.has(name))
  const pairs = [...labels.without(METRIC_NAME).withAll(missing)].map(([name, value]) => ({ name, value }))
  // An empty instance keeps the scraping side from putting its own there.
  if (!labels.has('instance') && !externalLabels.has('instance')) pairs.push({ name: 'instance', value: '' })
  return { labels: pairs, timestampMs: times[last] as number, sample: { kind: 'value', value: values[last] as number } }
}
