// Which blocks to merge. A compaction makes blocks of some hundred samples per series; merged into larger ones, each chunk's
// fixed bytes count less and a query opens fewer. Only blocks of one level are merged, so that a sample is encoded as often
// as there are levels and no more: twice where series live on, a few times where they come and go and blocks stay thin.

import type { DurationMs } from '@promlet/model'
import type { Block } from './blocks.ts'

/** Samples per series from which on a block is left alone: two hours at 15 s. */
const SAMPLES_PER_SERIES = 480
/** Blocks that are merged even if they do not come to so many samples per series together. */
const BLOCKS_PER_LEVEL = 8
/** Bounds of a merged block, whatever its parts: what a merge takes, and how exactly blocks tell which series were when. */
const SAMPLES_MAX = 50_000_000
const SPAN_MAX_MS: DurationMs = 86_400_000

/**
 * Neighbours in time to merge, or undefined when there is nothing to do. `blocks` come in order of their oldest sample; ids
 * in `except` are left alone.
 */
export function blocksToMerge(blocks: readonly Block[], except: ReadonlySet<number>): Block[] | undefined {
  let run: Block[] = []
  for (const block of blocks) {
    if (block.late === 1 || except.has(block.id) || weight(block) >= SAMPLES_PER_SERIES) {
      run = []
      continue
    }
    if (!fits(run, block)) run = []
    run.push(block)
    if (run.length > 1 && (run.length >= BLOCKS_PER_LEVEL || sum(run, weight) >= SAMPLES_PER_SERIES)) return run
  }
  return undefined
}

function fits(run: readonly Block[], block: Block): boolean {
  const [first] = run
  if (first === undefined) return true
  const samples = sum(run, (one) => one.samples) + block.samples
  return first.level === block.level && samples <= SAMPLES_MAX && block.to - first.from <= SPAN_MAX_MS
}

function weight(block: Block): number {
  return block.samples / block.series
}

function sum(blocks: readonly Block[], value: (block: Block) => number): number {
  return blocks.reduce((total, block) => total + value(block), 0)
}
