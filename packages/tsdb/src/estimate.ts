// How much a query would read, told from the index and from what each block says of itself: no chunk is looked at, so that
// it takes microseconds also where the answer takes seconds.

import type { Selection, TimeRange } from '@promlet/model'
import type { Block, Blocks } from './blocks.ts'
import { intersect } from './ids.ts'
import type { LabelOrder } from './label-order.ts'
import type { RecentBatches } from './recent-batches.ts'
import type { State } from './snapshot-state.ts'

/** Over all selections. */
export interface SelectEstimate {
  /** With samples in the range or without. */
  readonly series: number
  /** As if all series of a block had equally many, evenly in time. */
  readonly samples: number
}

export interface EstimateOptions {
  /** Counts as if each block had all of the series, so never too little; what that saves is to look for them. */
  readonly rough?: boolean
}

export interface EstimateSources {
  readonly order: LabelOrder
  readonly blocks: Blocks
  readonly batches: RecentBatches
}

export function estimateSelect(
  selections: readonly Selection[],
  state: State,
  sources: EstimateSources,
  { rough = false }: EstimateOptions,
): SelectEstimate {
  let series = 0
  let samples = 0
  for (const selection of selections) {
    const ids = sources.order.idsOf(selection.matchers, state)
    series += ids.length
    const countIn = rough ? (block: Block) => Math.min(ids.length, block.series) : seriesCounter(ids, sources.blocks)
    for (const block of sources.blocks.within(selection, state)) {
      samples += countIn(block) * (block.samples / block.series) * shareOf(block, selection)
    }
    samples += samplesInBatches(ids.length, selection, state, sources.batches)
  }
  return { series, samples }
}

/** Counts those of the series that a block has. Most blocks have the same. */
function seriesCounter(ids: Uint32Array, blocks: Blocks): (block: Block) => number {
  const found = new Map<number, number>()
  return (block) => {
    let count = found.get(block.seriesSet)
    if (count === undefined) {
      count = intersect(ids, blocks.series(block)).length
      found.set(block.seriesSet, count)
    }
    return count
  }
}

/** A series is at most once in a row. */
function samplesInBatches(series: number, range: TimeRange, state: State, batches: RecentBatches): number {
  const load = batches.load(state)
  if (load.from > range.to || load.to < range.from) return 0
  return series * load.rowsMax * shareOf(load, range) + Math.min(load.singles, series * load.batches)
}

/** The part of a span that lies in the range. */
function shareOf(span: TimeRange, range: TimeRange): number {
  const length = span.to - span.from + 1
  return (Math.min(span.to, range.to) - Math.max(span.from, range.from) + 1) / length
}
