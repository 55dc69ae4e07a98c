// One target, scraped at its beat. Every scrape writes one batch: the samples, or stale markers when it failed, and the
// report on itself. A target that is gone gets its stale markers later, when it is clear that it does not come back.

import type { Appendable, Appender, Clock, DurationMs, Millis, SeriesRef } from '@promlet/model'
import type { FailureLog, Logger, RecentQuantiles } from '@promlet/telemetry'
import { commitBatch, discardBatch } from './batch.ts'
import { ScrapeError } from './error.ts'
import { describeScrapeError, type Fetch, isTooLarge, type ScrapedBody } from './fetch.ts'
import { formatGoDuration } from './go-duration.ts'
import type { Ingest, Reading } from './ingest.ts'
import type { ScrapeMetrics } from './metrics.ts'
import { Rhythm } from './rhythm.ts'
import type { Target } from './target.ts'
import { scrapeOffset } from './target-offset.ts'

export interface LoopOptions {
  readonly target: Target
  readonly ingest: Ingest
  readonly fetch: Fetch
  readonly appendable: Appendable
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: ScrapeMetrics
  /** Of commits that the store did not take, of all targets. */
  readonly commits: FailureLog
  /** Moves the phase of all targets, so that two scrapers do not scrape at the same moments. */
  readonly seed: string
}

/** What came of asking the target. */
type Fetched = { readonly answer: ScrapedBody } | { readonly error: unknown }

export class Loop {
  readonly #options: LoopOptions
  readonly #rhythm: Rhythm
  readonly #abort: AbortController
  readonly #intervals: RecentQuantiles
  /** The timer of the next step: a scrape, or a step of `end`. */
  #timer: Disposable | undefined
  /** Until the batch of the running scrape is handed over. */
  #scraping: Promise<unknown>
  #isStopped: boolean
  /** When the last scrape started, by the monotonic clock. */
  #lastStart: number | undefined
  /** Fails all scrapes while it is set. */
  forcedError: ScrapeError | undefined

  constructor(options: LoopOptions) {
    const { clock, target, seed, metrics } = options
    const offset = scrapeOffset(target.identity, seed, target.intervalMs, clock.now())
    this.#options = options
    this.#rhythm = new Rhythm(clock, target.intervalMs, offset)
    this.#abort = new AbortController()
    this.#intervals = metrics.intervalLength.labels(formatGoDuration(target.intervalMs))
    this.#timer = undefined
    this.#scraping = Promise.resolve()
    this.#isStopped = false
    this.#lastStart = undefined
    this.forcedError = undefined
  }

  get ingest(): Ingest {
    return this.#options.ingest
  }

  start(): void {
    this.#schedule(this.#rhythm.delay(), () => this.#beat())
  }

  #schedule(delay: DurationMs, run: () => void | Promise<void>): void {
    this.#timer = this.#options.clock.setTimer(delay, run)
  }

  /** One scrape; resolves when the store has answered, while the next beat is already set. */
  async #beat(): Promise<void> {
    this.#rhythm.beat()
    const scraping = this.#scrape(this.#rhythm.stamp())
    this.#scraping = scraping
    const committing = await scraping
    if (!this.#isStopped) this.#schedule(this.#rhythm.delay(), () => this.#beat())
    await committing.done
  }

  /** Scrapes and hands the batch over. The answer's promise is wrapped, so that awaiting the scrape does not await it. */
  async #scrape(at: Millis): Promise<{ readonly done: Promise<void> }> {
    const { clock } = this.#options
    const start = clock.monotonic()
    const startedAt = clock.now()
    if (this.#lastStart !== undefined) {
      this.#intervals.observe((start - this.#lastStart) / 1000)
    }
    this.#lastStart = start
    const fetched = await this.#fetch()
    // Stopped for good: what a cut-off scrape says is not true.
    if (this.#abort.signal.aborted) return { done: Promise.resolve() }
    return { done: this.#store(fetched, at, startedAt, start) }
  }

  async #fetch(): Promise<Fetched> {
    if (this.forcedError !== undefined) return { error: this.forcedError }
    try {
      return { answer: await this.#options.fetch(this.#options.target, this.#abort.signal) }
    } catch (error) {
      return { error }
    }
  }

  /** Writes the batch of a scrape. Everything up to the commit is synchronous. */
  async #store(fetched: Fetched, at: Millis, startedAt: Millis, start: number): Promise<void> {
    const { ingest, target, clock, logger, metrics, commits, appendable } = this.#options
    let appender: Appender | undefined
    const reading: Reading = { scraped: 0, added: 0, seriesAdded: 0, duplicates: 0, outOfBounds: 0, counted: 0 }
    let families: readonly string[]
    const bodyBytes = 'answer' in fetched ? fetched.answer.body.length : isTooLarge(fetched.error) ? -1 : 0
    try {
      appender = appendable.appender()
      ingest.begin(appender)
      const error = this.#read(fetched, appender, reading)
      const durationMs = clock.monotonic() - start
      ingest.putReport({ ...reading, up: error === undefined, durationSeconds: durationMs / 1000, bodyBytes }, target.timeoutMs / 1000)
      families = ingest.write(appender, at)
      this.#report(startedAt, durationMs, error)
    } catch (err) {
      this.#report(startedAt, clock.monotonic() - start, err)
      metrics.failedCommits.inc()
      logger.error({ err }, 'Append failed')
      if (appender !== undefined) await discardBatch(appender, logger)
      return
    }
    await commitBatch(appender, { ingest, metrics, commits, logger, families })
    metrics.scrapeDuration.observe((clock.monotonic() - start) / 1000)
  }

  /** Reads the answer into the row, or marks everything as ended. Gives why the scrape failed. */
  #read(fetched: Fetched, appender: Appender, reading: Reading): unknown {
    const { ingest, clock } = this.#options
    const before = ingest.count
    if ('error' in fetched) {
      this.#countFailure(fetched.error)
      ingest.endAll(before)
      return fetched.error
    }
    try {
      ingest.read(fetched.answer.body, fetched.answer.contentType, clock.now(), appender, reading)
      return undefined
    } catch (error) {
      this.#countFailure(error)
      ingest.endAll(before)
      return error
    } finally {
      fetched.answer.release?.()
      this.#countReading(reading)
    }
  }

  #countReading({ duplicates, outOfBounds }: Reading): void {
    const { metrics, logger } = this.#options
    if (duplicates > 0) {
      metrics.duplicateSamples.inc(duplicates)
      logger.warn({ num_dropped: duplicates }, 'Error on ingesting samples with different value but same timestamp')
    }
    if (outOfBounds > 0) {
      metrics.outOfBoundsSamples.inc(outOfBounds)
      logger.warn({ num_dropped: outOfBounds }, 'Error on ingesting samples that are too old or are too far into the future')
    }
  }

  #countFailure(error: unknown): void {
    const { metrics, logger } = this.#options
    if (isTooLarge(error)) metrics.exceededBodySize.inc()
    else if (error instanceof ScrapeError && error.code === 'limit') {
      if (error.message === 'sample limit exceeded') metrics.exceededSampleLimit.inc()
      else metrics.exceededLabelLimits.inc()
    }
    logger.debug({ err: error }, 'Scrape failed')
  }

  #report(startedAt: Millis, durationMs: DurationMs, error: unknown): void {
    const { target } = this.#options
    target.health = error === undefined ? 'up' : 'down'
    target.lastError = error === undefined ? '' : describeScrapeError(error)
    target.lastScrape = startedAt
    target.lastScrapeDurationMs = durationMs
  }

  /** Resolves when a running scrape has handed its batch over. */
  async stopped(): Promise<void> {
    await this.#scraping
  }

  /** No more scrapes; resolves when a running one has handed its batch over. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.[Symbol.dispose]()
    await this.#scraping
  }

  /**
   * Stops, and writes stale markers for all series when the target has not come back two beats and a bit later, at
   * the time of the first beat that is missed. `isTaken` tells then which series another target goes on with.
   * Disposing the loop before that calls it off. Prometheus: scrape/scrape.go endOfRunStaleness.
   */
  async end(isTaken: (ref: SeriesRef) => boolean, done: () => void): Promise<void> {
    await this.stop()
    const { clock, target } = this.#options
    if (this.#lastStart === undefined || this.#abort.signal.aborted) return done()
    this.#schedule(this.#rhythm.delay(), () => {
      const at = clock.now()
      this.#schedule(target.intervalMs * 1.1, async () => {
        await this.#writeEnd(at, isTaken)
        done()
      })
    })
  }

  async #writeEnd(at: Millis, isTaken: (ref: SeriesRef) => boolean): Promise<void> {
    const { ingest, metrics, commits, logger, appendable } = this.#options
    let appender: Appender | undefined
    try {
      appender = appendable.appender()
      ingest.begin(appender)
      ingest.endTarget(isTaken)
      ingest.write(appender, at)
    } catch (err) {
      logger.warn({ err }, 'Stale append failed')
      if (appender !== undefined) await discardBatch(appender, logger)
      return
    }
    await commitBatch(appender, { ingest, metrics, commits, logger, families: [] })
  }

  /** Stops at once and for good: a running scrape is cut off, no stale markers are written. */
  close(): Promise<void> {
    this.#abort.abort(new Error('the scraper is stopped'))
    return this.stop()
  }
}
