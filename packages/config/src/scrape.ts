import type { DurationMs, RelabelConfig } from '@promlet/model'
import type { DiscoveryConfig } from './discovery.ts'
import type { HttpClientConfig } from './http-client.ts'

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
