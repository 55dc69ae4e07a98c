import type { Clock } from '@promlet/model'
import { Counter, Gauge, PlainHistogram, RecentSummary, type Registry, Summary } from '@promlet/telemetry'
import type { TargetMetadata } from './family-metadata.ts'

/** What the scraper counts and times, under Prometheus's names. */
export type ScrapeMetrics = ReturnType<typeof scrapeMetrics>

const PERCENTILES = [0.01, 0.05, 0.5, 0.9, 0.99]
/** Summaries tell of the last ten minutes. */
const WINDOW = { maxAgeSeconds: 600, ageBuckets: 5 }

/** `metadata` is asked when the metrics are: what targets say of their families, by job. */
export function scrapeMetrics(
  registry: Registry,
  clock: Clock,
  metadata: () => Iterable<readonly [job: string, metadata: TargetMetadata]>,
) {
  const registers = [registry]
  const counter = (name: string, help: string, labelNames: string[] = []) => new Counter({ name, help, labelNames, registers })
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames: ['scrape_job'], registers })
  const summary = (name: string, help: string, label: string) =>
    new Summary({ name, help, labelNames: [label], percentiles: PERCENTILES, ...WINDOW, registers })
  const perJob = (name: string, help: string, count: (metadata: TargetMetadata) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['scrape_job'],
      registers,
      collect() {
        this.reset()
        for (const [scrape_job, target] of metadata()) this.inc({ scrape_job }, count(target))
      },
    })
  /** Those that run: told when the metrics are read. */
  const commits = { pending: 0 }
  new Gauge({
    name: 'promlet_scrape_commits_pending',
    help: 'Scrapes that were handed to the store and are not acknowledged yet.',
    registers,
    collect() {
      this.set(commits.pending)
    },
  })
  return {
    pools: counter('prometheus_target_scrape_pools_total', 'Total number of scrape pool creation attempts.'),
    poolsFailed: counter('prometheus_target_scrape_pools_failed_total', 'Total number of scrape pool creations that failed.'),
    poolReloads: counter('prometheus_target_scrape_pool_reloads_total', 'Total number of scrape pool reloads.'),
    poolReloadsFailed: counter('prometheus_target_scrape_pool_reloads_failed_total', 'Total number of failed scrape pool reloads.'),
    reloadLength: summary(
      'prometheus_target_reload_length_seconds',
      'Actual interval to reload the scrape pool with a given configuration.',
      'interval',
    ),
    poolSyncs: counter('prometheus_target_scrape_pool_sync_total', 'Total number of syncs that were executed on a scrape pool.', [
      'scrape_job',
    ]),
    syncFailed: counter('prometheus_target_sync_failed_total', 'Total number of target sync failures.', ['scrape_job']),
    syncLength: summary('prometheus_target_sync_length_seconds', 'Actual interval to sync the scrape pool.', 'scrape_job'),
    poolTargets: gauge('prometheus_target_scrape_pool_targets', 'Current number of targets in this scrape pool.'),
    poolTargetLimit: gauge('prometheus_target_scrape_pool_target_limit', 'Maximum number of targets allowed in this scrape pool.'),
    exceededTargetLimit: counter(
      'prometheus_target_scrape_pool_exceeded_target_limit_total',
      'Total number of times scrape pools hit the target limit, during sync or config reload.',
    ),
    exceededLabelLimits: counter(
      'prometheus_target_scrape_pool_exceeded_label_limits_total',
      'Total number of times scrape pools hit the label limits, during sync or config reload.',
    ),
    exceededBodySize: counter(
      'prometheus_target_scrapes_exceeded_body_size_limit_total',
      'Total number of scrapes that hit the body size limit',
    ),
    exceededSampleLimit: counter(
      'prometheus_target_scrapes_exceeded_sample_limit_total',
      'Total number of scrapes that hit the sample limit and were rejected.',
    ),
    duplicateSamples: counter(
      'prometheus_target_scrapes_sample_duplicate_timestamp_total',
      'Total number of samples rejected due to duplicate timestamps but different values.',
    ),
    outOfOrderSamples: counter(
      'prometheus_target_scrapes_sample_out_of_order_total',
      'Total number of samples rejected due to not being out of the expected order.',
    ),
    outOfBoundsSamples: counter(
      'prometheus_target_scrapes_sample_out_of_bounds_total',
      'Total number of samples rejected due to timestamp falling outside of the time bounds.',
    ),
    intervalLength: new RecentSummary({
      name: 'prometheus_target_interval_length_seconds',
      help: 'Actual intervals between scrapes.',
      labelName: 'interval',
      quantiles: PERCENTILES,
      clock,
      registry,
    }),
    scrapeDuration: new PlainHistogram({
      name: 'prometheus_target_scrape_duration_seconds',
      help: 'Total duration of the scrape from start to commit completion in seconds.',
      registry,
    }),
    metadataEntries: perJob(
      'prometheus_target_metadata_cache_entries',
      'Total number of metric metadata entries in the cache',
      ({ size }) => size,
    ),
    metadataBytes: perJob(
      'prometheus_target_metadata_cache_bytes',
      'The number of bytes that are currently used for storing metric metadata in the cache',
      ({ bytes }) => bytes,
    ),
    commits,
    failedCommits: counter('promlet_scrape_commits_failed_total', 'Scrapes that the store did not take.'),
  }
}
