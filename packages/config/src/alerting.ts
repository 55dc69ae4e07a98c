import type { DurationMs, NameValidation, RelabelConfig } from '@promlet/model'
import { checkStaticTargets, type DiscoveryConfig, discoveryFields, toDiscovery } from './discovery.ts'
import { checkHttp, type HttpClientConfig, httpFields, settleHttp, toHttpClientConfig } from './http-client.ts'
import { checkRelabelNames, relabelConfigs, toRelabelConfig } from './relabel.ts'
import { leftOut, list, section, type Values } from './schema/field.ts'
import { choice, duration, shown, text } from './schema/scalar.ts'

/** The `alerting` section: where alerts go. */
export interface AlertingConfig {
  readonly alertRelabelConfigs: readonly RelabelConfig[]
  readonly alertmanagers: readonly AlertmanagersConfig[]
}

/** One set of Alertmanagers that are reached alike. */
export interface AlertmanagersConfig {
  readonly scheme: 'http' | 'https'
  readonly pathPrefix: string
  readonly timeoutMs: DurationMs
  readonly http: HttpClientConfig
  readonly discovery: readonly DiscoveryConfig[]
  readonly relabelConfigs: readonly RelabelConfig[]
  readonly alertRelabelConfigs: readonly RelabelConfig[]
}

const alertmanagerFields = {
  ...httpFields,
  sigv4: leftOut('signing for Amazon Web Services is left out of this development stack'),
  scheme: choice(['http', 'https'], 'http', (found) => `unsupported scheme "${found}"; expected http or https`),
  path_prefix: text(),
  timeout: duration(10_000),
  api_version: shown(choice(['v2'], 'v2', (found) => `expected Alertmanager api version to be one of [v2] but got ${found}`)),
  relabel_configs: relabelConfigs('empty or null Alertmanager target relabeling rule'),
  alert_relabel_configs: relabelConfigs('empty or null Alertmanager alert relabeling rule'),
  ...discoveryFields,
}
type AlertmanagerValues = Values<typeof alertmanagerFields>

const alertingFields = {
  alert_relabel_configs: relabelConfigs('empty or null alert relabeling rule'),
  alertmanagers: list(section('config.AlertmanagerConfig', alertmanagerFields, checkAlertmanager)),
}
export type AlertingValues = Values<typeof alertingFields>

export const alertingSection = section('config.plain', alertingFields)

function checkAlertmanager(values: AlertmanagerValues): void {
  checkHttp(values)
  checkStaticTargets(values)
}

/** Fills in defaults and reports names that the scheme does not allow. */
export function settleAlerting(values: AlertingValues, nameValidation: NameValidation): AlertingValues {
  checkRelabelNames(values.alert_relabel_configs, nameValidation)
  for (const { relabel_configs: targets, alert_relabel_configs: alerts } of values.alertmanagers) {
    checkRelabelNames([...targets, ...alerts], nameValidation)
  }
  return { ...values, alertmanagers: values.alertmanagers.map(settleHttp) }
}

/** The typed form of settled values; relative files are those of `folder`. */
export function toAlertingConfig(values: AlertingValues, folder: string): AlertingConfig {
  return {
    alertRelabelConfigs: values.alert_relabel_configs.map(toRelabelConfig),
    alertmanagers: values.alertmanagers.map((set) => ({
      scheme: set.scheme,
      pathPrefix: set.path_prefix,
      timeoutMs: set.timeout,
      http: toHttpClientConfig(set, folder),
      discovery: toDiscovery(set, folder),
      relabelConfigs: set.relabel_configs.map(toRelabelConfig),
      alertRelabelConfigs: set.alert_relabel_configs.map(toRelabelConfig),
    })),
  }
}
