// A native histogram as the query API prints it: count, sum and the populated buckets with their ends. The schema is
// not among it, but shows in how the ends of a bucket relate; what was never printed (the ends of empty custom buckets,
// the threshold of an empty zero bucket) is not known. Prometheus: util/jsonutil MarshalHistogram.

import { CUSTOM_BUCKETS_SCHEMA, type Histogram, parseFloatGo, spansOf } from '@promlet/model'

/** `[which ends belong to it, lower, upper, count]`: 0 the upper, 1 the lower, 2 none, 3 both. */
type JsonBucket = readonly [ends: number, lower: string, upper: string, count: string]

export interface JsonHistogram {
  readonly count: string
  readonly sum: string
  readonly buckets?: readonly JsonBucket[]
}

interface Bucket {
  readonly lower: number
  readonly upper: number
  readonly count: number
}

const BOTH_ENDS = 3
const SCHEMA_MIN = -4
const SCHEMA_MAX = 8
/** Ends are printed exactly; what is off is the rounding of the powers. */
const TOLERANCE = 1e-6

export function parseHistogramJson({ count, sum, buckets = [] }: JsonHistogram): Histogram {
  // A custom bucket that holds zero has both its ends too, but not at the same distance.
  const zero = buckets.find(([ends, lower, upper]) => ends === BOTH_ENDS && number(lower) === -number(upper))
  const others = buckets.filter((bucket) => bucket !== zero).map(([, lower, upper, inside]) => bucketOf(lower, upper, inside))
  const positive = others.filter(({ upper }) => upper > 0)
  const negative = others
    .filter(({ upper }) => upper <= 0)
    .map(({ lower, upper, count: inside }) => ({ lower: -upper, upper: -lower, count: inside }))
  const threshold = zero === undefined ? 0 : number(zero[2])
  const schema = schemaOf([...positive, ...negative], threshold)
  const totals = { count: number(count), sum: number(sum), counterResetHint: 'unknown', float: true } as const
  if (schema === undefined) return { ...totals, ...customBuckets(others) }
  const [positiveSpans, positiveBuckets] = exponentialBuckets(positive, schema)
  const [negativeSpans, negativeBuckets] = exponentialBuckets(negative.reverse(), schema)
  const zeroCount = zero === undefined ? 0 : number(zero[3])
  return { ...totals, schema, zeroThreshold: threshold, zeroCount, positiveSpans, positiveBuckets, negativeSpans, negativeBuckets }
}

function bucketOf(lower: string, upper: string, count: string): Bucket {
  return { lower: number(lower), upper: number(upper), count: number(count) }
}

function number(text: string): number {
  return parseFloatGo(text) ?? Number.NaN
}

/** The schema whose buckets have these ends; undefined when the buckets are custom ones. */
function schemaOf(buckets: readonly Bucket[], threshold: number): number | undefined {
  // The bucket next to zero may be cut at the threshold, so that its lower end says nothing.
  const whole = buckets.filter(({ lower }) => lower > threshold)
  const sample = whole[0]
  if (sample === undefined) {
    const [only] = buckets
    return only === undefined || isPower(only.upper) ? 0 : undefined
  }
  // Adding zero turns -0 into 0.
  const schema = 0 + Math.round(-Math.log2(Math.log2(sample.upper / sample.lower)))
  if (schema < SCHEMA_MIN || schema > SCHEMA_MAX) return undefined
  const fits = whole.every(
    ({ lower, upper }) => isIndex(lower, schema) && Math.abs(indexOf(upper, schema) - indexOf(lower, schema) - 1) < TOLERANCE,
  )
  return fits ? schema : undefined
}

function isPower(bound: number): boolean {
  return Number.isInteger(Math.log2(bound))
}

function isIndex(bound: number, schema: number): boolean {
  const index = indexOf(bound, schema)
  return Math.abs(index - Math.round(index)) < TOLERANCE
}

/** The index of the bucket with this upper end, not rounded. */
function indexOf(bound: number, schema: number): number {
  return Math.log2(bound) * 2 ** schema
}

function exponentialBuckets(buckets: readonly Bucket[], schema: number): [spans: Histogram['positiveSpans'], counts: Float64Array] {
  const indexes = Int32Array.from(buckets, ({ upper }) => Math.ceil(indexOf(upper, schema) - TOLERANCE))
  return [spansOf(indexes), Float64Array.from(buckets, ({ count }) => count)]
}

function customBuckets(buckets: readonly Bucket[]): Omit<Histogram, 'count' | 'sum' | 'counterResetHint' | 'float'> {
  const ends = new Set(buckets.flatMap(({ lower, upper }) => [lower, upper]))
  const customValues = Float64Array.from(ends).filter(Number.isFinite).sort()
  const indexes = buckets.map(({ upper }) => (upper === Infinity ? customValues.length : customValues.indexOf(upper)))
  return {
    schema: CUSTOM_BUCKETS_SCHEMA,
    zeroThreshold: 0,
    zeroCount: 0,
    positiveSpans: spansOf(indexes),
    positiveBuckets: Float64Array.from(buckets, ({ count }) => count),
    negativeSpans: [],
    negativeBuckets: new Float64Array(0),
    customValues,
  }
}
