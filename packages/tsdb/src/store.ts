import { join } from 'node:path'
import type {
  Appendable,
  Appender,
  Clock,
  CommitOptions,
  DurationMs,
  Labels,
  MatcherSets,
  Metadata,
  Millis,
  Queryable,
  Refusals,
  Selection,
  SelectOptions,
  SeriesColumns,
  SeriesRef,
  TimeRange,
} from '@promlet/model'
import { closeDatabase, type Database, isSqliteError } from '@promlet/sqlite'
import { createFailureLog, type FailureLog, type Logger, type Registry } from '@promlet/telemetry'
import { analyze, type StoreAnalysis } from './analysis.ts'
import { type PendingBatch, StoreAppender } from './appender.ts'
import { asReadError, asStorageError, StorageError } from './error.ts'
import type { EstimateOptions, SelectEstimate } from './estimate.ts'
import type { ExemplarSelection, SeriesExemplars } from './exemplars.ts'
import { LogKeeper } from './log-keeper.ts'
import { Maintenance, type MaintenanceLimits } from './maintenance.ts'
import { createMetrics, type Facts, NO_FACTS, type StoreMetrics } from './metrics.ts'
import { Reader } from './reader.ts'
import { DATABASE_FILE } from './schema.ts'
import { writeSnapshot } from './snapshot.ts'
import { readStats, type StoreStats } from './stats.ts'
import { type StoreVerification, verify } from './verification.ts'
import { Writer } from './writer.ts'

const DAY_MS = 86_400_000

/** Settings that can change while the store is open. */
export interface StoreSettings {
  /** Samples older than the newest one by more than this are deleted. 15 days when absent; 0 is no limit. */
  readonly retentionTimeMs?: DurationMs
  /** The oldest samples are deleted while the store with its log is larger; 0 (the default) is no limit. */
  readonly retentionSizeBytes?: number
  /** How far behind the newest sample of the store an out-of-order sample may be; 0 (the default) refuses all. */
  readonly outOfOrderTimeWindowMs?: DurationMs
  /** Exemplars kept, over all series; Prometheus's default of 100,000 when absent. 0 or less keeps none. */
  readonly exemplarsMax?: number
}

export interface StoreOptions extends StoreSettings {
  /** A folder, made when it is missing; or `:memory:` for a store that ends with the process. */
  readonly path: string
  readonly clock: Clock
  readonly logger: Logger
  /** Gets the store's metrics. */
  readonly registry: Registry
  /** Reads a store that another process may be writing. Its appenders refuse. */
  readonly readonly?: boolean
  /** With `readonly`: opens a store whose file was cut off too, for `verify` to say what can be read. */
  readonly salvage?: boolean
}

/** What a block says of itself. Each of its series has one chunk. */
export interface StoreBlock extends TimeRange {
  readonly id: number
  readonly samples: number
  readonly series: number
  /** 0 for one that was made of batches, one more than its parts for one that was merged. */
  readonly level: number
}

/** The SQLite store. Select and append answer for one state; what is committed is seen by the next select. */
export interface Store extends Appendable, Queryable {
  /** Changes settings; what is absent goes back to its default. */
  configure(settings: StoreSettings): void
  /** The exemplars of the series that any of the selectors accepts, in label order; series without any are left out. */
  exemplars(range: TimeRange, selection: ExemplarSelection): Promise<readonly SeriesExemplars[]>
  /** About how much `select` would read; told in microseconds, before anything is read. */
  estimate(selections: readonly Selection[], options?: EstimateOptions): SelectEstimate
  /** What was said of metric families: of one, or of the first `limit` in order of name. */
  metadata(options?: { readonly metric?: string; readonly limit?: number }): ReadonlyMap<string, Metadata>
  /** The time of the oldest sample; Infinity in an empty store. */
  startTime(): Millis
  /** The blocks, oldest first. Batches that are not in one yet are not told of. */
  blockList(): readonly StoreBlock[]
  /** What the index amounts to; `limit` is the length of its lists, 10 when absent. */
  stats(options?: { readonly limit?: number }): StoreStats
  /** What the store holds and what takes the room; reads all of it. `limit` is the length of the lists, 20 when absent. */
  analyze(options?: { readonly limit?: number }): Promise<StoreAnalysis>
  /** Checks that everything can be read and fits together; takes as long as reading everything. */
  verify(): Promise<StoreVerification>
  /**
   * Writes a copy of the store as it is now into a new folder, while commits go on. With `skipRecent` batches that are not in
   * blocks yet are left out.
   * @throws StorageError `unwritable` when the folder is there already or cannot be made.
   */
  snapshot(folder: string, options?: { readonly skipRecent?: boolean }): Promise<void>
  /**
   * Deletes the samples of the series that any of the sets accepts, in the range, for good. Later samples in the same range
   * come in if the rules allow.
   */
  deleteSeries(range: TimeRange, matcherSets: MatcherSets): Promise<void>
  /** Does at once what happens in the background otherwise: compaction, retention, giving space back. For tests and tools. */
  compactNow(): Promise<void>
  /** Ends within a bounded time and leaves one file without a log. A second call waits for the first. */
  close(): Promise<void>
}

/** A store over an open database. `lock` is let go when the store is closed. */
export class SqliteStore implements Store {
  readonly #path: string
  readonly #database: Database
  readonly #lock: Disposable | undefined
  readonly #clock: Clock
  readonly #commits: FailureLog
  readonly #limits: MaintenanceLimits
  readonly #reader: Reader
  readonly #metrics: StoreMetrics
  #known = NO_FACTS
  readonly #damages: readonly Error[]
  /** These three are absent in a store for reading; the log also in memory. */
  readonly #writer: Writer | undefined
  readonly #log: LogKeeper | undefined
  readonly #maintenance: Maintenance | undefined
  #closing: Promise<void> | undefined

  /** `damages` are what was found broken when the database was opened. */
  constructor(options: StoreOptions, database: Database, lock: Disposable | undefined, damages: readonly Error[] = []) {
    const { path, clock, logger } = options
    this.#path = path
    this.#database = database
    this.#lock = lock
    this.#damages = damages
    this.#clock = clock
    this.#commits = createFailureLog({ logger, clock, failed: 'batch not stored', worked: 'batches are stored again' })
    this.#limits = withDefaults(options)
    const limits = this.#limits
    this.#metrics = createMetrics(options.registry, () => this.#latestFacts())
    const damaged = (err: unknown) => {
      this.#metrics.damaged(err)
      logger.error({ err }, 'a part of the store is damaged; it is put aside')
    }
    for (const damage of damages) damaged(damage)
    const reader = new Reader(database, damaged)
    this.#reader = reader
    if (options.readonly) return
    const writer = new Writer({ database, reader, now: () => clock.now(), limits })
    const log = path === ':memory:' ? undefined : new LogKeeper(join(path, DATABASE_FILE), clock, logger)
    this.#writer = writer
    this.#log = log
    this.#maintenance = new Maintenance({ database, reader, writer, clock, logger, limits, log, events: { ...this.#metrics, damaged } })
  }

  configure(settings: StoreSettings): void {
    Object.assign(this.#limits, withDefaults(settings))
    this.#maintenance?.limitsChanged()
  }

  appender(): Appender {
    const writer = this.#writer
    if (writer === undefined) throw this.#readOnly()
    return new StoreAppender({
      series: (labels) => this.#resolve(writer, labels),
      layout: (refs) => writer.layouts.resolve(refs),
      retired: (layout) => writer.layouts.retired(layout),
      layoutList: (layout) => writer.layouts.list(layout),
      buffers: writer.buffers,
      commit: (batch, options) => this.#commit(writer, batch, options),
    })
  }

  async select(selections: readonly Selection[], options?: SelectOptions): Promise<readonly (readonly SeriesColumns[])[]> {
    return this.#read(() => this.#reader.select(selections, options), options)
  }

  estimate(selections: readonly Selection[], options?: EstimateOptions): SelectEstimate {
    return this.#read(() => this.#reader.estimate(selections, options))
  }

  async labelNames(range: TimeRange, matcherSets: MatcherSets, options?: SelectOptions): Promise<readonly string[]> {
    return this.#read(() => this.#reader.labelNames(range, matcherSets), options)
  }

  async labelValues(name: string, range: TimeRange, matcherSets: MatcherSets, options?: SelectOptions): Promise<readonly string[]> {
    return this.#read(() => this.#reader.labelValues(name, range, matcherSets), options)
  }

  async series(range: TimeRange, matcherSets: MatcherSets, options?: SelectOptions): Promise<readonly Labels[]> {
    return this.#read(() => this.#reader.series(range, matcherSets), options)
  }

  async exemplars(range: TimeRange, selection: ExemplarSelection): Promise<readonly SeriesExemplars[]> {
    return this.#read(() => this.#reader.exemplars(range, selection))
  }

  metadata({ metric, limit }: { readonly metric?: string; readonly limit?: number } = {}): ReadonlyMap<string, Metadata> {
    return this.#read(() => this.#reader.metadata.read(metric, limit))
  }

  startTime(): Millis {
    return this.#latestFacts().oldest
  }

  blockList(): readonly StoreBlock[] {
    return this.#read(() =>
      this.#reader.snapshot((state) =>
        this.#reader.blocks.of(state).map(({ id, from, to, samples, series, level }) => ({ id, from, to, samples, series, level })),
      ),
    )
  }

  stats({ limit = 10 }: { readonly limit?: number } = {}): StoreStats {
    return this.#read(() => readStats(this.#database, this.#reader, limit))
  }

  async analyze({ limit = 20 }: { readonly limit?: number } = {}): Promise<StoreAnalysis> {
    return this.#read(() => analyze(this.#database, this.#reader, limit))
  }

  async verify(): Promise<StoreVerification> {
    return this.#read(() => verify(this.#database, this.#reader, this.#damages))
  }

  async snapshot(folder: string, { skipRecent = false }: { readonly skipRecent?: boolean } = {}): Promise<void> {
    if (this.#closing !== undefined) throw this.#closed()
    await this.#asked(() => writeSnapshot(this.#database, folder, skipRecent))
  }

  async deleteSeries(range: TimeRange, matcherSets: MatcherSets): Promise<void> {
    const maintenance = this.#writing()
    const ids = this.#read(() => this.#reader.snapshot((state) => this.#reader.matching(matcherSets, state)))
    await this.#asked(() => maintenance.delete(ids, range))
  }

  async compactNow(): Promise<void> {
    const maintenance = this.#writing()
    await this.#asked(() => maintenance.compactNow())
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    try {
      await this.#maintenance?.close()
      closeDatabase(this.#database)
    } finally {
      this.#lock?.[Symbol.dispose]()
    }
  }

  #resolve(writer: Writer, labels: Labels): SeriesRef {
    try {
      return writer.index.resolve(labels)
    } catch (error) {
      throw asStorageError(error, this.#path)
    }
  }

  async #commit(writer: Writer, batch: PendingBatch, options: CommitOptions): Promise<Refusals> {
    await this.#maintenance?.gate
    if (this.#closing !== undefined) throw this.#closed()
    const start = this.#clock.monotonic()
    try {
      const report = writer.commit(batch, options)
      this.#commits.worked()
      this.#metrics.committed(report, (this.#clock.monotonic() - start) / 1000)
      this.#maintenance?.committed(report.bytes)
      return report.refusals
    } catch (error) {
      this.#metrics.commitFailed()
      const failure = asStorageError(error, this.#path)
      this.#commits.failed(failure)
      if (failure.code === 'full') this.#log?.noRoom()
      throw failure
    }
  }

  #read<T>(run: () => T, options?: SelectOptions): T {
    if (this.#closing !== undefined) throw this.#closed()
    options?.signal?.throwIfAborted()
    try {
      return run()
    } catch (error) {
      throw asReadError(error, this.#path)
    }
  }

  async #asked(run: () => Promise<void>): Promise<void> {
    try {
      await run()
    } catch (error) {
      throw asStorageError(error, this.#path)
    }
  }

  #writing(): Maintenance {
    if (this.#closing !== undefined) throw this.#closed()
    if (this.#maintenance === undefined) throw this.#readOnly()
    return this.#maintenance
  }

  #readOnly(): StorageError {
    return new StorageError('unwritable', `${this.#path}: the store is open for reading only`)
  }

  #closed(): StorageError {
    return new StorageError('closed', `${this.#path}: the store is closed`)
  }

  /** Metrics are answered on a damaged file too: with what was known before. */
  #latestFacts(): Facts {
    try {
      this.#known = this.#facts()
    } catch (error) {
      if (!isSqliteError(error) && !(error instanceof StorageError)) throw error
    }
    return this.#known
  }

  #facts(): Facts {
    return this.#reader.snapshot((state) => {
      const recent = this.#reader.batches.load(state)
      const blocks = this.#reader.blocks.of(state)
      return {
        series: this.#reader.seriesCount(state),
        recent,
        blocks: blocks.length,
        chunks: blocks.reduce((sum, { series }) => sum + series, 0),
        oldest: blocks.reduce((oldest, { from }) => Math.min(oldest, from), recent.from),
        newest: blocks.reduce((newest, { to }) => Math.max(newest, to), recent.to),
        logBytes: this.#log?.size() ?? 0,
        fileBytes: pageBytes(this.#database),
        retentionTimeMs: this.#limits.retentionTimeMs,
        retentionSizeBytes: this.#limits.retentionSizeBytes,
        exemplars: this.#reader.exemplarTable.count(),
        exemplarsMax: Math.max(0, this.#limits.exemplarsMax),
        oldestExemplar: this.#reader.exemplarTable.oldest() ?? Infinity,
      }
    })
  }
}

function withDefaults(settings: StoreSettings): MaintenanceLimits {
  return {
    retentionTimeMs: (settings.retentionTimeMs ?? 15 * DAY_MS) || Infinity,
    retentionSizeBytes: settings.retentionSizeBytes ?? 0,
    outOfOrderTimeWindowMs: settings.outOfOrderTimeWindowMs ?? 0,
    exemplarsMax: settings.exemplarsMax ?? 100_000,
  }
}

function pageBytes(database: Database): number {
  const pages = database.pragma('page_count', { simple: true }) as number
  return pages * (database.pragma('page_size', { simple: true }) as number)
}
