// The store's own metrics, under Prometheus's names where an equivalent exists; README.md says what each means here.

import type { Millis } from '@promlet/model'
import { Counter, Gauge, Histogram, PlainHistogram, type Registry } from '@promlet/telemetry'
import type { MaintenanceEvents } from './maintenance.ts'
import type { BatchLoad } from './recent-batches.ts'
import type { CommitReport } from './writer.ts'

/** What the gauges ask when they are scraped. Times are in milliseconds, infinite where there is no sample. */
export interface Facts {
  readonly series: number
  readonly recent: BatchLoad
  readonly blocks: number
  readonly chunks: number
  readonly oldest: Millis
  readonly newest: Millis
  readonly logBytes: number
  readonly fileBytes: number
  readonly retentionTimeMs: number
  readonly retentionSizeBytes: number
  readonly exemplars: number
  readonly exemplarsMax: number
  /** Infinite where there is none. */
  readonly oldestExemplar: Millis
}

/** Of a store that could not be read yet. */
export const NO_FACTS: Facts = {
  series: 0,
  recent: { batches: 0, bytes: 0, rowsMax: 0, singles: 0, from: Infinity, to: -Infinity },
  blocks: 0,
  chunks: 0,
  oldest: Infinity,
  newest: -Infinity,
  logBytes: 0,
  fileBytes: 0,
  retentionTimeMs: 0,
  retentionSizeBytes: 0,
  exemplars: 0,
  exemplarsMax: 0,
  oldestExemplar: Infinity,
}

export interface StoreMetrics extends MaintenanceEvents {
  committed(report: CommitReport, seconds: number): void
  commitFailed(): void
}

export function createMetrics(registry: Registry, facts: () => Facts): StoreMetrics {
  const registers = [registry]
  const counter = (name: string, help: string) => new Counter({ name, help, registers })
  // Counted for every commit, and told when the metrics are read.
  const committed = { floats: 0, histograms: 0 }
  new Counter({
    name: 'prometheus_tsdb_head_samples_appended_total',
    help: 'Samples committed.',
    labelNames: ['type'],
    registers,
    collect() {
      this.reset()
      this.inc({ type: 'float' }, committed.floats)
      this.inc({ type: 'histogram' }, committed.histograms)
    },
  })
  const late = counter('prometheus_tsdb_head_out_of_order_samples_appended_total', 'Samples accepted within the out-of-order window.')
  const outOfOrder = counter('prometheus_tsdb_out_of_order_samples_total', 'Samples refused: older than the newest of their series.')
  const outOfBound = counter(
    'prometheus_tsdb_out_of_bound_samples_total',
    'Samples refused: beyond retention, or too far ahead of the clock.',
  )
  const tooOld = counter(
    'prometheus_tsdb_too_old_samples_total',
    'Samples refused: older than the out-of-order window or the retention time.',
  )
  const duplicate = counter('promlet_tsdb_duplicate_samples_total', 'Samples refused: same time as a stored one, other value.')
  const unknown = counter('promlet_tsdb_unknown_series_samples_total', 'Samples refused: their series had left the index.')
  const exemplars = counter('prometheus_tsdb_exemplar_exemplars_appended_total', 'Exemplars stored.')
  const exemplarsOutOfOrder = counter(
    'prometheus_tsdb_exemplar_out_of_order_exemplars_total',
    'Exemplars refused: not newer than the last of their series.',
  )
  const failed = counter('promlet_tsdb_commits_failed_total', 'Batches that could not be stored, for example on a full disk.')
  const duration = new PlainHistogram({
    name: 'promlet_tsdb_commit_duration_seconds',
    help: 'Time of one commit, rules and transaction.',
    buckets: [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1],
    registry,
  })
  const created = counter('prometheus_tsdb_head_series_created_total', 'Series that came into the index.')
  const removed = counter('prometheus_tsdb_head_series_removed_total', 'Series that left the index with their last sample.')
  const compactions = counter('prometheus_tsdb_compactions_total', 'Blocks made of batches, or of smaller blocks.')
  const compactionsFailed = counter('prometheus_tsdb_compactions_failed_total', 'Compactions that failed, and were tried again.')
  const compactionDuration = new Histogram({
    name: 'prometheus_tsdb_compaction_duration_seconds',
    help: 'Working time of one compaction, without the turns of others between its slices.',
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
    registers,
  })
  const timeRetentions = counter('prometheus_tsdb_time_retentions_total', 'Blocks deleted because of the retention time.')
  const sizeRetentions = counter('prometheus_tsdb_size_retentions_total', 'Blocks deleted because of the retention size.')
  const damages = counter('promlet_tsdb_damages_total', 'Batches and blocks found to be damaged; they are left out, or left alone.')
  addGauges(registry, facts)
  return {
    committed(report, seconds) {
      committed.floats += report.floats
      committed.histograms += report.histograms
      duration.observe(seconds)
      if (report.seriesCreated > 0) created.inc(report.seriesCreated)
      if (report.late > 0) late.inc(report.late)
      if (report.exemplars > 0) exemplars.inc(report.exemplars)
      if (report.exemplarsOutOfOrder > 0) exemplarsOutOfOrder.inc(report.exemplarsOutOfOrder)
      const { refusals } = report
      if (refusals.example === undefined) return
      outOfOrder.inc(refusals.outOfOrder)
      outOfBound.inc(refusals.tooFarInFuture)
      tooOld.inc(refusals.tooOld)
      duplicate.inc(refusals.duplicate)
      unknown.inc(refusals.unknownSeries)
    },
    commitFailed: () => failed.inc(),
    compacted(seconds) {
      compactions.inc()
      compactionDuration.observe(seconds)
    },
    failed: () => compactionsFailed.inc(),
    expired: (reason, blocks) => (reason === 'time' ? timeRetentions : sizeRetentions).inc(blocks),
    removedSeries: (count) => removed.inc(count),
    damaged: () => damages.inc(),
  }
}

/** Asks once for all that is scraped in one go. */
function shared(facts: () => Facts): () => Facts {
  let known: Facts | undefined
  return () => {
    if (known !== undefined) return known
    known = facts()
    queueMicrotask(() => {
      known = undefined
    })
    return known
  }
}

function addGauges(registry: Registry, read: () => Facts): void {
  const facts = shared(read)
  const gauge = (name: string, help: string, read: (facts: Facts) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read(facts()))
      },
    })
  gauge('prometheus_tsdb_head_series', 'Series in the index.', ({ series }) => series)
  gauge('prometheus_tsdb_head_chunks', 'Chunks in all blocks.', ({ chunks }) => chunks)
  gauge('prometheus_tsdb_blocks_loaded', 'Blocks.', ({ blocks }) => blocks)
  gauge('promlet_tsdb_batches', 'Batches that are not in blocks yet.', ({ recent }) => recent.batches)
  gauge('promlet_tsdb_recent_bytes', 'Memory of the batches that are not in blocks yet.', ({ recent }) => recent.bytes)
  const time = (name: string, what: string, read: (facts: Facts) => Millis) => {
    gauge(name, `${what}, in milliseconds.`, (now) => finite(read(now)))
    gauge(`${name}_seconds`, `${what}, in seconds.`, (now) => finite(read(now)) / 1000)
  }
  time('prometheus_tsdb_lowest_timestamp', 'Oldest sample', ({ oldest }) => oldest)
  time('prometheus_tsdb_head_min_time', 'Oldest sample that is not in a block yet', ({ recent }) => recent.from)
  time('prometheus_tsdb_head_max_time', 'Newest sample', ({ newest }) => newest)
  gauge('prometheus_tsdb_wal_storage_size_bytes', "Size of SQLite's log.", ({ logBytes }) => logBytes)
  gauge('prometheus_tsdb_storage_blocks_bytes', 'Size of the database file.', ({ fileBytes }) => fileBytes)
  gauge(
    'prometheus_tsdb_retention_limit_seconds',
    'How long samples are kept; 0 is no limit.',
    (limits) => finite(limits.retentionTimeMs) / 1000,
  )
  gauge('prometheus_tsdb_exemplar_exemplars_in_storage', 'Exemplars.', ({ exemplars }) => exemplars)
  gauge('prometheus_tsdb_exemplar_max_exemplars', 'How many exemplars are kept.', ({ exemplarsMax }) => exemplarsMax)
  gauge(
    'prometheus_tsdb_exemplar_last_exemplars_timestamp_seconds',
    'Time of the oldest exemplar, which goes next.',
    ({ oldestExemplar }) => finite(oldestExemplar) / 1000,
  )
  gauge('prometheus_tsdb_retention_limit_bytes', 'How large the store may grow; 0 is no limit.', (limits) => limits.retentionSizeBytes)
}

function finite(time: number): number {
  return Number.isFinite(time) ? time : 0
}
