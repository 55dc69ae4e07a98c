import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CUSTOM_BUCKETS_SCHEMA, type Histogram } from './histogram.ts'
import {
  addHistograms,
  compactHistogram,
  divideHistogram,
  reduceResolution,
  scaleHistogram,
  subtractHistograms,
} from './histogram-arithmetic.ts'
import { allBuckets, spansOf } from './histogram-buckets.ts'
import { equalHistograms, isReset } from './histogram-compare.ts'
import { describeHistogram, formatHistogram } from './histogram-text.ts'

/** Buckets by their index; empty indexes between them are left out. */
function histogram(
  parts: Partial<Omit<Histogram, 'positiveBuckets' | 'negativeBuckets'>> & { positive?: Side; negative?: Side },
): Histogram {
  const { positive = {}, negative = {}, ...rest } = parts
  const indexes = (side: Side) =>
    Object.keys(side)
      .map(Number)
      .sort((left, right) => left - right)
  const counts = (side: Side) => Float64Array.from(indexes(side), (index) => side[index] as number)
  return {
    ...{ schema: 0, zeroThreshold: 0, zeroCount: 0, count: 0, sum: 0, counterResetHint: 'unknown', float: true },
    ...rest,
    positiveSpans: spansOf(indexes(positive)),
    positiveBuckets: counts(positive),
    negativeSpans: spansOf(indexes(negative)),
    negativeBuckets: counts(negative),
  }
}

type Side = Readonly<Record<number, number>>

const custom = (bounds: readonly number[], positive: Side, rest: Partial<Histogram> = {}) =>
  histogram({ ...rest, schema: CUSTOM_BUCKETS_SCHEMA, customValues: Float64Array.from(bounds), positive })

function sum(left: Histogram, right: Histogram): Histogram {
  return (addHistograms(left, right) as { histogram: Histogram }).histogram
}

describe('a sum of histograms', () => {
  test('adds counts bucket by bucket, new buckets in between', () => {
    const left = histogram({ count: 3, sum: 4, positive: { 0: 1, 2: 2 } })
    const right = histogram({ count: 7, sum: 10, positive: { 1: 3, 2: 4 } })
    expect(describeHistogram(sum(left, right))).toBe('{{count:10 sum:14 buckets:[1 3 6]}}')
  })

  test('meets at the lower resolution', () => {
    const fine = histogram({ schema: 1, positive: { 0: 1, 1: 2, 2: 3, 3: 4 } })
    const coarse = histogram({ schema: 0, positive: { 1: 10 } })
    expect(describeHistogram(sum(fine, coarse))).toBe('{{buckets:[1 15 4]}}')
    expect(describeHistogram(sum(coarse, fine))).toBe('{{buckets:[1 15 4]}}')
  })

  test('widens the zero bucket to the end of every bucket that it reaches into', () => {
    // The threshold 0.3 lies in the bucket (0.25, 0.5], which is populated: it becomes 0.5.
    const narrow = histogram({ zeroThreshold: 0.001, zeroCount: 1, positive: { [-2]: 2, [-1]: 4, 0: 8 } })
    const wide = histogram({ zeroThreshold: 0.3, zeroCount: 10, positive: { 0: 20 } })
    const result = sum(narrow, wide)
    expect(result.zeroThreshold).toBe(0.5)
    expect(result.zeroCount).toBe(17)
    expect(formatHistogram(result)).toBe('{count:0, sum:0, [-0.5,0.5]:17, (0.5,1]:28}')
  })

  test('does not widen for an empty bucket', () => {
    const narrow = histogram({ zeroThreshold: 0.001, positive: { [-1]: 0, 0: 8 } })
    const wide = histogram({ zeroThreshold: 0.3, positive: { 0: 20 } })
    expect(sum(narrow, wide).zeroThreshold).toBe(0.3)
  })

  test('of custom buckets meets at the bounds that both share', () => {
    const left = custom([2, 4, 6], { 0: 1, 1: 2, 2: 5, 3: 7 })
    const right = custom([1, 2, 3, 4, 5, 6, 7, 8], { 0: 10, 1: 20, 2: 30, 3: 40, 4: 50, 5: 60, 6: 70, 7: 80, 8: 90 })
    const result = subtractHistograms(right, left)
    expect(result?.areBoundsReconciled).toBe(true)
    expect(describeHistogram(result?.histogram as Histogram)).toBe('{{schema:-53 custom_values:[2 4 6] buckets:[29 68 105 233]}}')
    expect(addHistograms(left, left)?.areBoundsReconciled).toBe(false)
  })

  test('of custom buckets without a shared bound has one bucket', () => {
    expect(describeHistogram(sum(custom([10], { 0: 1 }), custom([5], { 0: 1 })))).toBe('{{schema:-53 custom_values:[] buckets:[2]}}')
  })

  test('of custom and exponential buckets is none', () => {
    expect(addHistograms(custom([5], { 0: 1 }), histogram({}))).toBeUndefined()
  })

  test('knows what became of the reset hints', () => {
    const hints = (left: Histogram['counterResetHint'], right: Histogram['counterResetHint']) => {
      const result = addHistograms(histogram({ counterResetHint: left }), histogram({ counterResetHint: right }))
      return [result?.histogram.counterResetHint, result?.isResetCollision]
    }
    expect(hints('reset', 'reset')).toEqual(['reset', false])
    expect(hints('gauge', 'reset')).toEqual(['gauge', false])
    expect(hints('not-reset', 'gauge')).toEqual(['gauge', false])
    expect(hints('unknown', 'not-reset')).toEqual(['unknown', false])
    expect(hints('reset', 'not-reset')).toEqual(['unknown', true])
  })

  const side = fc.dictionary(fc.integer({ min: -20, max: 20 }).map(String), fc.integer({ min: 0, max: 9 }), { maxKeys: 8 })
  const some = fc
    .record({
      schema: fc.integer({ min: -2, max: 3 }),
      zeroThreshold: fc.constantFrom(0, 0.01, 0.3, 1.5),
      zeroCount: fc.nat(9),
      positive: side,
      negative: side,
    })
    .map((parts) => {
      // No bucket may reach into the zero bucket.
      const outside = (buckets: Record<string, number>) =>
        Object.fromEntries(
          Object.entries(buckets).filter(([index]) => 2 ** ((Number(index) - 1) * 2 ** -parts.schema) >= parts.zeroThreshold),
        )
      return histogram({ ...parts, positive: outside(parts.positive), negative: outside(parts.negative) })
    })
  const total = (one: Histogram) => allBuckets(one).reduce((all, { count }) => all + count, 0)

  test('keeps every observation, and does not depend on the order', () => {
    fc.assert(
      fc.property(some, some, (left, right) => {
        const result = sum(left, right)
        expect(total(result)).toBe(total(left) + total(right))
        expect(equalHistograms(compactHistogram(result), compactHistogram(sum(right, left)))).toBe(true)
      }),
    )
  })

  test('a histogram minus itself is empty', () => {
    fc.assert(
      fc.property(some, (one) => {
        const difference = subtractHistograms(one, one)?.histogram as Histogram
        expect(compactHistogram(difference).positiveBuckets).toHaveLength(0)
        expect(difference.zeroCount).toBe(0)
      }),
    )
  })

  test('nothing that only grew looks like a reset', () => {
    fc.assert(fc.property(some, some, (one, other) => !isReset(sum(one, other), one)))
  })
})

describe('multiples', () => {
  const one = histogram({ count: 4, sum: 6, zeroCount: 2, positive: { 1: 2 } })

  test('scale every count and the sum', () => {
    expect(describeHistogram(scaleHistogram(one, 0.5))).toBe('{{count:2 sum:3 z_bucket:1 offset:1 buckets:[1]}}')
    expect(describeHistogram(divideHistogram(one, 2))).toBe('{{count:2 sum:3 z_bucket:1 offset:1 buckets:[1]}}')
  })

  test('with a negative factor are gauges', () => {
    expect(scaleHistogram(one, -1).counterResetHint).toBe('gauge')
    expect(divideHistogram(one, -1).counterResetHint).toBe('gauge')
  })

  test('divided by zero have no buckets left', () => {
    const nothing = divideHistogram(one, 0)
    expect(nothing.positiveSpans).toEqual([])
    expect(nothing.count).toBe(Infinity)
  })
})

describe('resets', () => {
  const before = histogram({ count: 5, zeroThreshold: 0.01, zeroCount: 1, positive: { 0: 1, 1: 3 } })
  const says = (title: string, now: Histogram, expected: boolean) => test(title, () => expect(isReset(now, before)).toBe(expected))
  says('the same histogram is none', before, false)
  says('a smaller count is one', { ...before, count: 4 }, true)
  says('a smaller bucket is one', { ...before, positiveBuckets: Float64Array.of(1, 2) }, true)
  says('a bucket that is gone is one', histogram({ count: 5, zeroThreshold: 0.01, zeroCount: 1, positive: { 1: 4 } }), true)
  says('a higher resolution is one', { ...before, schema: 1 }, true)
  says('a lower resolution with room for all is none', reduceResolution(before, -1), false)
  says('a narrower zero bucket is one', { ...before, zeroThreshold: 0.001 }, true)
  says('a hint decides without looking', { ...before, count: 1, counterResetHint: 'not-reset' }, false)
  says('a hint of a reset too', { ...before, counterResetHint: 'reset' }, true)

  test('custom buckets are compared at the bounds that both share', () => {
    const then = custom([2, 4], { 0: 1, 1: 2 }, { count: 3 })
    expect(isReset(custom([2, 3, 4], { 0: 1, 1: 1, 2: 1 }, { count: 3 }), then)).toBe(false)
    expect(isReset(custom([2, 3, 4], { 0: 2, 1: 1 }, { count: 3 }), then)).toBe(true)
  })
})

describe('texts', () => {
  test('a histogram prints with its bounds', () => {
    const one = histogram({ count: 7, sum: 1.5, zeroThreshold: 0.5, zeroCount: 1, positive: { 1: 2 }, negative: { 1: 4 } })
    expect(formatHistogram(one)).toBe('{count:7, sum:1.5, [-2,-1):4, [-0.5,0.5]:1, (1,2]:2}')
    expect(formatHistogram(custom([5, 10], { 0: 1, 2: 3 }, { count: 4 }))).toBe('{count:4, sum:0, [-Inf,5]:1, (10,+Inf]:3}')
  })

  test('the test language has one span a side, gaps as zeros', () => {
    const one = histogram({ schema: 1, zeroCount: 1, zeroThreshold: 0.1, positive: { [-3]: 5.1, 2: 7 }, negative: { 5: 4 } })
    expect(describeHistogram(one)).toBe('{{schema:1 z_bucket:1 z_bucket_w:0.1 offset:-3 buckets:[5.1 0 0 0 0 7] n_offset:5 n_buckets:[4]}}')
  })
})
