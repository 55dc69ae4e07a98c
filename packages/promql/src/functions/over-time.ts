// The *_over_time functions of floats, and their kin: one value from the samples of each window.

import { annotationTexts } from '../annotations.ts'
import { type Column, FLOAT } from '../columns/column.ts'
import { compensate } from './compensated.ts'
import { SortedWindow } from './quantile.ts'
import type { FloatFunction, FloatWindows, RangeCall } from './range-function.ts'
import { slideExtreme, slideMarks, slideSum, slideTransitions } from './sliding.ts'
import { isStartReset } from './start-times.ts'

export const sumOverTime: FloatFunction = (input, into) => slideSum(input, false, into)
export const avgOverTime: FloatFunction = (input, into) => slideSum(input, true, into)

export const maxOverTime: FloatFunction = (input, into) => pickValues(input, slideExtreme(input, 1), into)
export const minOverTime: FloatFunction = (input, into) => pickValues(input, slideExtreme(input, -1), into)
export const tsOfMaxOverTime: FloatFunction = (input, into) => pickTimes(input, slideExtreme(input, 1), into)
export const tsOfMinOverTime: FloatFunction = (input, into) => pickTimes(input, slideExtreme(input, -1), into)

export const firstOverTime: FloatFunction = (input, into) => pickValues(input, firstIndexes(input), into)
export const lastOverTime: FloatFunction = (input, into) => pickValues(input, lastIndexes(input), into)
export const tsOfFirstOverTime: FloatFunction = (input, into) => pickTimes(input, firstIndexes(input), into)
export const tsOfLastOverTime: FloatFunction = (input, into) => pickTimes(input, lastIndexes(input), into)

export const changes: FloatFunction = (input, into) => slideTransitions(input, isChange, into)
export const resets: FloatFunction = (input, into) => {
  const { times, values, starts } = input
  if (starts === undefined) slideTransitions(input, isFall, into)
  else slideMarks(input, (index) => isFall(values[index - 1]!, values[index]!) || isStartReset(starts, times, index), into)
}

export function isChange(before: number, now: number): boolean {
  return now !== before && !(Number.isNaN(now) && Number.isNaN(before))
}

export function isFall(before: number, now: number): boolean {
  return now < before
}

function firstIndexes({ windows: { low, high } }: FloatWindows): Int32Array {
  return low.map((from, step) => (from === high[step] ? -1 : from))
}

function lastIndexes({ windows: { low, high } }: FloatWindows): Int32Array {
  return high.map((to, step) => (to === low[step] ? -1 : to - 1))
}

function pickValues({ values }: FloatWindows, indexes: Int32Array, into: Column): void {
  pick(values, 1, indexes, into)
}

function pickTimes({ times }: FloatWindows, indexes: Int32Array, into: Column): void {
  pick(times, 1000, indexes, into)
}

function pick(source: Float64Array, divisor: number, indexes: Int32Array, into: Column): void {
  const { values, present } = into
  for (let step = 0; step < indexes.length; step++) {
    const index = indexes[step]!
    if (index < 0) continue
    values[step] = source[index]! / divisor
    present[step] = FLOAT
    into.count++
  }
}

export const countOverTime: FloatFunction = ({ windows: { low, high } }, into) => {
  for (let step = 0; step < low.length; step++) {
    const size = high[step]! - low[step]!
    if (size === 0) continue
    into.values[step] = size
    into.present[step] = FLOAT
    into.count++
  }
}

export const presentOverTime: FloatFunction = ({ windows: { low, high } }, into) => {
  for (let step = 0; step < low.length; step++) {
    if (high[step] === low[step]) continue
    into.values[step] = 1
    into.present[step] = FLOAT
    into.count++
  }
}

/** Calls `compute` for each window of at least `atLeast` samples; for functions that look at each window anew. */
export function eachWindow(
  { windows: { low, high }, worked }: FloatWindows,
  atLeast: number,
  compute: (from: number, to: number, step: number) => number,
  into: Column,
): void {
  for (let step = 0; step < low.length; step++) {
    const from = low[step]!
    const to = high[step]!
    if (to - from < atLeast) continue
    worked?.(to - from)
    into.values[step] = compute(from, to, step)
    into.present[step] = FLOAT
    into.count++
  }
}

export const stdvarOverTime: FloatFunction = (input, into) => eachWindow(input, 1, (from, to) => variance(input.values, from, to), into)
export const stddevOverTime: FloatFunction = (input, into) =>
  eachWindow(input, 1, (from, to) => Math.sqrt(variance(input.values, from, to)), into)

/** Welford's algorithm with compensated sums. Prometheus: promql/functions.go varianceOverTime. */
function variance(values: Float64Array, from: number, to: number): number {
  let count = 0
  let mean = 0
  let meanRest = 0
  let squares = 0
  let squaresRest = 0
  for (let index = from; index < to; index++) {
    const value = values[index]!
    count++
    const delta = value - (mean + meanRest)
    const nextMean = mean + delta / count
    meanRest = compensate(nextMean, mean, delta / count, meanRest)
    mean = nextMean
    const square = delta * (value - (mean + meanRest))
    const nextSquares = squares + square
    squaresRest = compensate(nextSquares, squares, square, squaresRest)
    squares = nextSquares
  }
  return (squares + squaresRest) / count
}

export function quantileOverTime(call: RangeCall): FloatFunction {
  const quantiles = call.args[0] as Float64Array
  return (input, into) => {
    warnOfQuantiles(input, quantiles, call)
    slideSorted(input, (window, step) => window.quantile(quantiles[step]!), into)
  }
}

function warnOfQuantiles({ windows: { low, high } }: FloatWindows, quantiles: Float64Array, call: RangeCall): void {
  for (let step = 0; step < quantiles.length; step++) {
    const q = quantiles[step]!
    if (!(q >= 0 && q <= 1) && high[step] !== low[step]) call.warn(annotationTexts.invalidQuantile(q))
  }
}

/** The median of the distances from the median; NaN as soon as a sample is. */
export const madOverTime: FloatFunction = (input, into) => {
  const distances = new Float64Array(input.windows.largest)
  slideSorted(input, (window) => medianDistance(window, distances), into)
}

function medianDistance(window: SortedWindow, distances: Float64Array): number {
  if (window.nans > 0) return Number.NaN
  const median = window.quantile(0.5)
  const used = distances.subarray(0, window.size)
  for (let index = 0; index < used.length; index++) used[index] = Math.abs(window.sorted[index]! - median)
  used.sort()
  const lower = Math.floor((used.length - 1) / 2)
  return used.length % 2 === 1 ? used[lower]! : (used[lower]! + used[lower + 1]!) / 2
}

function slideSorted(
  { values, windows: { low, high, largest }, worked }: FloatWindows,
  compute: (window: SortedWindow, step: number) => number,
  into: Column,
): void {
  // One slot more than the largest window: what enters is added before what left is taken out.
  const window = new SortedWindow(largest + 1)
  let first = 0
  let next = 0
  for (let step = 0; step < low.length; step++) {
    const from = low[step]!
    const to = high[step]!
    if (from >= next) {
      window.fill(values, from, to)
      first = from
      next = to
    }
    for (; first < from; first++) window.remove(values[first]!)
    for (; next < to; next++) window.add(values[next]!)
    if (from === to) continue
    worked?.(to - from)
    into.values[step] = compute(window, step)
    into.present[step] = FLOAT
    into.count++
  }
}
