import { formOf } from '@promlet/http'
import { formatDuration } from '@promlet/model'
import type { Notifier } from '@promlet/rule-engine'
import type { ActiveTarget, DroppedTarget, Scraper } from '@promlet/scraper'
import type { Handler } from './answer.ts'
import { type OwnAddress, toGlobalUrl } from './global-url.ts'
import { timeText } from './rule-json.ts'

/** `/api/v1/targets` */
export function targetsHandler(scraper: Scraper, own: OwnAddress): Handler {
  return (request) => {
    const params = formOf(request)
    const state = params.get('state')?.toLowerCase() ?? ''
    const pool = params.get('scrapePool') ?? ''
    const wants = (kind: string) => state === '' || state === 'any' || state === kind
    const inPool = ({ scrapePool }: { readonly scrapePool: string }) => pool === '' || scrapePool === pool
    const { active, dropped, droppedCounts } = scraper.targets()
    const data = {
      activeTargets: wants('active') ? active.filter(inPool).map((target) => targetJson(target, own)) : [],
      droppedTargets: wants('dropped') ? dropped.filter(inPool).map(droppedJson) : [],
      droppedTargetCounts: wants('dropped') ? Object.fromEntries(droppedCounts) : null,
    }
    return { data: JSON.stringify(data) }
  }
}

/** `/api/v1/scrape_pools` */
export function scrapePoolsHandler(scraper: Scraper): Handler {
  return () => ({ data: JSON.stringify({ scrapePools: scraper.scrapePools() }) })
}

/** `/api/v1/alertmanagers` */
export function alertmanagersHandler(notifier: Notifier): Handler {
  return () => {
    const { active, dropped } = notifier.alertmanagers()
    return { data: JSON.stringify({ activeAlertmanagers: active, droppedAlertmanagers: dropped }) }
  }
}

function targetJson(target: ActiveTarget, own: OwnAddress) {
  return {
    discoveredLabels: target.discoveredLabels,
    labels: target.labels,
    scrapePool: target.scrapePool,
    scrapeUrl: target.scrapeUrl,
    globalUrl: toGlobalUrl(target.scrapeUrl, own),
    lastError: target.lastError,
    lastScrape: timeText(target.lastScrape),
    lastScrapeDuration: target.lastScrapeDurationMs / 1000,
    health: target.health,
    scrapeInterval: formatDuration(target.scrapeIntervalMs),
    scrapeTimeout: formatDuration(target.scrapeTimeoutMs),
  }
}

function droppedJson({ discoveredLabels, scrapePool }: DroppedTarget) {
  return { discoveredLabels, scrapePool }
}
