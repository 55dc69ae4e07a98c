// Changing single series of blocks: late samples are put into the blocks in whose span they fall, deleted ones taken out.
// A block is written anew with the changed series, and with all others as they are, without decoding them.

import type { TimeRange } from '@promlet/model'
import type { BlockWriter } from './block-builder.ts'
import type { Block, OpenChunk } from './blocks.ts'
import { readChunk } from './chunk.ts'
import { type Compactor, type Slices, slicesOf } from './compaction.ts'
import { intersect, union } from './ids.ts'
import { clip, merge, type Piece } from './pieces.ts'
import type { Reader } from './reader.ts'

/** What a changed series is to have; `before` is undefined where the block did not have the series. */
type Change = (id: number, before: Piece | undefined) => Piece

export class Rewriter {
  readonly #reader: Reader
  readonly #blockWriter: BlockWriter
  readonly #compactor: Compactor

  constructor(reader: Reader, blockWriter: BlockWriter, compactor: Compactor) {
    this.#reader = reader
    this.#blockWriter = blockWriter
    this.#compactor = compactor
  }

  /**
   * Spreads a late block over the others: each sample goes to the first block that does not end before it, or to the last
   * one. Blocks are replaced one by one and the late block goes last: in between, samples are there twice, which readers do
   * not see, as of two samples at one time only one counts.
   */
  *absorb(late: Block): Slices {
    const { blocks } = this.#reader
    const rest = new Map<number, Piece>()
    blocks.read(late, blocks.series(late), (id, { times, reader }) => void rest.set(id, readChunk(reader, times)))
    yield
    const others = this.#reader.snapshot((state) => blocks.of(state)).filter((block) => block.late === 0)
    for (const [index, block] of others.entries()) {
      const here = takeUntil(rest, index === others.length - 1 ? Infinity : block.to)
      if (here.size === 0) continue
      const changed = Uint32Array.from(here.keys()).sort()
      yield* this.#rewrite(block, changed, (id, before) => {
        const added = here.get(id) as Piece
        return before === undefined ? added : merge([before, added])
      })
    }
    if (others.length > 0) this.#compactor.remove([late])
    else this.#compactor.acceptAsInTime(late)
  }

  /** Takes samples of series (increasing) out of all blocks. Blocks are replaced one by one. */
  *delete(ids: Uint32Array, range: TimeRange): Slices {
    const { blocks } = this.#reader
    for (const block of this.#reader.snapshot((state) => blocks.within(range, state))) {
      const changed = intersect(ids, blocks.series(block))
      if (changed.length === 0) continue
      yield* this.#rewrite(block, changed, (_, before) => (before === undefined ? NOTHING : without(before, range)))
    }
  }

  *#rewrite(block: Block, changed: Uint32Array, change: Change): Slices {
    const { blocks } = this.#reader
    const builder = this.#blockWriter.begin({ late: block.late === 1, level: block.level, times: blocks.times(block).all() })
    const isChanged = new Set(changed)
    for (const slice of slicesOf(union([blocks.series(block), changed]), block.samples)) {
      const chunks = new Map<number, OpenChunk>()
      blocks.read(block, slice, (id, chunk) => void chunks.set(id, chunk))
      for (const id of slice) {
        const chunk = chunks.get(id)
        if (isChanged.has(id)) builder.add(id, change(id, chunk === undefined ? undefined : readChunk(chunk.reader, chunk.times)))
        else if (chunk !== undefined) builder.addChunk(id, chunk.blob, chunk.times)
      }
      yield
      builder.flush()
      yield
    }
    this.#compactor.replace([block], builder)
  }
}

const NOTHING: Piece = { times: new Float64Array(0), values: new Float64Array(0) }

/** Takes the samples up to a time, inclusive, out of the pieces. */
function takeUntil(pieces: Map<number, Piece>, to: number): Map<number, Piece> {
  const taken = new Map<number, Piece>()
  for (const [id, piece] of [...pieces]) {
    const early = clip(piece, -Infinity, to)
    if (early.times.length === 0) continue
    taken.set(id, early)
    if (early.times.length === piece.times.length) pieces.delete(id)
    else pieces.set(id, clip(piece, to + 1, Infinity))
  }
  return taken
}

function without(piece: Piece, { from, to }: TimeRange): Piece {
  return merge([clip(piece, -Infinity, from - 1), clip(piece, to + 1, Infinity)])
}
