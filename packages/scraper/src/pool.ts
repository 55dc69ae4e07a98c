// The targets of one job. What discovery finds is made into targets; those that are new get a loop, those that are gone
// lose theirs, all others go on undisturbed.

import type { ScrapeConfig } from '@promlet/config'
import type { TargetGroup } from '@promlet/discovery'
import type { HttpClient, HttpClientFactory } from '@promlet/http'
import { type Appendable, type Clock, compileRelabel, Labels, type Relabel, type SeriesRef } from '@promlet/model'
import type { FailureLog, Logger } from '@promlet/telemetry'
import { ScrapeError } from './error.ts'
import { createFetch, type Fetch } from './fetch.ts'
import { formatGoDuration } from './go-duration.ts'
import { Ingest, seriesKey } from './ingest.ts'
import { Loop } from './loop.ts'
import type { ScrapeMetrics } from './metrics.ts'
import { type Candidate, makeTarget, type Target } from './target.ts'

export interface PoolOptions {
  readonly appendable: Appendable
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: ScrapeMetrics
  /** Of commits that the store did not take, of all targets. */
  readonly commits: FailureLog
  readonly httpClient: HttpClientFactory
  readonly version: string
  readonly seed: string
  /** True when some target has the series now. */
  readonly isTaken: (ref: SeriesRef) => boolean
}

/** What of a job can be made before anything is changed: where a bad configuration fails. */
export interface PoolPlan {
  readonly config: ScrapeConfig
  readonly client: HttpClient
  readonly relabel: Relabel
}

/** @throws when the job's settings cannot be used. */
export function planPool(config: ScrapeConfig, httpClient: HttpClientFactory): PoolPlan {
  const nameValidation = config.nameValidation ?? 'utf8'
  const relabel = compileRelabel(config.relabelConfigs, { nameValidation })
  compileRelabel(config.metricRelabelConfigs, { nameValidation })
  return { config, client: httpClient(config.http), relabel }
}

interface Scraped {
  readonly target: Target
  readonly loop: Loop
}

export class Pool {
  readonly #options: PoolOptions
  #plan: PoolPlan
  #fetch: Fetch
  #groups: readonly TargetGroup[]
  /** By identity. */
  #scraped: Map<string, Scraped>
  /** Loops of targets that are gone, by series key and identity, until their stale markers are written. */
  readonly #ending: Map<string, Loop>
  #dropped: Labels[]
  #droppedCount: number

  constructor(plan: PoolPlan, options: PoolOptions) {
    this.#options = options
    this.#plan = plan
    this.#fetch = createFetch(plan.config, plan.client, options.version)
    this.#groups = []
    this.#scraped = new Map()
    this.#ending = new Map()
    this.#dropped = []
    this.#droppedCount = 0
    options.metrics.poolTargetLimit.set({ scrape_job: plan.config.jobName }, plan.config.limits.targetsMax)
  }

  get config(): ScrapeConfig {
    return this.#plan.config
  }

  get targets(): readonly Target[] {
    return [...this.#scraped.values()].map(({ target }) => target)
  }

  /** The labels of targets that relabelling dropped, as many as are to be kept. */
  get dropped(): readonly Labels[] {
    return this.#dropped
  }

  get droppedCount(): number {
    return this.#droppedCount
  }

  get ingests(): readonly (readonly [Target, Ingest])[] {
    return [...this.#scraped.values()].map(({ target, loop }) => [target, loop.ingest] as const)
  }

  /** Takes what discovery knows now. */
  sync(groups: readonly TargetGroup[]): void {
    const { clock, metrics } = this.#options
    const start = clock.monotonic()
    const job = { scrape_job: this.config.jobName }
    this.#groups = groups
    const found = this.#findTargets(groups)
    for (const [identity, { loop }] of this.#scraped) if (!found.has(identity)) this.#end(identity, loop)
    for (const target of found.values()) this.#take(target)
    this.#limitTargets()
    metrics.poolTargets.set(job, this.#scraped.size)
    metrics.poolSyncs.inc(job)
    metrics.syncLength.observe(job, (clock.monotonic() - start) / 1000)
  }

  #findTargets(groups: readonly TargetGroup[]): ReadonlyMap<string, Target> {
    const { keepDroppedTargetsMax } = this.config.limits
    const found = new Map<string, Target>()
    this.#dropped = []
    this.#droppedCount = 0
    for (const group of groups) {
      group.targets.forEach((labels, index) => {
        const candidate = this.#makeTarget(labels, group, index)
        if (candidate?.kind === 'target') found.set(candidate.target.identity, candidate.target)
        if (candidate?.kind !== 'dropped') return
        this.#droppedCount++
        if (keepDroppedTargetsMax === 0 || this.#dropped.length < keepDroppedTargetsMax) this.#dropped.push(candidate.discoveredLabels)
      })
    }
    return found
  }

  #makeTarget(labels: Labels, group: TargetGroup, index: number): Candidate | undefined {
    try {
      return makeTarget(Labels.fromPairs([...group.labels, ...labels]), this.config, this.#plan.relabel)
    } catch (error) {
      if (!(error instanceof ScrapeError)) throw error
      this.#options.metrics.syncFailed.inc({ scrape_job: this.config.jobName })
      const err = `instance ${index} in group ${group.source}: ${error.message}`
      this.#options.logger.error({ scrape_pool: this.config.jobName, err }, 'Creating target failed')
      return undefined
    }
  }

  #take(target: Target): void {
    const known = this.#scraped.get(target.identity)
    if (known?.target.intervalMs === target.intervalMs && known.target.timeoutMs === target.timeoutMs) {
      // The same target may be found elsewhere now.
      known.target.discoveredLabels = target.discoveredLabels
      return
    }
    if (known !== undefined) this.#end(target.identity, known.loop)
    this.#begin(target, this.#revive(target.identity))
  }

  /** The series of a target that came back before its stale markers were written. */
  #revive(identity: string): Ingest | undefined {
    const key = endingKey(seriesKey(this.config), identity)
    const loop = this.#ending.get(key)
    if (loop === undefined) return undefined
    this.#ending.delete(key)
    void loop.close()
    loop.ingest.reconfigure(this.config)
    return loop.ingest
  }

  #begin(target: Target, ingest: Ingest | undefined): void {
    const { appendable, clock, metrics, commits, seed, logger } = this.#options
    const loop = new Loop({
      target,
      ingest: ingest ?? new Ingest(this.config, target.labels),
      fetch: this.#fetch,
      appendable,
      clock,
      metrics,
      commits,
      seed,
      logger: logger.child({ scrape_pool: target.scrapePool, target: target.url }),
    })
    this.#scraped.set(target.identity, { target, loop })
    loop.start()
  }

  #end(identity: string, loop: Loop): void {
    this.#scraped.delete(identity)
    const key = endingKey(loop.ingest.seriesKey, identity)
    this.#ending.set(key, loop)
    void loop.end(this.#options.isTaken, () => {
      if (this.#ending.get(key) === loop) this.#ending.delete(key)
    })
  }

  /** Fails all scrapes of a job with too many targets. */
  #limitTargets(): void {
    const { targetsMax } = this.config.limits
    const count = this.#scraped.size
    const exceeded = targetsMax > 0 && count > targetsMax
    if (exceeded) this.#options.metrics.exceededTargetLimit.inc()
    const error = exceeded
      ? new ScrapeError('target', `target_limit exceeded (number of targets: ${count}, limit: ${targetsMax})`)
      : undefined
    for (const { loop } of this.#scraped.values()) loop.forcedError = error
  }

  /**
   * Takes a changed job. Loops start anew in the same phase; what they know of their series stays when the change does
   * not touch these.
   */
  async reload(plan: PoolPlan): Promise<void> {
    const { clock, metrics, version } = this.#options
    const start = clock.monotonic()
    const { client } = this.#plan
    const before = [...this.#scraped]
    metrics.poolReloads.inc()
    await Promise.all(before.map(([, { loop }]) => loop.stop()))
    this.#plan = plan
    this.#fetch = createFetch(plan.config, plan.client, version)
    metrics.poolTargetLimit.set({ scrape_job: plan.config.jobName }, plan.config.limits.targetsMax)
    for (const [identity, { loop }] of before) this.#end(identity, loop)
    this.sync(this.#groups)
    await client.close()
    metrics.reloadLength.observe({ interval: formatGoDuration(plan.config.scrapeIntervalMs) }, (clock.monotonic() - start) / 1000)
  }

  /** True when some target had the series in its last scrape. */
  has(ref: SeriesRef): boolean {
    for (const { loop } of this.#scraped.values()) if (loop.ingest.has(ref)) return true
    return false
  }

  /** The job is gone: ends all targets, with stale markers in time. */
  async remove(): Promise<void> {
    for (const [identity, { loop }] of [...this.#scraped]) this.#end(identity, loop)
    await Promise.all([...this.#ending.values()].map((loop) => loop.stopped()))
    await this.#plan.client.close()
    const job = { scrape_job: this.config.jobName }
    const { poolTargets, poolTargetLimit, poolSyncs, syncLength, syncFailed } = this.#options.metrics
    for (const metric of [poolTargets, poolTargetLimit, poolSyncs, syncLength, syncFailed]) metric.remove(job)
  }

  /** True when all stale markers of a removed job are written. */
  get isEnded(): boolean {
    return this.#scraped.size === 0 && this.#ending.size === 0
  }

  /** Stops everything at once, without stale markers. */
  async close(): Promise<void> {
    const loops = [...[...this.#scraped.values()].map(({ loop }) => loop), ...this.#ending.values()]
    await Promise.all(loops.map((loop) => loop.close()))
    await this.#plan.client.close()
  }
}

function endingKey(key: string, identity: string): string {
  return `${key}\n${identity}`
}
