// Puts together what chunks and batches have of a series. Mostly it is laid end to end: the values are decoded straight
// into their place in one array, and the joined times are made once for all series that consist of the same parts. Only
// samples that came out of order make parts overlap; then they are decoded one by one and merged.

import type { TimeRange } from '@promlet/model'
import type { OpenChunk } from './blocks.ts'
import type { Allocate } from './buffers.ts'
import { isFloatForm, readChunk } from './chunk.ts'
import { readColumn } from './column.ts'
import { clip, lowerBound, merge, type Piece } from './pieces.ts'

export interface PlannedSeries {
  readonly id: number
  /** Samples in the range; more than there are where parts overlap. */
  readonly samples: number
  /** Of the samples; undefined where only reading tells them, or where they are more than floats. */
  readonly times: Float64Array | undefined
  /** May be called more than once. `allocate` is the one that was planned with when absent. */
  read(allocate?: Allocate): Piece
}

/** What the parts of a series come to, by their times alone. */
interface TimePlan {
  /** In the range. Empty when the parts are not in order. */
  readonly times: Float64Array
  readonly inOrder: boolean
  /** Samples of all parts, and which of these are in the range. */
  readonly total: number
  readonly start: number
  readonly end: number
}

/** The plans of one select call: series whose parts have the same times, in the same order, share one. */
export class TimeShares {
  readonly #roots = new Map<string, TimeNode>()
  #range: TimeRange | undefined
  #root: TimeNode = { next: new Map(), plan: undefined }

  plan(chunks: readonly OpenChunk[], recent: readonly Piece[], range: TimeRange): TimePlan {
    let node = this.#rootOf(range)
    for (let index = 0; index < chunks.length; index++) node = nodeAfter(node, (chunks[index] as OpenChunk).times)
    for (let index = 0; index < recent.length; index++) node = nodeAfter(node, (recent[index] as Piece).times)
    node.plan ??= planTimes([...chunks.map(({ times }) => times), ...recent.map(({ times }) => times)], range)
    return node.plan
  }

  #rootOf(range: TimeRange): TimeNode {
    if (range === this.#range) return this.#root
    const key = `${range.from},${range.to}`
    this.#root = this.#roots.get(key) ?? { next: new Map(), plan: undefined }
    this.#roots.set(key, this.#root)
    this.#range = range
    return this.#root
  }
}

/** A tree of times: the way to a node is the times of the parts. */
interface TimeNode {
  readonly next: Map<Float64Array, TimeNode>
  plan: TimePlan | undefined
}

function nodeAfter({ next }: TimeNode, times: Float64Array): TimeNode {
  let node = next.get(times)
  if (node === undefined) {
    node = { next: new Map(), plan: undefined }
    next.set(times, node)
  }
  return node
}

/** Column i is the series `ids[i]`. */
export function planSeries(
  ids: Uint32Array,
  chunks: readonly (readonly OpenChunk[])[],
  recent: readonly (readonly Piece[])[],
  range: TimeRange,
  shares: TimeShares,
  allocate: Allocate,
): PlannedSeries[] {
  const planned: PlannedSeries[] = []
  for (let column = 0; column < ids.length; column++) {
    const own = chunks[column] as readonly OpenChunk[]
    const pieces = recent[column] as readonly Piece[]
    const plan = shares.plan(own, pieces, range)
    if (plan.start === plan.end) continue
    const isPlain = plan.inOrder && isFloats(own, pieces)
    const read = (into = allocate) => (isPlain ? join(plan, own, pieces, into) : mergeParts(own, pieces, range))
    planned.push({ id: ids[column] as number, samples: plan.end - plan.start, times: isPlain ? plan.times : undefined, read })
  }
  return planned
}

function isFloats(chunks: readonly OpenChunk[], recent: readonly Piece[]): boolean {
  for (let index = 0; index < chunks.length; index++) if (!isFloatForm((chunks[index] as OpenChunk).form)) return false
  for (let index = 0; index < recent.length; index++) {
    const { histograms, starts } = recent[index] as Piece
    if (histograms !== undefined || starts !== undefined) return false
  }
  return true
}

/** Parts that overlap, or have histograms. */
function mergeParts(chunks: readonly OpenChunk[], recent: readonly Piece[], { from, to }: TimeRange): Piece {
  const decoded = chunks.map(({ reader, times }) => readChunk(reader, times))
  return clip(merge([...decoded, ...recent]), from, to)
}

/** Parts that follow each other. */
function join(plan: TimePlan, chunks: readonly OpenChunk[], recent: readonly Piece[], allocate: Allocate): Piece {
  // What comes from batches alone lies together already.
  const [only] = recent
  if (chunks.length === 0 && recent.length === 1 && only !== undefined)
    return { times: plan.times, values: only.values.subarray(plan.start, plan.end) }
  const values = allocate(plan.total)
  let filled = 0
  for (let index = 0; index < chunks.length; index++) {
    const { reader, times } = chunks[index] as OpenChunk
    readColumn(reader, values, filled, times.length)
    filled += times.length
  }
  for (const piece of recent) {
    values.set(piece.values, filled)
    filled += piece.values.length
  }
  return { times: plan.times, values: plan.start === 0 && plan.end === plan.total ? values : values.subarray(plan.start, plan.end) }
}

const NO_TIMES = new Float64Array(0)

function planTimes(parts: readonly Float64Array[], range: TimeRange): TimePlan {
  let total = 0
  let inOrder = true
  let last = -Infinity
  for (const times of parts) {
    if ((times[0] as number) <= last) inOrder = false
    last = times.at(-1) as number
    total += times.length
  }
  if (!inOrder) return { times: NO_TIMES, inOrder, total, start: 0, end: countWithin(parts, range) }
  const joined = parts.length === 1 ? (parts[0] as Float64Array) : joinTimes(parts, total)
  const start = lowerBound(joined, range.from)
  const end = lowerBound(joined, range.to + 1)
  return { times: start === 0 && end === total ? joined : joined.subarray(start, end), inOrder, total, start, end }
}

function joinTimes(parts: readonly Float64Array[], total: number): Float64Array {
  const joined = new Float64Array(total)
  let at = 0
  for (const times of parts) {
    joined.set(times, at)
    at += times.length
  }
  return joined
}

function countWithin(parts: readonly Float64Array[], { from, to }: TimeRange): number {
  let count = 0
  for (const times of parts) count += lowerBound(times, to + 1) - lowerBound(times, from)
  return count
}
