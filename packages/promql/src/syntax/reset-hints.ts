import { type Histogram, isReset } from '@promlet/model'
import type { SequenceValue } from './ast.ts'

/**
 * The values of a series with the hints that Prometheus's store gives histograms when they come in: within one chunk it
 * knows that there are no counter resets; of the first of a chunk, which a reset begins, it says nothing.
 */
export function withResetHints(values: readonly SequenceValue[]): readonly SequenceValue[] {
  let before: Histogram | undefined
  return values.map((value) => {
    if (value?.kind !== 'histogram') {
      if (value !== undefined) before = undefined
      return value
    }
    const { histogram } = value
    const isCounter = histogram.counterResetHint !== 'gauge'
    const goesOn = isCounter && before !== undefined && before.counterResetHint !== 'gauge' && !isReset(histogram, before)
    before = histogram
    if (!isCounter) return value
    return { kind: 'histogram', histogram: { ...histogram, counterResetHint: goesOn ? 'not-reset' : 'unknown' } }
  })
}
