// Windows slide: most of a window's samples were in the window before. Sums cannot take out what left without losing
// precision, so a window is kept as two parts: the back, which only grows, and the front, whose sums from every index
// to its end are known. When the front is used up, the back becomes the front.
//
//        front: suffix sums known      back: one running sum
//     |----------------------------||-------------------------|
//    low →                         turn                     high →
//
// Each sample is added twice at most, whatever the size of the window.

import { type Column, FLOAT } from '../columns/column.ts'
import { meanOf, sumOf } from './compensated.ts'
import type { FloatWindows } from './range-function.ts'

/** Windows up to this size are summed directly. */
const SMALL = 8

/** The sum, or the mean, of each window that is not empty. */
export function slideSum(input: FloatWindows, isMean: boolean, into: Column): void {
  if (input.windows.largest <= SMALL) sumEach(input, isMean, into)
  else sumSliding(input, isMean, into)
}

function sumEach({ values, windows: { low, high } }: FloatWindows, isMean: boolean, into: Column): void {
  const { values: out, present } = into
  for (let step = 0; step < out.length; step++) {
    const from = low[step]!
    const to = high[step]!
    if (from === to) continue
    out[step] = isMean ? meanOf(values, from, to) : sumOf(values, from, to)
    present[step] = FLOAT
    into.count++
  }
}

function sumSliding({ values, windows: { low, high } }: FloatWindows, isMean: boolean, into: Column): void {
  const { values: out, present } = into
  const sums = new Float64Array(values.length + 1)
  const rests = new Float64Array(values.length + 1)
  let turn = 0
  let next = 0
  let sum = 0
  let rest = 0
  for (let step = 0; step < out.length; step++) {
    const from = low[step]!
    const to = high[step]!
    if (from === to) continue
    if (from >= turn) {
      // The front is used up: everything in the window becomes the front.
      turn = to
      sums[to] = 0
      rests[to] = 0
      for (let index = to - 1; index >= from; index--) {
        const before = sums[index + 1]!
        const value = values[index]!
        const total = before + value
        const part = total - before
        sums[index] = total
        rests[index] = rests[index + 1]! + (before - (total - part) + (value - part))
      }
      next = to
      sum = 0
      rest = 0
    }
    for (; next < to; next++) {
      const value = values[next]!
      const total = sum + value
      const part = total - sum
      rest += sum - (total - part) + (value - part)
      sum = total
    }
    const front = sums[from]!
    const total = front + sum
    const part = total - front
    const lost = front - (total - part) + (sum - part) + rests[from]! + rest
    const result = isMean ? total / (to - from) + lost / (to - from) : total + lost
    // Infinite and overflowing sums depend on the order; those are rare, and computed in the order of time.
    out[step] = Number.isFinite(result) ? result : isMean ? meanOf(values, from, to) : sumOf(values, from, to)
    present[step] = FLOAT
    into.count++
  }
}

/**
 * For each window the index of its largest value (`sign` 1) or smallest (-1), the latest of equals; NaN only when there
 * is nothing else, and then the latest. -1 for an empty window.
 */
export function slideExtreme(input: FloatWindows, sign: 1 | -1): Int32Array {
  const { total, distinct } = input.windows
  return total === distinct ? extremeOfEach(input, sign) : extremeSliding(input, sign)
}

/** Of windows that have no sample in common, of which there is often one only. */
function extremeOfEach({ values, windows: { low, high } }: FloatWindows, sign: 1 | -1): Int32Array {
  const found = new Int32Array(low.length)
  for (let step = 0; step < low.length; step++) {
    const from = low[step]!
    const to = high[step]!
    let best = from === to ? -1 : to - 1
    let bestValue = -Infinity
    for (let index = from; index < to; index++) {
      const value = sign * values[index]!
      if (value >= bestValue) {
        best = index
        bestValue = value
      }
    }
    found[step] = best
  }
  return found
}

function extremeSliding({ values, windows: { low, high, largest } }: FloatWindows, sign: 1 | -1): Int32Array {
  const found = new Int32Array(low.length)
  // Candidates: each is better than all later ones. Indexes are taken modulo the capacity.
  const capacity = Math.max(1, largest)
  const queue = new Int32Array(capacity)
  let head = 0
  let tail = 0
  let next = 0
  for (let step = 0; step < low.length; step++) {
    const from = low[step]!
    const to = high[step]!
    if (next < from) next = from
    for (; next < to; next++) {
      const value = sign * values[next]!
      if (Number.isNaN(value)) continue
      while (head < tail && queue[head % capacity]! < from) head++
      while (head < tail && sign * values[queue[(tail - 1) % capacity]!]! <= value) tail--
      queue[tail++ % capacity] = next
    }
    while (head < tail && queue[head % capacity]! < from) head++
    found[step] = from === to ? -1 : head < tail ? queue[head % capacity]! : to - 1
  }
  return found
}

/** Counts, for each window, the samples that differ from the one before in the way that `counts` tells. */
export function slideTransitions(input: FloatWindows, counts: (before: number, now: number) => boolean, into: Column): void {
  const { values } = input
  slideMarks(input, (index) => counts(values[index - 1]!, values[index]!), into)
}

/** Counts, for each window, the samples after its first that are marked. */
export function slideMarks({ values, windows: { low, high } }: FloatWindows, isMarked: (index: number) => boolean, into: Column): void {
  const until = new Int32Array(values.length + 1)
  for (let index = 1; index < values.length; index++) until[index] = until[index - 1]! + (isMarked(index) ? 1 : 0)
  const { values: out, present } = into
  for (let step = 0; step < out.length; step++) {
    const from = low[step]!
    const to = high[step]!
    if (from === to) continue
    out[step] = until[to - 1]! - until[from]!
    present[step] = FLOAT
    into.count++
  }
}
