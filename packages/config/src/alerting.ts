import type { DurationMs, RelabelConfig } from '@promlet/model'
import type { DiscoveryConfig } from './discovery.ts'
import type { HttpClientConfig } from './http-client.ts'

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
