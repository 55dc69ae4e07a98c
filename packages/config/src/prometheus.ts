import { Labels, type NameValidation, quote } from '@promlet/model'
import { type AlertingConfig, alertingSection, settleAlerting, toAlertingConfig } from './alerting.ts'
import { type Environment, expandLabels } from './external-labels.ts'
import { type GlobalConfig, type GlobalValues, globalSection, settleGlobal } from './global.ts'
import { toNameValidation } from './name-escaping.ts'
import type { Problem } from './problem.ts'
import { type RemoteReadConfig, remoteReadConfigs, settleRemoteRead, toRemoteReadConfig } from './remote-read.ts'
import { type RemoteWriteConfig, remoteWriteConfigs, settleRemoteWrite, toRemoteWriteConfig } from './remote-write.ts'
import type { RuleFile, RuleOptions } from './rules.ts'
import { checked, place, section, type Values } from './schema/field.ts'
import { texts } from './schema/scalar.ts'
import { below, isEmpty, note, openYaml, report, type YamlFile } from './schema/yaml-file.ts'
import { type ScrapeConfig, type ScrapeValues, scrapeConfigs, settleScrape, toScrapeConfig } from './scrape.ts'
import { type StorageConfig, storageSection, toStorageConfig } from './storage.ts'
import { checkOtlpNames, otlpSection, runtimeSection, tracingSection } from './unsupported.ts'

/** A whole `prometheus.yml` with its rule files, read, checked and with defaults filled in. */
export interface PrometheusConfig {
  readonly global: GlobalConfig
  readonly scrapeConfigs: readonly ScrapeConfig[]
  /** The patterns as written, relative ones resolved against the configuration's folder. */
  readonly ruleFilePatterns: readonly string[]
  readonly ruleFiles: readonly RuleFile[]
  readonly alerting: AlertingConfig
  readonly remoteWrite: readonly RemoteWriteConfig[]
  readonly remoteRead: readonly RemoteReadConfig[]
  readonly storage: StorageConfig
  /** The effective configuration as YAML with defaults and with secrets hidden, for `/api/v1/status/config`. */
  readonly yaml: string
  /** What was accepted and is worth a line in the log: fields without effect here, unset environment variables. */
  readonly notes?: readonly Problem[]
}

/** How a configuration is read. */
export interface ConfigOptions extends RuleOptions {
  /** Refuse what an agent has no use for: alerting, rule_files, remote_read. */
  readonly agentMode?: boolean
  /** Replace references to the environment in external labels; absent: yes. */
  readonly expandExternalLabels?: boolean
  /** Absent: that of this process. */
  readonly environment?: Environment
  /** Also check what the configuration points to, as `promtool check config` does: files, and targets after relabelling. */
  readonly checkReferences?: boolean
}

const PATH_PATTERN = /^[^*]*(\*[^/]*)?$/

const paths = (what: string) =>
  checked(texts(), (patterns) => {
    const wrong = patterns.find((pattern) => !PATH_PATTERN.test(pattern))
    return wrong === undefined ? undefined : `invalid ${what} file path ${quote(wrong)}; expected one * at most, in the last part`
  })

/** In the order in which Prometheus prints them. */
const topFields = {
  global: globalSection,
  runtime: runtimeSection,
  alerting: alertingSection,
  rule_files: paths('rule'),
  scrape_config_files: paths('scrape config'),
  scrape_configs: scrapeConfigs,
  storage: storageSection,
  tracing: tracingSection,
  remote_write: remoteWriteConfigs,
  remote_read: remoteReadConfigs,
  otlp: otlpSection,
}
export type TopValues = Values<typeof topFields>

export const topSection = section('config.plain', topFields)

/** A configuration under reading: settled values, and its problems in `file`. */
export interface Draft {
  readonly file: YamlFile
  readonly values: TopValues
}

/** Reads, fills in defaults and checks; what is wrong is in the file's problems. */
export function readPrometheus(contents: string, path: string, options: ConfigOptions): Draft {
  const root = openYaml(contents, path, options)
  const { file } = root
  const isReadable = file.problems.length === 0
  const values = !isReadable || isEmpty(root) ? topSection.missing(root) : topSection.read(root)
  return { file, values: settle(values, options) }
}

function settle(values: TopValues, options: ConfigOptions): TopValues {
  const global = settleGlobal(values.global)
  const nameValidation = nameValidationOf(global)
  const settled: TopValues = {
    ...values,
    global: { ...global, external_labels: expandExternalLabels(global, options) },
    alerting: settleAlerting(values.alerting, nameValidation),
    scrape_configs: values.scrape_configs.map((job) => settleScrape(job, global)),
    remote_write: settleRemoteWrite(values.remote_write, nameValidation),
    remote_read: settleRemoteRead(values.remote_read),
  }
  checkJobNames(settled.scrape_configs)
  checkOtlpNames(values.otlp, nameValidation === 'legacy')
  if (options.agentMode === true) checkAgentMode(values)
  return settled
}

export function nameValidationOf(global: GlobalValues): NameValidation {
  return toNameValidation(global.metric_name_validation_scheme)
}

function expandExternalLabels(global: GlobalValues, options: ConfigOptions): GlobalValues['external_labels'] {
  if (options.expandExternalLabels === false) return global.external_labels
  const at = below(global[place], 'external_labels')
  return expandLabels(global.external_labels, options.environment ?? process.env, (name) => note(at, `Empty environment variable ${name}`))
}

function checkJobNames(jobs: readonly ScrapeValues[]): void {
  const seen = new Set<string>()
  for (const { job_name: name, [place]: at } of jobs) {
    if (name !== '' && seen.has(name)) {
      report(below(at, 'job_name'), `found multiple scrape configs with job name ${quote(name)}`)
    }
    seen.add(name)
  }
}

function checkAgentMode(values: TopValues): void {
  const { alert_relabel_configs: relabelling, alertmanagers } = values.alerting
  const used = { alerting: [...relabelling, ...alertmanagers], rule_files: values.rule_files, remote_read: values.remote_read }
  for (const [name, items] of Object.entries(used)) {
    if (items.length > 0) report(below(values[place], name), `field ${name} is not allowed in agent mode`)
  }
}

/** A scrape job and the folder that its relative files are of. */
export interface Job {
  readonly values: ScrapeValues
  readonly folder: string
}

export interface Parts {
  readonly jobs: readonly Job[]
  readonly ruleFilePatterns: readonly string[]
  readonly ruleFiles: readonly RuleFile[]
  readonly yaml: string
}

/** The typed form of a draft without problems. */
export function toPrometheusConfig({ file, values }: Draft, folder: string, parts: Parts): PrometheusConfig {
  const { jobs, ...rest } = parts
  return {
    global: toGlobalConfig(values.global),
    scrapeConfigs: jobs.map((job) => toScrapeConfig(job.values, job.folder)),
    ...rest,
    alerting: toAlertingConfig(values.alerting, folder),
    remoteWrite: values.remote_write.map((config) => toRemoteWriteConfig(config, folder)),
    remoteRead: values.remote_read.map((config) => toRemoteReadConfig(config, folder)),
    storage: toStorageConfig(values.storage),
    notes: file.notes,
  }
}

function toGlobalConfig(values: GlobalValues): GlobalConfig {
  return {
    scrapeIntervalMs: values.scrape_interval,
    scrapeTimeoutMs: values.scrape_timeout,
    evaluationIntervalMs: values.evaluation_interval,
    ruleQueryOffsetMs: values.rule_query_offset,
    externalLabels: Labels.of(values.external_labels),
    nameValidation: nameValidationOf(values),
  }
}
