import type { DurationMs, RelabelConfig } from '@promlet/model'
import type { HttpClientConfig } from './http-client.ts'

/** One entry of `remote_write`. */
export interface RemoteWriteConfig {
  readonly url: string
  /** Names the queue in metrics; made from the settings when absent. */
  readonly name?: string
  readonly remoteTimeoutMs: DurationMs
  readonly writeRelabelConfigs: readonly RelabelConfig[]
  readonly http: HttpClientConfig
  readonly queue: QueueConfig
  readonly sendExemplars: boolean
  readonly sendNativeHistograms: boolean
}

export interface QueueConfig {
  /** Samples buffered per shard before an append is refused. */
  readonly capacity: number
  readonly maxShards: number
  readonly minShards: number
  readonly maxSamplesPerSend: number
  readonly batchSendDeadlineMs: DurationMs
  readonly minBackoffMs: DurationMs
  readonly maxBackoffMs: DurationMs
  readonly retryOnRateLimit: boolean
  /** Samples older than this are dropped instead of retried; 0: never. */
  readonly sampleAgeLimitMs: DurationMs
}
