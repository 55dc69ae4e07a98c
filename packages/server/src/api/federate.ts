import { type Family, type Metric, negotiate, writeFamilies } from '@promlet/exposition'
import { type FastifyReply, type FastifyRequest, formOf, sendText } from '@promlet/http'
import {
  type Clock,
  type DurationMs,
  isStaleAt,
  type Labels,
  type MatcherSets,
  METRIC_NAME,
  type Queryable,
  type SelectOptions,
  type SeriesColumns,
  type TimeRange,
} from '@promlet/model'
import { parseMatchers } from '@promlet/promql/syntax'
import { clientSignal } from './answer.ts'
import type { Look } from './lookups.ts'
import { escapeName, type NameEscaping } from './name-escaping.ts'
import { messageOf } from './params.ts'

/** What is asked for: the latest samples of a time, under names that are escaped as the client wants them. */
export interface Federation {
  readonly kind: 'federate'
  readonly range: TimeRange
  readonly matcherSets: MatcherSets
  readonly externalLabels: readonly (readonly [name: string, value: string])[]
  readonly escaping: NameEscaping
}

export interface FederateParts {
  readonly clock: Clock
  readonly lookbackMs: DurationMs
  readonly externalLabels: Labels
  readonly look: Look
}

/**
 * `/federate`: the latest sample of every series that any `match[]` selects, as text with timestamps. Prometheus:
 * web/federate.go.
 */
export function federateHandler(parts: FederateParts): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    let matcherSets: MatcherSets
    try {
      matcherSets = formOf(request).getAll('match[]').map(parseMatchers)
    } catch (error) {
      return sendText(reply, 400, `${messageOf(error)}\n`)
    }
    const to = parts.clock.now()
    // Who names no escaping is taken for one that knows none, as in Prometheus.
    const type = negotiate(request.headers.accept, { defaultEscaping: 'underscores' })
    const escaping = type.slice(type.lastIndexOf('=') + 1) as NameEscaping
    const range = { from: to - parts.lookbackMs, to }
    const externalLabels = externalPairs(parts.externalLabels)
    const { text } = await parts.look({ kind: 'federate', range, matcherSets, externalLabels, escaping }, clientSignal(reply))
    return reply.type(type).send(text)
  }
}

/** The text of the answer. */
export async function federate(federation: Federation, queryable: Queryable, options: SelectOptions): Promise<string> {
  const { matcherSets, range, externalLabels, escaping } = federation
  const selections = matcherSets.map((matchers) => ({ matchers, ...range }))
  const found = await queryable.select(selections, options)
  const bySeries = new Map(found.flat().map((series) => [series.labels.key, series]))
  return writeFamilies(toFamilies([...bySeries.values()], externalLabels, escaping))
}

function toFamilies(series: readonly SeriesColumns[], missing: Federation['externalLabels'], escaping: NameEscaping): readonly Family[] {
  const families = new Map<string, Metric[]>()
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
