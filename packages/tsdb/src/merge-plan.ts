// Which blocks to merge. A compaction makes blocks of some hundred samples per series; merged into larger ones, each chunk's
// fixed bytes count less and a query opens fewer. A block that is large enough is left alone for good, so that a sample is
// encoded twice and not more often.

import type { Block } from './blocks.ts'

/** Samples per series from which on a block is large enough: two hours at 15 s. */
export const SAMPLES_PER_SERIES = 480
/** As many small blocks are merged even if they are not large enough together. */
const SMALL_BLOCKS_MAX = 8
/** Samples of one merge, whatever their blocks: what it takes stays bounded. */
const MERGE_SAMPLES_MAX = 50_000_000

/**
 * Neighbours in time to merge, or undefined when there is nothing to do. `blocks` come in order of their oldest sample; ids
 * in `except` are left alone.
 */
export function blocksToMerge(blocks: readonly Block[], except: ReadonlySet<number>): Block[] | undefined {
  let run: Block[] = []
  let weight = 0
  let samples = 0
  for (const block of blocks) {
    const own = block.samples / block.series
    if (block.late === 1 || except.has(block.id) || own >= SAMPLES_PER_SERIES || samples + block.samples > MERGE_SAMPLES_MAX) {
      run = []
      weight = 0
      samples = 0
      continue
    }
    run.push(block)
    weight += own
    samples += block.samples
    if (run.length > 1 && (weight >= SAMPLES_PER_SERIES || run.length >= SMALL_BLOCKS_MAX)) return run
  }
  return undefined
}
