import type { Clock } from '@promlet/model'
import type { Logger } from '@promlet/telemetry'
import type { DiscoveryMetrics } from './metrics.ts'
import type { TargetGroup } from './target-group.ts'

/** One running way to find targets. */
export interface Provider {
  /** What it knows now. */
  groups(): readonly TargetGroup[]
  close(): Promise<void>
}

export interface ProviderOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: DiscoveryMetrics
  /** To be called when `groups` gives something else than before. */
  readonly onChange: () => void
}
