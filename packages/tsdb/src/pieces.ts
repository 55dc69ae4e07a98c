// A piece is a run of samples of one series, from one batch run or one chunk. Putting the pieces of a series together is
// mostly laying them end to end; only out-of-order samples make them overlap.

import type { Histogram, Millis } from '@promlet/model'

export interface Piece {
  /** Strictly increasing. May be shared with other series. */
  readonly times: Float64Array
  readonly values: Float64Array
  readonly histograms?: readonly (Histogram | undefined)[] | undefined
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

/** The part of a piece with times from `from` to `to`, inclusive, as views. */
export function clip(piece: Piece, from: Millis, to: Millis): Piece {
  const { times, values, histograms } = piece
  if (times.length === 0 || ((times[0] as number) >= from && (times.at(-1) as number) <= to)) return piece
  const start = lowerBound(times, from)
  const end = lowerBound(times, to + 1)
  if (start >= end) return NO_PIECE
  return { times: times.subarray(start, end), values: values.subarray(start, end), histograms: histograms?.slice(start, end) }
}

/** Times laid end to end, once for all series that have the same runs of them. */
export class JoinedTimes {
  readonly #ids = new Map<Float64Array, number>()
  readonly #joined = new Map<string, Float64Array>()

  of(pieces: readonly Piece[], length: number): Float64Array {
    let key = ''
    for (const { times } of pieces) {
      let id = this.#ids.get(times)
      if (id === undefined) {
        id = this.#ids.size
        this.#ids.set(times, id)
      }
      key += `${id},`
    }
    const known = this.#joined.get(key)
    if (known !== undefined) return known
    const joined = new Float64Array(length)
    let at = 0
    for (const { times } of pieces) {
      joined.set(times, at)
      at += times.length
    }
    this.#joined.set(key, joined)
    return joined
  }
}

/** All samples of the pieces as one, in order of time. Of two samples at one time the one of the earlier piece counts. */
export function join(pieces: readonly Piece[], joinedTimes: JoinedTimes): Piece {
  const filled = pieces.filter(({ times }) => times.length > 0)
  if (filled.length === 0) return NO_PIECE
  if (filled.length === 1) return filled[0] as Piece
  filled.sort((left, right) => (left.times[0] as number) - (right.times[0] as number))
  for (let index = 1; index < filled.length; index++) {
    const end = (filled[index - 1] as Piece).times.at(-1) as number
    if (((filled[index] as Piece).times[0] as number) <= end) return mergeOverlapping(pieces)
  }
  return layEndToEnd(filled, joinedTimes)
}

function layEndToEnd(pieces: readonly Piece[], joinedTimes: JoinedTimes): Piece {
  let length = 0
  let mixed = false
  for (const piece of pieces) {
    length += piece.times.length
    if (piece.histograms !== undefined) mixed = true
  }
  const values = new Float64Array(length)
  const histograms: (Histogram | undefined)[] | undefined = mixed ? new Array(length).fill(undefined) : undefined
  let at = 0
  for (const piece of pieces) {
    values.set(piece.values, at)
    if (histograms !== undefined && piece.histograms !== undefined) {
      for (let index = 0; index < piece.histograms.length; index++) histograms[at + index] = piece.histograms[index]
    }
    at += piece.times.length
  }
  return { times: joinedTimes.of(pieces, length), values, histograms }
}

function mergeOverlapping(pieces: readonly Piece[]): Piece {
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
  const order = Uint32Array.from(allTimes.keys()).sort(byTime)
  const times = new Float64Array(length)
  const values = new Float64Array(length)
  const mixed = pieces.some(({ histograms }) => histograms !== undefined)
  const histograms: (Histogram | undefined)[] | undefined = mixed ? [] : undefined
  let count = 0
  for (const source of order) {
    const time = allTimes[source] as number
    if (count > 0 && times[count - 1] === time) continue
    const piece = pieces[owner[source] as number] as Piece
    const index = offset[source] as number
    times[count] = time
    values[count] = piece.values[index] as number
    if (histograms !== undefined) histograms.push(piece.histograms?.[index])
    count++
  }
  return { times: times.subarray(0, count), values: values.subarray(0, count), histograms }
}
