// Quantiles and fractions of classic histograms: cumulative counts in buckets with upper bounds (the label `le`).
// Prometheus: promql/quantile.go BucketQuantile and BucketFraction.

/** The buckets of one histogram at one step, in order of their bounds. The arrays are longer than `size`. */
export interface Buckets {
  readonly bounds: Float64Array
  /** Cumulative; repaired in place. */
  readonly counts: Float64Array
  size: number
}

/** What had to be repaired for counts to rise from bucket to bucket. */
export interface Repair {
  isForced: boolean
  lowestBucket: number
  highestBucket: number
  largestRaise: number
}

/** Differences this small, relative to the sum of two counts, come from rounding. */
const TOLERANCE = 1e-12
/** The smallest float of full precision. */
const NORMAL_MIN = 2 ** -1022

/** The q-quantile; -Inf below 0, +Inf above 1, NaN where it cannot be told. `repair` is written. */
export function bucketQuantile(q: number, buckets: Buckets, repair: Repair): number {
  repair.isForced = false
  if (Number.isNaN(q)) return Number.NaN
  if (q < 0) return -Infinity
  if (q > 1) return Infinity
  if (buckets.bounds[buckets.size - 1] !== Infinity) return Number.NaN
  joinEqualBounds(buckets)
  ensureRising(buckets, repair)
  const { bounds, counts, size } = buckets
  const observations = counts[size - 1]!
  if (size < 2 || observations === 0) return Number.NaN
  return interpolate(bounds, counts, size, q * observations)
}

function interpolate(bounds: Float64Array, counts: Float64Array, size: number, rank: number): number {
  let bucket = 0
  while (bucket < size - 1 && !(counts[bucket]! >= rank)) bucket++
  if (bucket === size - 1) return bounds[size - 2]!
  const end = bounds[bucket]!
  if (bucket === 0) return end <= 0 ? end : end * (rank / counts[0]!)
  const start = bounds[bucket - 1]!
  const before = counts[bucket - 1]!
  return start + (end - start) * ((rank - before) / (counts[bucket]! - before))
}

/** The share of observations between two values, interpolated within buckets. */
export function bucketFraction(lower: number, upper: number, buckets: Buckets): number {
  if (buckets.bounds[buckets.size - 1] !== Infinity) return Number.NaN
  joinEqualBounds(buckets)
  const observations = buckets.counts[buckets.size - 1]!
  if (observations === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN
  if (lower >= upper) return 0
  return (countBelow(upper, buckets) - countBelow(lower, buckets)) / observations
}

/** How many observations are at most `value`. */
function countBelow(value: number, { bounds, counts, size }: Buckets): number {
  let before = 0
  for (let bucket = 0; bucket < size; bucket++) {
    // A first bucket that ends above zero is taken to begin there.
    const start = bucket > 0 ? bounds[bucket - 1]! : bounds[0]! > 0 ? 0 : -Infinity
    const end = bounds[bucket]!
    if (start >= value) return before
    if (end > value) {
      if (start === -Infinity) return counts[bucket]!
      return before + ((counts[bucket]! - before) * (value - start)) / (end - start)
    }
    before = counts[bucket]!
  }
  return counts[size - 1]!
}

function joinEqualBounds(buckets: Buckets): void {
  const { bounds, counts } = buckets
  let last = 0
  for (let bucket = 1; bucket < buckets.size; bucket++) {
    if (bounds[bucket] === bounds[last]) {
      counts[last] = counts[last]! + counts[bucket]!
      continue
    }
    last++
    bounds[last] = bounds[bucket]!
    counts[last] = counts[bucket]!
  }
  buckets.size = last + 1
}

/** What counts differ by rounding is evened out; a count that falls is raised to the last one that was not. */
function ensureRising({ bounds, counts, size }: Buckets, repair: Repair): void {
  let before = counts[0]!
  for (let bucket = 1; bucket < size; bucket++) {
    const count = counts[bucket]!
    if (count === before) continue
    if (areClose(before, count)) {
      counts[bucket] = before
    } else if (count < before) {
      noteRaise(repair, bounds[bucket]!, before - count)
      counts[bucket] = before
    } else before = count
  }
}

/** Prometheus: util/almost Equal. */
function areClose(left: number, right: number): boolean {
  if (Number.isNaN(left) && Number.isNaN(right)) return true
  const sum = Math.abs(left) + Math.abs(right)
  const difference = Math.abs(left - right)
  if (left === 0 || right === 0 || sum < NORMAL_MIN) return difference < TOLERANCE * NORMAL_MIN
  return difference / Math.min(sum, Number.MAX_VALUE) < TOLERANCE
}

function noteRaise(repair: Repair, bound: number, raise: number): void {
  if (!repair.isForced) {
    repair.isForced = true
    repair.lowestBucket = bound
    repair.highestBucket = bound
    repair.largestRaise = raise
    return
  }
  repair.lowestBucket = Math.min(repair.lowestBucket, bound)
  repair.highestBucket = Math.max(repair.highestBucket, bound)
  repair.largestRaise = Math.max(repair.largestRaise, raise)
}
