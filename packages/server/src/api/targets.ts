import { hostname } from 'node:os'
import { formOf } from '@promlet/http'
import { formatDuration, type Metadata, matchesAll } from '@promlet/model'
import type { Notifier } from '@promlet/rule-engine'
import type { ActiveTarget, Scraper } from '@promlet/scraper'
import type { Store } from '@promlet/tsdb'
import { ApiError, type Handler } from './answer.ts'
import { readSelector } from './params.ts'
import { timeText } from './rules.ts'

/** `/api/v1/targets` */
export function targetsHandler(scraper: Scraper): Handler {
  return (request) => {
    const params = formOf(request)
    const state = params.get('state')?.toLowerCase() ?? ''
    const pool = params.get('scrapePool') ?? ''
    const inPool = (scrapePool: string) => pool === '' || scrapePool === pool
    const { active, dropped, droppedCounts } = scraper.targets()
    const wantsActive = state === '' || state === 'any' || state === 'active'
    const wantsDropped = state === '' || state === 'any' || state === 'dropped'
    const data = {
      activeTargets: wantsActive ? active.filter(({ scrapePool }) => inPool(scrapePool)).map(targetJson) : [],
      droppedTargets: wantsDropped
        ? dropped
            .filter(({ scrapePool }) => inPool(scrapePool))
            .map(({ discoveredLabels, scrapePool }) => ({ discoveredLabels, scrapePool }))
        : [],
      droppedTargetCounts: wantsDropped ? Object.fromEntries(droppedCounts) : null,
    }
    return { data: JSON.stringify(data) }
  }
}

/** `/api/v1/scrape_pools` */
export function scrapePoolsHandler(scraper: Scraper): Handler {
  return () => ({ data: JSON.stringify({ scrapePools: [...scraper.scrapePools()].sort() }) })
}

/** `/api/v1/targets/metadata` */
export function targetMetadataHandler(scraper: Scraper): Handler {
  return (request) => {
    const params = formOf(request)
    const limit = readMetadataLimit(params, 'limit')
    const selector = params.get('match_target') ?? ''
    const matchers = selector === '' ? [] : readSelector(selector, 'match_target')
    const metric = params.get('metric') ?? ''
    const found = scraper.metadata().flatMap(({ labels, families }) => {
      if (!matchesAll(matchers, labels)) return []
      const asked = families.filter((family) => metric === '' || family.metric === metric)
      return asked.map(({ metric: name, type, help, unit }) => ({
        target: labels,
        ...(metric === '' ? { metric: name } : {}),
        type,
        help,
        unit,
      }))
    })
    return { data: JSON.stringify(limit < 0 ? found : found.slice(0, limit)) }
  }
}

/** `/api/v1/metadata`: of the targets scraped here, and of what was written to the store. */
export function metadataHandler({ scraper, store }: { readonly scraper?: Scraper; readonly store?: Store }): Handler {
  return (request) => {
    const params = formOf(request)
    const limit = readMetadataLimit(params, 'limit')
    const perMetric = readMetadataLimit(params, 'limit_per_metric')
    const metric = params.get('metric') ?? ''
    const byMetric = new Map<string, Map<string, Metadata>>()
    for (const [name, metadata] of knownMetadata(scraper, store, metric)) {
      const known = byMetric.get(name) ?? new Map<string, Metadata>()
      if (perMetric <= 0 || known.size < perMetric) known.set(JSON.stringify(metadata), metadata)
      byMetric.set(name, known)
    }
    const names = [...byMetric].slice(0, limit < 0 ? undefined : limit)
    return { data: JSON.stringify(Object.fromEntries(names.map(([name, known]) => [name, [...known.values()]]))) }
  }
}

function* knownMetadata(scraper: Scraper | undefined, store: Store | undefined, metric: string): Iterable<[string, Metadata]> {
  for (const { metric: name, type, help, unit } of scraper?.metadata().flatMap(({ families }) => families) ?? []) {
    if (metric === '' || name === metric) yield [name, { type, help, unit }]
  }
  // What the scraper of this process wrote is in the store as well; only what came by remote write is new here.
  if (scraper === undefined && store !== undefined) yield* store.metadata(metric === '' ? {} : { metric })
}

/** `/api/v1/alertmanagers` */
export function alertmanagersHandler(notifier: Notifier): Handler {
  return () => {
    const { active, dropped } = notifier.alertmanagers()
    return { data: JSON.stringify({ activeAlertmanagers: active, droppedAlertmanagers: dropped }) }
  }
}

/** Below zero: no limit. */
function readMetadataLimit(params: URLSearchParams, name: string): number {
  const text = params.get(name) ?? ''
  if (text === '') return -1
  if (!/^-?\d+$/.test(text)) throw new ApiError('bad_data', `${name} must be a number`)
  return Number(text)
}

function targetJson(target: ActiveTarget) {
  return {
    discoveredLabels: target.discoveredLabels,
    labels: target.labels,
    scrapePool: target.scrapePool,
    scrapeUrl: target.scrapeUrl,
    globalUrl: globalUrl(target.scrapeUrl),
    lastError: target.lastError,
    lastScrape: timeText(target.lastScrape),
    lastScrapeDuration: target.lastScrapeDurationMs / 1000,
    health: target.health,
    scrapeInterval: formatDuration(target.scrapeIntervalMs),
    scrapeTimeout: formatDuration(target.scrapeTimeoutMs),
  }
}

/** A loopback target is reached from elsewhere by this machine's name. */
function globalUrl(url: string): string {
  const parsed = new URL(url)
  if (!['localhost', '127.0.0.1', '[::1]'].includes(parsed.hostname)) return url
  parsed.hostname = hostname()
  return parsed.toString()
}
