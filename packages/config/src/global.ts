import { type DurationMs, isLegacyLabelName, type Labels, type NameValidation, quote } from '@promlet/model'
import { labelSet } from './label-set.ts'
import { refuseEscaping } from './name-escaping.ts'
import { notYet, optional, place, section, type Values } from './schema/field.ts'
import { bool, choice, duration, shown, size, text, texts, uint } from './schema/scalar.ts'
import { below, report } from './schema/yaml-file.ts'
import { checkScrapeProtocols } from './scrape-protocol.ts'

export interface GlobalConfig {
  readonly scrapeIntervalMs: DurationMs
  readonly scrapeTimeoutMs: DurationMs
  readonly evaluationIntervalMs: DurationMs
  readonly ruleQueryOffsetMs: DurationMs
  /** References to the environment are replaced. */
  readonly externalLabels: Labels
  /** Which names rules and relabelling may make; absent: `utf8`. */
  readonly nameValidation?: NameValidation
}

const SCRAPE_INTERVAL_MS = 60_000
const SCRAPE_TIMEOUT_MS = 10_000
const EVALUATION_INTERVAL_MS = 60_000

/** Which names are valid; empty where a job inherits it. */
export const nameValidation = choice(
  ['', 'utf8', 'legacy'],
  '',
  (found) => `unrecognized ValidationScheme: ${quote(found)}; expected utf8 or legacy`,
)

const NATIVE_HISTOGRAMS = 'native histograms'
export const FAILURE_LOG = 'a log file of failed scrapes'

/** The fields that jobs inherit where they do not set them: limits and what is scraped. */
export const inheritedFields = {
  body_size_limit: size(),
  sample_limit: uint(),
  target_limit: uint(),
  label_limit: uint(),
  label_name_length_limit: uint(),
  label_value_length_limit: uint(),
  keep_dropped_targets: uint(),
  metric_name_validation_scheme: nameValidation,
  metric_name_escaping_scheme: text(),
  scrape_native_histograms: notYet(optional(shown(bool())), NATIVE_HISTOGRAMS),
  convert_classic_histograms_to_nhcb: notYet(optional(shown(bool())), NATIVE_HISTOGRAMS),
  always_scrape_classic_histograms: notYet(optional(shown(bool())), NATIVE_HISTOGRAMS),
  extra_scrape_metrics: optional(shown(bool())),
}

const globalFields = {
  scrape_interval: duration(),
  scrape_timeout: duration(),
  scrape_protocols: optional(texts('[]config.ScrapeProtocol')),
  evaluation_interval: duration(),
  rule_query_offset: duration(),
  query_log_file: notYet(text(), 'a log file of queries'),
  scrape_failure_log_file: notYet(text(), FAILURE_LOG),
  external_labels: labelSet(),
  ...inheritedFields,
}
export type GlobalValues = Values<typeof globalFields>

export const globalSection = section('config.plain', globalFields, checkGlobal)

function checkGlobal(values: GlobalValues): void {
  const interval = values.scrape_interval || SCRAPE_INTERVAL_MS
  if (values.scrape_timeout > interval) {
    report(below(values[place], 'scrape_timeout'), 'global scrape timeout greater than scrape interval')
  }
  if (values.scrape_protocols !== undefined) {
    checkScrapeProtocols(below(values[place], 'scrape_protocols'), values.scrape_protocols, 'for global config')
  }
  const escaping = values.metric_name_escaping_scheme
  const refused = escaping === '' ? undefined : refuseEscaping('global', escaping)
  if (refused !== undefined) report(below(values[place], 'metric_name_escaping_scheme'), refused)
  if (values.metric_name_validation_scheme !== 'legacy') return
  for (const name of Object.keys(values.external_labels)) {
    if (!isLegacyLabelName(name)) report(below(values[place], 'external_labels', name), `${quote(name)} is not a valid label name`)
  }
}

/** The values with all defaults; zero durations count as not given, as in Prometheus. */
export function settleGlobal(values: GlobalValues): GlobalValues {
  const scrapeInterval = values.scrape_interval || SCRAPE_INTERVAL_MS
  return {
    ...values,
    scrape_interval: scrapeInterval,
    scrape_timeout: values.scrape_timeout || Math.min(SCRAPE_TIMEOUT_MS, scrapeInterval),
    evaluation_interval: values.evaluation_interval || EVALUATION_INTERVAL_MS,
    metric_name_validation_scheme: values.metric_name_validation_scheme || 'utf8',
    scrape_native_histograms: values.scrape_native_histograms ?? false,
    extra_scrape_metrics: values.extra_scrape_metrics ?? false,
  }
}
