import { formOf } from '@promlet/http'
import { type Metadata, matchesAll } from '@promlet/model'
import type { FamilyMetadata, Scraper } from '@promlet/scraper'
import type { Store } from '@promlet/tsdb'
import { ApiError, type Handler } from './answer.ts'
import { parseWhole, readSelector } from './params.ts'

/** `/api/v1/targets/metadata`. The limit stops before a target, not inside one, as it does in Prometheus. */
export function targetMetadataHandler(scraper: Scraper): Handler {
  return (request) => {
    const params = formOf(request)
    const limit = readCount(params, 'limit')
    const selector = params.get('match_target') ?? ''
    const matchers = selector === '' ? [] : readSelector(selector, 'match_target')
    const metric = params.get('metric') ?? ''
    const found: object[] = []
    for (const { labels, families } of scraper.metadata()) {
      if (limit >= 0 && found.length >= limit) break
      if (!matchesAll(matchers, labels)) continue
      for (const family of families) {
        if (metric === '' || family.metric === metric) found.push(familyJson(labels, family, metric === ''))
      }
    }
    return { data: JSON.stringify(found) }
  }
}

function familyJson(target: object, { metric, type, help, unit }: FamilyMetadata, withName: boolean) {
  return { target, ...(withName ? { metric } : {}), type, help, unit }
}

export interface MetadataParts {
  readonly scraper?: Scraper
  readonly store?: Store
}

/** `/api/v1/metadata`: of the targets scraped here, or where none are, of what was written to the store. */
export function metadataHandler(parts: MetadataParts): Handler {
  return (request) => {
    const params = formOf(request)
    const limit = readCount(params, 'limit')
    const perMetricMax = readCount(params, 'limit_per_metric')
    const metric = params.get('metric') ?? ''
    const byMetric = new Map<string, Set<string>>()
    for (const [name, { type, help, unit }] of knownMetadata(parts, metric)) {
      const known = byMetric.get(name) ?? new Set<string>()
      const json = JSON.stringify({ type, help, unit })
      if (perMetricMax <= 0 || known.size < perMetricMax) known.add(json)
      byMetric.set(name, known)
    }
    const names = [...byMetric.keys()].sort().slice(0, limit < 0 ? undefined : limit)
    const members = names.map((name) => `${JSON.stringify(name)}:[${[...(byMetric.get(name) ?? [])].join(',')}]`)
    return { data: `{${members.join(',')}}` }
  }
}

function* knownMetadata({ scraper, store }: MetadataParts, metric: string): Iterable<readonly [string, Metadata]> {
  // What the scraper of this process finds, it writes to the store as well.
  if (scraper === undefined) yield* store?.metadata(metric === '' ? {} : { metric }) ?? []
  for (const { families } of scraper?.metadata() ?? []) {
    for (const family of families) if (metric === '' || family.metric === metric) yield [family.metric, family]
  }
}

/** Below zero: no limit. */
function readCount(params: URLSearchParams, name: string): number {
  const text = params.get(name) ?? ''
  if (text === '') return -1
  const count = parseWhole(text)
  if (count === undefined) throw new ApiError('bad_data', `${name} must be a number`)
  return count
}
