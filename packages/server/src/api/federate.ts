import { type Family, type Metric, negotiate, writeFamilies } from '@promlet/exposition'
import { type FastifyReply, type FastifyRequest, formOf, sendText } from '@promlet/http'
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
import { escapeName, type NameEscaping } from './name-escaping.ts'
import { messageOf } from './params.ts'

export interface FederateParts {
  readonly queryable: Queryable
  readonly clock: Clock
  readonly lookbackMs: DurationMs
  readonly externalLabels: Labels
}

/**
 * `/federate`: the latest sample of every series that any `match[]` selects, as text with timestamps. Prometheus:
 * web/federate.go.
 */
export function federateHandler(parts: FederateParts): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    let matcherSets: readonly (readonly Matcher[])[]
    try {
      matcherSets = formOf(request).getAll('match[]').map(parseMatchers)
    } catch (error) {
      return sendText(reply, 400, `${messageOf(error)}\n`)
    }
    const to = parts.clock.now()
    const from = to - parts.lookbackMs
    const found = await parts.queryable.select(matcherSets.map((matchers) => ({ matchers, from, to })))
    const bySeries = new Map(found.flat().map((series) => [series.labels.key, series]))
    // Who names no escaping is taken for one that knows none, as in Prometheus.
    const type = negotiate(request.headers.accept, { defaultEscaping: 'underscores' })
    const escaping = type.slice(type.lastIndexOf('=') + 1) as NameEscaping
    return reply.type(type).send(writeFamilies(toFamilies([...bySeries.values()], parts.externalLabels, escaping)))
  }
}

function toFamilies(series: readonly SeriesColumns[], externalLabels: Labels, escaping: NameEscaping): readonly Family[] {
  const families = new Map<string, Metric[]>()
  const missing = externalPairs(externalLabels)
  for (const columns of series) {
    const name = columns.labels.metricName
    if (name === '') continue
    const metric = latest(columns, missing, escaping)
    if (metric === undefined) continue
    const metrics = families.get(name) ?? []
    metrics.push(metric)
    families.set(name, metrics)
  }
  const names = [...families.keys()].sort()
  return names.map((name) => ({ name: escapeName(name, escaping), help: undefined, type: 'untyped', metrics: families.get(name) ?? [] }))
}

/** An empty instance keeps the scraping side from putting its own there. */
function externalPairs(labels: Labels): readonly (readonly [string, string])[] {
  const pairs = labels.has('instance') ? [...labels] : [...labels, ['instance', ''] as const]
  return pairs.sort(([left], [right]) => (left < right ? -1 : 1))
}

/** The last sample of a series; nothing when the series has ended or it is a native histogram, which text cannot hold. */
function latest(
  { labels, times, values, histograms }: SeriesColumns,
  externalLabels: readonly (readonly [string, string])[],
  escaping: NameEscaping,
): Metric | undefined {
  const last = times.length - 1
  if (isStaleAt(values, last) || histograms?.[last] !== undefined) return undefined
  const missing = externalLabels.filter(([name]) => !labels.has(name))
  const pairs = [...labels.without(METRIC_NAME), ...missing].map(([name, value]) => ({ name: escapeName(name, escaping), value }))
  return { labels: pairs, timestampMs: times[last] as number, sample: { kind: 'value', value: values[last] as number } }
}
