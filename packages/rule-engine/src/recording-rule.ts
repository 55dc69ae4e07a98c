import type { Millis, VectorSample } from '@promlet/model'
import { RuleError } from './error.ts'
import type { RecordingRule } from './rule.ts'

/**
 * The samples that a recording rule writes: the result with the rule's name and labels.
 * @throws RuleError `duplicate-labels` or `limit` (0: no limit)
 */
export function recordedSamples(rule: RecordingRule, result: readonly VectorSample[], at: Millis, limit: number): readonly VectorSample[] {
  const samples = new Map<string, VectorSample>()
  for (const { labels, value, histogram } of result) {
    const recorded = rule.relabel(labels)
    if (samples.has(recorded.key)) {
      throw new RuleError('duplicate-labels', 'vector contains metrics with the same labelset after applying rule labels')
    }
    samples.set(recorded.key, { labels: recorded, at, value, ...(histogram && { histogram }) })
  }
  if (limit > 0 && samples.size > limit) throw new RuleError('limit', `exceeded limit of ${limit} with ${samples.size} series`)
  return [...samples.values()]
}
