import type { ScrapeConfig } from '@promlet/config'
import { type Discovery, startDiscovery, type TargetGroups } from '@promlet/discovery'
import type { HttpClientFactory } from '@promlet/http'
import type { Appendable, Clock, Component, DurationMs, Labels, Millis, SeriesRef } from '@promlet/model'
import { createFailureLog, type Logger, type Registry } from '@promlet/telemetry'
import type { FamilyMetadata, TargetMetadata } from './family-metadata.ts'
import { type ScrapeMetrics, scrapeMetrics } from './metrics.ts'
import { Pool, type PoolOptions, type PoolPlan, planPool } from './pool.ts'
import type { Target, TargetHealth } from './target.ts'

export interface ScraperOptions {
  readonly config: readonly ScrapeConfig[]
  /** Where samples go: one batch per scrape. */
  readonly appendable: Appendable
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly httpClient: HttpClientFactory
  /** Promlet's, for the User-Agent header. */
  readonly version: string
  /** Shifts the moments of all scrapes, so that scrapers with other labels do not scrape at the same moments. */
  readonly externalLabels?: Labels
}

/** Scrapes targets. `close` cuts running scrapes off and writes no stale markers. */
export interface Scraper extends Component<readonly ScrapeConfig[]> {
  /** In order of pool and URL. */
  targets(): ScrapeTargets
  /** The jobs, in order of name. */
  scrapePools(): readonly string[]
  /** What targets say of their metric families. */
  metadata(): readonly TargetFamilies[]
}

export interface ScrapeTargets {
  readonly active: readonly ActiveTarget[]
  /** As many per pool as `keep_dropped_targets` says. */
  readonly dropped: readonly DroppedTarget[]
  /** All dropped ones, per pool. */
  readonly droppedCounts: ReadonlyMap<string, number>
}

/** The fields of `/api/v1/targets`; `globalUrl` is `scrapeUrl` as others see it, which who answers has to know. */
export interface ActiveTarget {
  readonly discoveredLabels: Labels
  readonly labels: Labels
  readonly scrapePool: string
  readonly scrapeUrl: string
  /** Empty after a good scrape. */
  readonly lastError: string
  /** Undefined before the first scrape. */
  readonly lastScrape: Millis | undefined
  readonly lastScrapeDurationMs: DurationMs
  readonly health: TargetHealth
  readonly scrapeIntervalMs: DurationMs
  readonly scrapeTimeoutMs: DurationMs
}

export interface DroppedTarget {
  readonly discoveredLabels: Labels
  readonly scrapePool: string
}

/** The metric families of one target. */
export interface TargetFamilies {
  readonly labels: Labels
  readonly scrapePool: string
  readonly families: readonly FamilyMetadata[]
}

/** Starts discovery and the loops of what it finds. @throws when a job's settings cannot be used; then nothing runs. */
export async function startScraper(options: ScraperOptions): Promise<Scraper> {
  const scraper = new PoolScraper(options)
  await scraper.reload(options.config)
  return scraper
}

class PoolScraper implements Scraper {
  readonly #options: ScraperOptions
  readonly #metrics: ScrapeMetrics
  readonly #poolOptions: PoolOptions
  #pools: Map<string, Pool>
  /** Jobs that are gone, until their stale markers are written. */
  #ending: Pool[]
  #discovery: Discovery | undefined
  #closing: Promise<void> | undefined

  constructor(options: ScraperOptions) {
    const { registry, appendable, clock, logger, httpClient, version, externalLabels } = options
    this.#options = options
    this.#metrics = scrapeMetrics(registry, clock, () => this.#metadataByJob())
    this.#poolOptions = {
      appendable,
      clock,
      logger,
      metrics: this.#metrics,
      commits: createFailureLog({ logger, clock, failed: 'Scrape commit failed', worked: 'Scrapes are stored again' }),
      httpClient,
      version,
      seed: externalLabels?.key ?? '',
      isTaken: (ref) => this.#isTaken(ref),
    }
    this.#pools = new Map()
    this.#ending = []
    this.#discovery = undefined
    this.#closing = undefined
  }

  async reload(config: readonly ScrapeConfig[]): Promise<void> {
    const plans = await this.#plan(config)
    this.#ending = this.#ending.filter((pool) => !pool.isEnded)
    const before = this.#pools
    this.#pools = new Map()
    const work: Promise<void>[] = []
    for (const job of config) {
      const pool = before.get(job.jobName)
      const plan = plans.get(job.jobName)
      before.delete(job.jobName)
      if (pool === undefined) this.#pools.set(job.jobName, new Pool(plan as PoolPlan, this.#poolOptions))
      else {
        this.#pools.set(job.jobName, pool)
        if (plan !== undefined) work.push(pool.reload(plan))
      }
    }
    for (const pool of before.values()) {
      this.#ending.push(pool)
      work.push(pool.remove())
    }
    await Promise.all(work)
    await this.#discover(config)
  }

  /** Makes what new and changed jobs need, before anything is changed. */
  async #plan(config: readonly ScrapeConfig[]): Promise<ReadonlyMap<string, PoolPlan>> {
    const plans = new Map<string, PoolPlan>()
    try {
      for (const job of config) {
        const pool = this.#pools.get(job.jobName)
        if (pool !== undefined && scrapeKey(pool.config) === scrapeKey(job)) continue
        if (pool === undefined) this.#metrics.pools.inc()
        plans.set(job.jobName, planPool(job, this.#options.httpClient))
      }
    } catch (error) {
      this.#metrics.poolsFailed.inc()
      await Promise.all([...plans.values()].map(({ client }) => client.close()))
      throw error
    }
    return plans
  }

  async #discover(config: readonly ScrapeConfig[]): Promise<void> {
    const discoveries = new Map(config.map((job) => [job.jobName, job.discovery]))
    if (this.#discovery !== undefined) return this.#discovery.reload(discoveries)
    const { clock, logger, registry } = this.#options
    const onUpdate = (groups: TargetGroups) => this.#sync(groups)
    this.#discovery = await startDiscovery({ name: 'scrape', config: discoveries, onUpdate, clock, logger, registry })
  }

  #sync(groups: TargetGroups): void {
    for (const [job, pool] of this.#pools) pool.sync(groups.get(job) ?? [])
  }

  #isTaken(ref: SeriesRef): boolean {
    for (const pool of this.#pools.values()) if (pool.has(ref)) return true
    return false
  }

  targets(): ScrapeTargets {
    const pools = this.#sortedPools()
    return {
      active: pools.flatMap(([, pool]) => sortByUrl(pool.targets).map(activeTarget)),
      dropped: pools.flatMap(([scrapePool, pool]) => pool.dropped.map((discoveredLabels) => ({ discoveredLabels, scrapePool }))),
      droppedCounts: new Map(pools.map(([scrapePool, pool]) => [scrapePool, pool.droppedCount])),
    }
  }

  scrapePools(): readonly string[] {
    return this.#sortedPools().map(([name]) => name)
  }

  metadata(): readonly TargetFamilies[] {
    return this.#sortedPools().flatMap(([, pool]) =>
      pool.ingests.map(([{ labels, scrapePool }, ingest]) => ({ labels, scrapePool, families: ingest.families() })),
    )
  }

  #metadataByJob(): readonly (readonly [string, TargetMetadata])[] {
    return [...this.#pools].flatMap(([job, pool]) => pool.ingests.map(([, { metadata }]) => [job, metadata] as const))
  }

  #sortedPools(): (readonly [string, Pool])[] {
    return [...this.#pools].sort(([left], [right]) => (left < right ? -1 : 1))
  }

  ready(): boolean {
    return this.#discovery?.ready() === true && this.#closing === undefined
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    await this.#discovery?.close()
    await Promise.all([...this.#pools.values(), ...this.#ending].map((pool) => pool.close()))
  }
}

/** Two jobs with one key are scraped alike; where their targets come from is discovery's business. */
function scrapeKey(config: ScrapeConfig): string {
  return JSON.stringify({ ...config, discovery: [] })
}

function sortByUrl(targets: readonly Target[]): readonly Target[] {
  return [...targets].sort((left, right) => (left.url < right.url ? -1 : left.url > right.url ? 1 : 0))
}

function activeTarget(target: Target): ActiveTarget {
  const { discoveredLabels, labels, scrapePool, url, lastError, lastScrape, lastScrapeDurationMs, health, intervalMs, timeoutMs } = target
  const timing = { scrapeIntervalMs: intervalMs, scrapeTimeoutMs: timeoutMs }
  return { discoveredLabels, labels, scrapePool, scrapeUrl: url, lastError, lastScrape, lastScrapeDurationMs, health, ...timing }
}
