// Which samples belong to which step. Series of one target share one array of times, so the answer is computed once
// per array and used for all of its series.

import type { Millis } from '@promlet/model'

/** The samples from `low[step]` (inclusive) to `high[step]` (exclusive) belong to a step. Both never fall. */
export interface Windows {
  readonly low: Int32Array
  readonly high: Int32Array
  /** Over all steps; the same with each sample once; in the largest window. */
  readonly total: number
  readonly distinct: number
  readonly largest: number
}

/** The windows `(end - before, end + after]`, open on the left as in Prometheus 3. `ends` never fall. */
export function findWindows(times: Float64Array, ends: Float64Array, before: number, after: number): Windows {
  const low = new Int32Array(ends.length)
  const high = new Int32Array(ends.length)
  let first = 0
  let last = 0
  let total = 0
  let distinct = 0
  let largest = 0
  let seen = 0
  for (let step = 0; step < ends.length; step++) {
    const end = ends[step]! + after
    const start = ends[step]! - before
    while (first < times.length && times[first]! <= start) first++
    while (last < times.length && times[last]! <= end) last++
    low[step] = first
    high[step] = Math.max(first, last)
    const size = high[step]! - first
    total += size
    distinct += high[step]! - Math.max(first, seen)
    seen = high[step]!
    if (size > largest) largest = size
  }
  return { low, high, total, distinct, largest }
}

/** Slots of a run in `findRuns`. */
export const RUN_SLOTS = 5

/**
 * Steps in a row whose windows hold at least two samples and move evenly, as they do where samples come at even times.
 * Flat, `RUN_SLOTS` each: the first step, the step behind the last one, the first window's low and high, and by how many
 * samples each window is further than the one before (which means nothing where there is one step).
 */
export function findRuns({ low, high }: Windows): Int32Array {
  const runs: number[] = []
  for (let step = 0; step < low.length; ) {
    const [first, last] = [low[step]!, high[step]!]
    const from = step++
    if (last - first < 2) continue
    const stride = step < low.length ? low[step]! - first : 0
    while (step < low.length && low[step] === first + (step - from) * stride && high[step] === last + (step - from) * stride) step++
    runs.push(from, step, first, last, stride)
  }
  return Int32Array.from(runs)
}

/** For each step the index of the latest sample not older than `lookback` (exclusive), or -1. `ends` never fall. */
export function findLatest(times: Float64Array, ends: Float64Array, lookback: number): Int32Array {
  const picks = new Int32Array(ends.length)
  let next = 0
  for (let step = 0; step < ends.length; step++) {
    const end = ends[step]!
    while (next < times.length && times[next]! <= end) next++
    picks[step] = next > 0 && times[next - 1]! > end - lookback ? next - 1 : -1
  }
  return picks
}

/** Computes once per array of times; most series of a selection share one, and follow each other. */
export class PerTimes<T> {
  readonly #compute: (times: Float64Array) => T
  readonly #known = new Map<Float64Array, T>()
  #lastTimes: Float64Array | undefined
  #last: T | undefined

  constructor(compute: (times: Float64Array) => T) {
    this.#compute = compute
  }

  get(times: Float64Array): T {
    if (times === this.#lastTimes) return this.#last as T
    let found = this.#known.get(times)
    if (found === undefined) {
      found = this.#compute(times)
      this.#known.set(times, found)
    }
    this.#lastTimes = times
    this.#last = found
    return found
  }
}

/** The first index whose time is above `time`. */
export function firstAfter(times: Float64Array, time: Millis, from = 0, to = times.length): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if (times[middle]! <= time) low = middle + 1
    else high = middle
  }
  return low
}
