import { type DurationMs, type NameValidation, quote, type RelabelConfig } from '@promlet/model'
import { checkStaticTargets, type DiscoveryConfig, discoveryFields, toDiscovery } from './discovery.ts'
import { FAILURE_LOG, type GlobalValues, inheritedFields } from './global.ts'
import { checkHttp, type HttpClientConfig, httpFields, settleHttp, toHttpClientConfig } from './http-client.ts'
import { escapingOf, type NameEscaping, refuseEscaping, toNameValidation } from './name-escaping.ts'
import { checkRelabelNames, relabelConfigs, toRelabelConfig } from './relabel.ts'
import { type Field, list, mapOf, notYet, optional, place, section, sound, type Values } from './schema/field.ts'
import { bool, choice, duration, float, shown, text, texts, uint } from './schema/scalar.ts'
import { below, report } from './schema/yaml-file.ts'
import {
  checkScrapeProtocols,
  DEFAULT_SCRAPE_PROTOCOLS,
  PROTO_FIRST_SCRAPE_PROTOCOLS,
  refuseScrapeProtocol,
  type ScrapeProtocol,
} from './scrape-protocol.ts'

/** One entry of `scrape_configs`, with global settings and defaults filled in. */
export interface ScrapeConfig {
  readonly jobName: string
  readonly scrapeIntervalMs: DurationMs
  readonly scrapeTimeoutMs: DurationMs
  readonly metricsPath: string
  readonly scheme: 'http' | 'https'
  /** A name may have several values. */
  readonly params: Readonly<Record<string, readonly string[]>>
  readonly honorLabels: boolean
  readonly honorTimestamps: boolean
  readonly trackTimestampsStaleness: boolean
  readonly enableCompression: boolean
  readonly http: HttpClientConfig
  readonly discovery: readonly DiscoveryConfig[]
  readonly relabelConfigs: readonly RelabelConfig[]
  readonly metricRelabelConfigs: readonly RelabelConfig[]
  readonly limits: ScrapeLimits
  /** Parse as this when the answer's Content-Type names no known format; the empty string: fail. */
  readonly fallbackScrapeProtocol: string
  /** The formats to ask for, the most wanted first; the loader always sets it. */
  readonly scrapeProtocols?: readonly ScrapeProtocol[]
  /** Which names a scrape may have; absent: `utf8`. */
  readonly nameValidation?: NameValidation
  /** How names outside the legacy scheme are to be written; absent: `allow-utf-8`. */
  readonly nameEscaping?: NameEscaping
  readonly histograms?: ScrapeHistograms
  /** Store `scrape_timeout_seconds`, `scrape_sample_limit` and `scrape_body_size_bytes` too. */
  readonly extraScrapeMetrics?: boolean
}

/** Zero means no limit. Exceeding one fails the scrape. */
export interface ScrapeLimits {
  readonly bodyBytesMax: number
  readonly samplesMax: number
  readonly labelsMax: number
  readonly labelNameLengthMax: number
  readonly labelValueLengthMax: number
  /** Targets of the job after relabelling; above it all of them fail. */
  readonly targetsMax: number
  readonly keepDroppedTargetsMax: number
}

export interface ScrapeHistograms {
  readonly native: boolean
  readonly alwaysClassic: boolean
  /** Make native histograms with custom buckets of classic ones. */
  readonly convertClassic: boolean
  readonly bucketsMax: number
  readonly minBucketFactor: number
}

/** A field of the table of `global` that a job repeats. */
const inherited = inheritedFields

/** In the order in which Prometheus prints them. */
const scrapeFields = {
  job_name: shown(text()),
  honor_labels: bool(),
  honor_timestamps: bool(true),
  track_timestamps_staleness: shown(bool()),
  params: mapOf(texts()),
  scrape_interval: duration(),
  scrape_timeout: duration(),
  scrape_protocols: optional(texts('[]config.ScrapeProtocol')),
  fallback_scrape_protocol: text('', 'config.ScrapeProtocol'),
  scrape_native_histograms: inherited.scrape_native_histograms,
  always_scrape_classic_histograms: inherited.always_scrape_classic_histograms,
  convert_classic_histograms_to_nhcb: inherited.convert_classic_histograms_to_nhcb,
  scrape_failure_log_file: notYet(text(), FAILURE_LOG),
  metrics_path: text('/metrics'),
  scheme: choice(['http', 'https'], 'http', (found) => `unsupported scheme ${quote(found)}; expected http or https`),
  enable_compression: bool(true),
  body_size_limit: inherited.body_size_limit,
  sample_limit: inherited.sample_limit,
  target_limit: inherited.target_limit,
  label_limit: inherited.label_limit,
  label_name_length_limit: inherited.label_name_length_limit,
  label_value_length_limit: inherited.label_value_length_limit,
  native_histogram_bucket_limit: notYet(uint(), 'native histograms'),
  native_histogram_min_bucket_factor: notYet(float(), 'native histograms'),
  keep_dropped_targets: inherited.keep_dropped_targets,
  metric_name_validation_scheme: inherited.metric_name_validation_scheme,
  metric_name_escaping_scheme: inherited.metric_name_escaping_scheme,
  extra_scrape_metrics: inherited.extra_scrape_metrics,
  ...httpFields,
  relabel_configs: relabelConfigs('empty or null target relabeling rule in scrape config'),
  metric_relabel_configs: relabelConfigs('empty or null metric relabeling rule in scrape config'),
  ...discoveryFields,
}
export type ScrapeValues = Values<typeof scrapeFields>

/** `scrape_configs`, as it stands in the main file and in those of `scrape_config_files`. */
export const scrapeConfigs: Field<readonly ScrapeValues[]> = list(
  section('config.ScrapeConfig', scrapeFields, checkScrape),
  'empty or null scrape config section',
)

/** A file of `scrape_config_files`. */
export const scrapeFileSection = section('config.ScrapeConfigs', { scrape_configs: scrapeConfigs })

function checkScrape(values: ScrapeValues): void {
  if (values.job_name === '') report(below(values[place], 'job_name'), 'job_name is empty')
  checkHttp(values)
  checkStaticTargets(values)
}

/** Fills in what `global` says and reports what does not fit to it. `global` is settled. */
export function settleScrape(values: ScrapeValues, global: GlobalValues): ScrapeValues {
  const interval = values.scrape_interval || global.scrape_interval
  const settled: ScrapeValues = {
    ...settleHttp(values),
    ...inheritLimits(values, global),
    scrape_interval: interval,
    scrape_timeout: values.scrape_timeout || Math.min(global.scrape_timeout, interval),
    scrape_failure_log_file: values.scrape_failure_log_file || global.scrape_failure_log_file,
    scrape_native_histograms: values.scrape_native_histograms ?? global.scrape_native_histograms,
    extra_scrape_metrics: values.extra_scrape_metrics ?? global.extra_scrape_metrics,
    convert_classic_histograms_to_nhcb: values.convert_classic_histograms_to_nhcb ?? global.convert_classic_histograms_to_nhcb ?? false,
    always_scrape_classic_histograms: values.always_scrape_classic_histograms ?? global.always_scrape_classic_histograms ?? false,
    metric_name_validation_scheme: values.metric_name_validation_scheme || global.metric_name_validation_scheme,
    metric_name_escaping_scheme: inheritEscaping(values, global),
  }
  const protocols = settled.scrape_native_histograms === true ? PROTO_FIRST_SCRAPE_PROTOCOLS : DEFAULT_SCRAPE_PROTOCOLS
  const complete = { ...settled, scrape_protocols: values.scrape_protocols ?? global.scrape_protocols ?? protocols }
  if (values[sound] && global[sound]) checkSettled(complete)
  return complete
}

const LIMITS = [
  'body_size_limit',
  'sample_limit',
  'target_limit',
  'label_limit',
  'label_name_length_limit',
  'label_value_length_limit',
  'keep_dropped_targets',
] as const

function inheritLimits(values: ScrapeValues, global: GlobalValues): Pick<ScrapeValues, (typeof LIMITS)[number]> {
  return Object.fromEntries(LIMITS.map((name) => [name, values[name] || global[name]])) as Pick<ScrapeValues, (typeof LIMITS)[number]>
}

/** A job that sets its own validation scheme does not take over how `global` escapes names. */
function inheritEscaping(values: ScrapeValues, global: GlobalValues): string {
  if (values.metric_name_escaping_scheme !== '') return values.metric_name_escaping_scheme
  if (values.metric_name_validation_scheme !== '') return escapingOf(values.metric_name_validation_scheme)
  return global.metric_name_escaping_scheme || escapingOf(global.metric_name_validation_scheme)
}

function checkSettled(values: ScrapeValues): void {
  const fail = (field: string, message: string) => report(below(values[place], field), message)
  const whose = `for scrape config with job name ${quote(values.job_name)}`
  if (values.scrape_timeout > values.scrape_interval) {
    fail('scrape_timeout', `scrape timeout greater than scrape interval ${whose}`)
  }
  checkScrapeProtocols(below(values[place], 'scrape_protocols'), values.scrape_protocols ?? [], whose)
  const fallback = values.fallback_scrape_protocol
  const unknown = fallback === '' ? undefined : refuseScrapeProtocol(fallback)
  if (unknown !== undefined) fail('fallback_scrape_protocol', `invalid fallback_scrape_protocol ${whose}: ${unknown}`)
  const escaping = values.metric_name_escaping_scheme
  const refused = refuseEscaping('scrape config', escaping)
  if (refused !== undefined) fail('metric_name_escaping_scheme', refused)
  if (escaping === 'allow-utf-8' && values.metric_name_validation_scheme === 'legacy') {
    fail('metric_name_escaping_scheme', 'utf8 metric names requested but validation scheme is not set to UTF8')
  }
  checkRelabelNames([...values.relabel_configs, ...values.metric_relabel_configs], toNameValidation(values.metric_name_validation_scheme))
}

/** The typed form of settled values; relative files are those of `folder`. */
export function toScrapeConfig(values: ScrapeValues, folder: string): ScrapeConfig {
  return {
    jobName: values.job_name,
    scrapeIntervalMs: values.scrape_interval,
    scrapeTimeoutMs: values.scrape_timeout,
    metricsPath: values.metrics_path,
    scheme: values.scheme,
    params: values.params,
    honorLabels: values.honor_labels,
    honorTimestamps: values.honor_timestamps,
    trackTimestampsStaleness: values.track_timestamps_staleness,
    enableCompression: values.enable_compression,
    http: toHttpClientConfig(values, folder),
    discovery: toDiscovery(values, folder),
    relabelConfigs: values.relabel_configs.map(toRelabelConfig),
    metricRelabelConfigs: values.metric_relabel_configs.map(toRelabelConfig),
    limits: toLimits(values),
    fallbackScrapeProtocol: values.fallback_scrape_protocol,
    scrapeProtocols: (values.scrape_protocols ?? DEFAULT_SCRAPE_PROTOCOLS) as readonly ScrapeProtocol[],
    nameValidation: toNameValidation(values.metric_name_validation_scheme),
    nameEscaping: values.metric_name_escaping_scheme as NameEscaping,
    histograms: toHistograms(values),
    extraScrapeMetrics: values.extra_scrape_metrics === true,
  }
}

function toLimits(values: ScrapeValues): ScrapeLimits {
  return {
    bodyBytesMax: values.body_size_limit,
    samplesMax: values.sample_limit,
    labelsMax: values.label_limit,
    labelNameLengthMax: values.label_name_length_limit,
    labelValueLengthMax: values.label_value_length_limit,
    targetsMax: values.target_limit,
    keepDroppedTargetsMax: values.keep_dropped_targets,
  }
}

function toHistograms(values: ScrapeValues): ScrapeHistograms {
  return {
    native: values.scrape_native_histograms === true,
    alwaysClassic: values.always_scrape_classic_histograms === true,
    convertClassic: values.convert_classic_histograms_to_nhcb === true,
    bucketsMax: values.native_histogram_bucket_limit,
    minBucketFactor: values.native_histogram_min_bucket_factor,
  }
}
