import { type DurationMs, quote } from '@promlet/model'
import { checked, noEffect, notYet, optional, section, type Values } from './schema/field.ts'
import { duration, float, int, size, text } from './schema/scalar.ts'

export interface StorageConfig {
  readonly outOfOrderTimeWindowMs: DurationMs
  /** Absent: the flag, or its default, holds. */
  readonly retentionTimeMs?: DurationMs
  readonly retentionSizeBytes?: number
  /** 0 or less keeps none. */
  readonly exemplarsMax: number
}

const retentionFields = {
  time: duration(),
  size: checked(size(), (bytes) => (bytes < 0 ? "'storage.tsdb.retention.size' must be greater than or equal to 0" : undefined)),
  percentage: notYet(
    checked(float(), (percent) =>
      percent < 0 || percent > 100 ? `'storage.tsdb.retention.percentage' must be in the range [0, 100], got ${percent}` : undefined,
    ),
    'retention by the share of the disk; use size',
  ),
}

const chunkEncoding = checked(text(), (found) => {
  if (['', 'xor', 'xor2'].includes(found)) return undefined
  const expected = "must be 'xor' or 'xor2', or the field must be omitted entirely"
  return `'storage.tsdb.chunk_encoding.floats' ${expected}, got ${quote(found)}`
})

const tsdbFields = {
  out_of_order_time_window: duration(),
  stale_series_compaction_threshold: noEffect(float(), 'the store keeps no series in memory'),
  retention: optional(section('config.TSDBRetentionConfig', retentionFields)),
  chunk_encoding: optional(
    section('config.ChunkEncodingConfig', { floats: noEffect(chunkEncoding, 'the store takes the cheapest encoding for each chunk') }),
  ),
}

const exemplarFields = { max_exemplars: int() }

const storageFields = {
  tsdb: optional(section('config.plain', tsdbFields)),
  // Prometheus: config.DefaultExemplarsConfig where there is no such section; one that is empty means 0.
  exemplars: { ...section('config.ExemplarsConfig', exemplarFields), missing: () => ({ max_exemplars: 100_000 }) },
}
export type StorageValues = Values<typeof storageFields>

export const storageSection = section('config.StorageConfig', storageFields)

export function toStorageConfig({ tsdb, exemplars }: StorageValues): StorageConfig {
  const { time = 0, size: bytes = 0 } = tsdb?.retention ?? {}
  return {
    outOfOrderTimeWindowMs: tsdb?.out_of_order_time_window ?? 0,
    ...(time > 0 && { retentionTimeMs: time }),
    ...(bytes > 0 && { retentionSizeBytes: bytes }),
    exemplarsMax: exemplars.max_exemplars,
  }
}
