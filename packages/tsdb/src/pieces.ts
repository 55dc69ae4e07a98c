// A piece is a run of samples of one series, from a run of batches or from a chunk.

import type { Histogram, Millis } from '@promlet/model'

export interface Piece {
  /** Strictly increasing. May be shared with other series. */
  readonly times: Float64Array
  readonly values: Float64Array
  readonly histograms?: readonly (Histogram | undefined)[] | undefined
  /** Start timestamps, 0 where there is none. */
  readonly starts?: Float64Array | undefined
}

export const NO_PIECE: Piece = { times: new Float64Array(0), values: new Float64Array(0) }

/** The index of the first time at or after `at`. */
export function lowerBound(times: Float64Array, at: Millis): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] as number) < at) low = middle + 1
    else high = middle
  }
  return low
}

/** All samples of pieces that may overlap, in order of time. Of two samples at one time that of the earlier piece counts. */
export function merge(pieces: readonly Piece[]): Piece {
  const [only] = pieces
  if (only !== undefined && pieces.length === 1) return only
  const length = pieces.reduce((sum, { times }) => sum + times.length, 0)
  const allTimes = new Float64Array(length)
  const owner = new Uint32Array(length)
  const offset = new Uint32Array(length)
  let at = 0
  for (const [number, { times }] of pieces.entries()) {
    for (let index = 0; index < times.length; index++, at++) {
      allTimes[at] = times[index] as number
      owner[at] = number
      offset[at] = index
    }
  }
  // Of equal times the earlier piece comes first.
  const byTime = (left: number, right: number) => (allTimes[left] as number) - (allTimes[right] as number) || left - right
  const order = Uint32Array.from(allTimes.keys())
  // Mostly they follow each other.
  if (!isIncreasing(allTimes)) order.sort(byTime)
  const times = new Float64Array(length)
  const values = new Float64Array(length)
  const histograms: (Histogram | undefined)[] | undefined = pieces.some((piece) => piece.histograms !== undefined) ? [] : undefined
  const starts = pieces.some((piece) => piece.starts !== undefined) ? new Float64Array(length) : undefined
  let count = 0
  for (const source of order) {
    const time = allTimes[source] as number
    if (count > 0 && times[count - 1] === time) continue
    const piece = pieces[owner[source] as number] as Piece
    const index = offset[source] as number
    times[count] = time
    values[count] = piece.values[index] as number
    if (histograms !== undefined) histograms.push(piece.histograms?.[index])
    if (starts !== undefined) starts[count] = piece.starts?.[index] ?? 0
    count++
  }
  return { times: times.subarray(0, count), values: values.subarray(0, count), histograms, starts: starts?.subarray(0, count) }
}

/** The part of a piece with times from `from` to `to`, inclusive. */
export function clip(piece: Piece, from: Millis, to: Millis): Piece {
  const { times, values, histograms, starts } = piece
  const start = lowerBound(times, from)
  const end = lowerBound(times, to + 1)
  if (start === 0 && end === times.length) return piece
  return {
    times: times.subarray(start, end),
    values: values.subarray(start, end),
    histograms: histograms?.slice(start, end),
    starts: starts?.subarray(start, end),
  }
}

function isIncreasing(times: Float64Array): boolean {
  for (let index = 1; index < times.length; index++) if ((times[index] as number) <= (times[index - 1] as number)) return false
  return true
}
