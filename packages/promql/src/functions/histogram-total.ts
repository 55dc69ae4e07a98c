// Adds histograms up, count by count with compensation as floats are. What is added is first brought to the layout
// that the total and it have in common; nearly always that is the layout of both already.

import { addHistograms, bucketIndexes, type Histogram, type Span } from '@promlet/model'
import { compensate } from './compensated.ts'

/** The counts of a histogram in one array: count, sum, zero count, positive buckets, negative buckets. */
const FIRST_BUCKET = 3

export class HistogramTotal {
  /** Exponential and custom buckets met: there is no result. */
  areSchemasMixed = false
  /** Custom bounds differed; the total has those that all share. */
  areBoundsReconciled = false
  readonly #isMean: boolean
  /** Its layout and hints; its counts mean nothing. */
  #layout: Histogram | undefined
  #counts = new Float64Array(0)
  #rests = new Float64Array(0)
  #added = 0
  /** True once a sum overflowed: from then on the counts are those of the mean. */
  #isIncremental = false
  #hasReset = false
  #hasNoReset = false

  /** `isMean` decides what `result` gives. */
  constructor(isMean: boolean) {
    this.#isMean = isMean
  }

  /** True when some samples knew of a counter reset and others that there was none. */
  get haveResetsCollided(): boolean {
    return this.#hasReset && this.#hasNoReset
  }

  add(histogram: Histogram): void {
    if (this.areSchemasMixed) return
    if (histogram.counterResetHint === 'reset') this.#hasReset = true
    if (histogram.counterResetHint === 'not-reset') this.#hasNoReset = true
    if (this.#layout === undefined) {
      this.#layout = histogram
      this.#counts = countsOf(histogram)
      this.#rests = new Float64Array(this.#counts.length)
      this.#added = 1
      return
    }
    const counts = this.#meet(histogram)
    if (counts !== undefined) this.#addCounts(counts)
  }

  /** The sum or the mean of at least one histogram. Not compacted. */
  result(): Histogram {
    const divisor = this.#isMean && !this.#isIncremental ? this.#added : 1
    const counts = this.#counts.map((count, index) =>
      Number.isFinite(count) ? count / divisor + this.#rests[index]! / divisor : count / divisor,
    )
    const layout = this.#layout as Histogram
    const negative = FIRST_BUCKET + layout.positiveBuckets.length
    return {
      ...layout,
      count: counts[0]!,
      sum: counts[1]!,
      zeroCount: counts[2]!,
      positiveBuckets: counts.slice(FIRST_BUCKET, negative),
      negativeBuckets: counts.slice(negative),
      float: true,
    }
  }

  /** Widens the layout to hold the histogram too; gives its counts in that layout, or undefined when they do not fit. */
  #meet(histogram: Histogram): Float64Array | undefined {
    const layout = this.#layout as Histogram
    if (haveSameLayout(layout, histogram)) return countsOf(histogram)
    const sum = addHistograms(withCounts(layout, this.#counts), histogram)
    if (sum === undefined) {
      this.areSchemasMixed = true
      return undefined
    }
    if (sum.areBoundsReconciled) this.areBoundsReconciled = true
    const common = sum.histogram
    this.#counts = alignTo(common, withCounts(layout, this.#counts))
    this.#rests = alignTo(common, withCounts(layout, this.#rests))
    this.#layout = common
    return alignTo(common, histogram)
  }

  #addCounts(counts: Float64Array): void {
    this.#added++
    if (!this.#isIncremental) {
      const next = compensatedSum(this.#counts, this.#rests, counts)
      if (!this.#isMean || next.counts.every((count) => count !== Infinity && count !== -Infinity)) {
        this.#counts = next.counts
        this.#rests = next.rests
        return
      }
      this.#isIncremental = true
      this.#scale(1 / (this.#added - 1))
    }
    this.#scale((this.#added - 1) / this.#added)
    const next = compensatedSum(
      this.#counts,
      this.#rests,
      counts.map((count) => count / this.#added),
    )
    this.#counts = next.counts
    this.#rests = next.rests
  }

  #scale(factor: number): void {
    this.#counts = this.#counts.map((count) => count * factor)
    this.#rests = this.#rests.map((rest) => rest * factor)
  }
}

function compensatedSum(
  sums: Float64Array,
  rests: Float64Array,
  addends: Float64Array,
): { counts: Float64Array<ArrayBuffer>; rests: Float64Array<ArrayBuffer> } {
  const counts = new Float64Array(sums.length)
  const lost = new Float64Array(sums.length)
  for (let index = 0; index < sums.length; index++) {
    const sum = sums[index]!
    const addend = addends[index]!
    const total = sum + addend
    counts[index] = total
    lost[index] = compensate(total, sum, addend, rests[index]!)
  }
  return { counts, rests: lost }
}

function countsOf(histogram: Histogram): Float64Array<ArrayBuffer> {
  const { positiveBuckets, negativeBuckets, count, sum, zeroCount } = histogram
  const counts = new Float64Array(FIRST_BUCKET + positiveBuckets.length + negativeBuckets.length)
  counts[0] = count
  counts[1] = sum
  counts[2] = zeroCount
  counts.set(positiveBuckets, FIRST_BUCKET)
  counts.set(negativeBuckets, FIRST_BUCKET + positiveBuckets.length)
  return counts
}

function withCounts(layout: Histogram, counts: Float64Array): Histogram {
  const negative = FIRST_BUCKET + layout.positiveBuckets.length
  return {
    ...layout,
    count: counts[0]!,
    sum: counts[1]!,
    zeroCount: counts[2]!,
    positiveBuckets: counts.slice(FIRST_BUCKET, negative),
    negativeBuckets: counts.slice(negative),
  }
}

/** The counts of a histogram in a layout that has room for all of its buckets. */
function alignTo(layout: Histogram, histogram: Histogram): Float64Array<ArrayBuffer> {
  const empty = withCounts(layout, new Float64Array(FIRST_BUCKET + layout.positiveBuckets.length + layout.negativeBuckets.length))
  const moved = addHistograms(empty, histogram)?.histogram ?? histogram
  const aligned = new Float64Array(FIRST_BUCKET + layout.positiveBuckets.length + layout.negativeBuckets.length)
  aligned[0] = histogram.count
  aligned[1] = histogram.sum
  aligned[2] = moved.zeroCount
  placeCounts(aligned, FIRST_BUCKET, layout.positiveSpans, moved.positiveSpans, moved.positiveBuckets)
  placeCounts(aligned, FIRST_BUCKET + layout.positiveBuckets.length, layout.negativeSpans, moved.negativeSpans, moved.negativeBuckets)
  return aligned
}

function placeCounts(target: Float64Array, first: number, layout: readonly Span[], spans: readonly Span[], counts: Float64Array): void {
  const slots = bucketIndexes(layout)
  let slot = 0
  for (const [source, index] of bucketIndexes(spans).entries()) {
    while (slot < slots.length && slots[slot]! < index) slot++
    if (slots[slot] === index) target[first + slot] = counts[source]!
  }
}

function haveSameLayout(left: Histogram, right: Histogram): boolean {
  return (
    left.schema === right.schema &&
    left.zeroThreshold === right.zeroThreshold &&
    left.counterResetHint === right.counterResetHint &&
    haveSameSpans(left.positiveSpans, right.positiveSpans) &&
    haveSameSpans(left.negativeSpans, right.negativeSpans) &&
    haveSameBounds(left.customValues, right.customValues)
  )
}

function haveSameSpans(left: readonly Span[], right: readonly Span[]): boolean {
  if (left === right) return true
  return left.length === right.length && left.every((span, index) => isSameSpan(span, right[index] as Span))
}

function isSameSpan(left: Span, right: Span): boolean {
  return left.offset === right.offset && left.length === right.length
}

function haveSameBounds(left: Float64Array | undefined, right: Float64Array | undefined): boolean {
  if (left === right) return true
  return left !== undefined && right !== undefined && left.length === right.length && left.every((bound, index) => bound === right[index])
}
