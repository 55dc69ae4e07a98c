import { accessSync, constants, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type {
  Appendable,
  Appender,
  Clock,
  DurationMs,
  Labels,
  MatcherSets,
  Metadata,
  Queryable,
  Refusals,
  Selection,
  SelectOptions,
  SeriesColumns,
  TimeRange,
} from '@promlet/model'
import { closeDatabase, type Database, lockOwnership, openDatabase } from '@promlet/sqlite'
import type { Logger, Registry } from '@promlet/telemetry'
import { type PendingBatch, StoreAppender } from './appender.ts'
import { asReadError, asStorageError, StorageError } from './error.ts'
import type { ExemplarSelection, SeriesExemplars } from './exemplars.ts'
import { createMetrics, type Facts, type StoreMetrics } from './metrics.ts'
import { EVERY_SERIES } from './postings.ts'
import { Reader } from './reader.ts'
import { DATABASE_FILE, LOCK_FILE, migrations, PAGE_BYTES } from './schema.ts'
import { Writer, type WriterLimits } from './writer.ts'

const DAY_MS = 86_400_000
const CACHE_BYTES = 8 * 2 ** 20
const JOURNAL_BYTES_MAX = 16 * 2 ** 20

/** Settings that can change while the store is open. */
export interface StoreSettings {
  /** Samples older than the newest one by more than this are deleted. 15 days when absent. */
  readonly retentionTimeMs?: DurationMs
  /** The oldest samples are deleted while the store is larger; 0 (the default) is no limit. */
  readonly retentionSizeBytes?: number
  /** How far behind the newest sample of the store an out-of-order sample may be; 0 (the default) refuses all. */
  readonly outOfOrderTimeWindowMs?: DurationMs
  /** Exemplars kept, over all series; Prometheus's default of 100,000 when absent. */
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
}

/** The SQLite store. Select and append answer for one state; what is committed is seen by the next select. */
export interface Store extends Appendable, Queryable {
  /** Changes settings; what is absent goes back to its default. */
  configure(settings: StoreSettings): void
  /** The exemplars of the series that any of the selectors accepts, in label order; series without any are left out. */
  exemplars(range: TimeRange, selection: ExemplarSelection): Promise<readonly SeriesExemplars[]>
  /** What was said of metric families: of one, or of the first `limit` in order of name. */
  metadata(options?: { readonly metric?: string; readonly limit?: number }): ReadonlyMap<string, Metadata>
  /** Ends within a bounded time and leaves one file without a log. A second call waits for the first. */
  close(): Promise<void>
}

/**
 * Opens or makes a store. One process at a time may have it open for writing.
 * @throws StorageError `locked`, `newer-version`, `corrupt`, `unwritable`, `not-found`
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { path, readonly = false } = options
  if (path === ':memory:') return new SqliteStore(options, open(':memory:', false), undefined)
  if (readonly) return new SqliteStore(options, open(join(path, DATABASE_FILE), true), undefined)
  makeFolder(path)
  const lock = asked(path, () => lockOwnership(join(path, LOCK_FILE)))
  try {
    return new SqliteStore(options, open(join(path, DATABASE_FILE), false), lock)
  } catch (error) {
    lock[Symbol.dispose]()
    throw error
  }
}

function open(path: string, readonly: boolean): Database {
  return asked(path, () =>
    openDatabase({
      path,
      readonly,
      migrations,
      pageSizeBytes: PAGE_BYTES,
      cacheBytes: CACHE_BYTES,
      journalSizeMaxBytes: JOURNAL_BYTES_MAX,
    }),
  )
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true })
    accessSync(path, constants.W_OK)
  } catch (error) {
    throw new StorageError('unwritable', `${path}: the folder of the store cannot be made or written`, { cause: error })
  }
}

function asked<T>(path: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw asStorageError(error, path)
  }
}

class SqliteStore implements Store {
  readonly #path: string
  readonly #database: Database
  readonly #lock: Disposable | undefined
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #reader: Reader
  readonly #writer: Writer | undefined
  readonly #metrics: StoreMetrics
  readonly #limits: WriterLimits & { retentionSizeBytes: number }
  #closing: Promise<void> | undefined

  constructor(options: StoreOptions, database: Database, lock: Disposable | undefined) {
    this.#path = options.path
    this.#database = database
    this.#lock = lock
    this.#clock = options.clock
    this.#logger = options.logger
    this.#limits = withDefaults(options)
    this.#reader = new Reader(database)
    const now = () => options.clock.now()
    this.#writer = options.readonly ? undefined : new Writer({ database, reader: this.#reader, now, limits: this.#limits })
    this.#metrics = createMetrics(options.registry, () => this.#facts())
  }

  configure(settings: StoreSettings): void {
    Object.assign(this.#limits, withDefaults(settings))
  }

  appender(): Appender {
    const writer = this.#writer
    if (writer === undefined) throw new StorageError('unwritable', `${this.#path}: the store is open for reading only`)
    return new StoreAppender({
      series: (labels) => writer.index.resolve(labels),
      layout: (refs) => writer.layouts.resolve(refs),
      layoutList: (layout) => writer.layouts.list(layout),
      commit: (batch) => this.#commit(writer, batch),
    })
  }

  async select(selections: readonly Selection[], options?: SelectOptions): Promise<readonly (readonly SeriesColumns[])[]> {
    return this.#read(() => this.#reader.select(selections, options), options)
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

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    closeDatabase(this.#database)
    this.#lock?.[Symbol.dispose]()
  }

  async #commit(writer: Writer, batch: PendingBatch): Promise<Refusals> {
    if (this.#closing !== undefined) throw this.#closed()
    const start = this.#clock.monotonic()
    try {
      const report = writer.commit(batch)
      this.#metrics.committed(report, (this.#clock.monotonic() - start) / 1000)
      return report.refusals
    } catch (error) {
      this.#metrics.commitFailed()
      const failure = asStorageError(error, this.#path)
      this.#logger.error({ err: failure }, 'batch not stored')
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

  #closed(): StorageError {
    return new StorageError('closed', `${this.#path}: the store is closed`)
  }

  #facts(): Facts {
    return this.#reader.snapshot((state) => {
      const recent = this.#reader.batches.facts(state)
      return {
        series: this.#reader.postings.ofPair(EVERY_SERIES, state).length,
        batches: recent.batches,
        recentBytes: recent.bytes,
        oldest: recent.from,
        newest: Math.max(recent.to, this.#writer?.newest ?? -Infinity),
        logBytes: this.#path === ':memory:' ? 0 : sizeOf(join(this.#path, `${DATABASE_FILE}-wal`)),
        fileBytes: pageBytes(this.#database),
        retentionTimeMs: this.#limits.retentionTimeMs,
        retentionSizeBytes: this.#limits.retentionSizeBytes,
      }
    })
  }
}

function withDefaults(settings: StoreSettings): WriterLimits & { retentionSizeBytes: number } {
  return {
    retentionTimeMs: settings.retentionTimeMs ?? 15 * DAY_MS,
    retentionSizeBytes: settings.retentionSizeBytes ?? 0,
    outOfOrderTimeWindowMs: settings.outOfOrderTimeWindowMs ?? 0,
    exemplarsMax: settings.exemplarsMax ?? 100_000,
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function pageBytes(database: Database): number {
  const pages = database.pragma('page_count', { simple: true }) as number
  return pages * (database.pragma('page_size', { simple: true }) as number)
}
