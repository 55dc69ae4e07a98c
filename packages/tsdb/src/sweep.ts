// Removing rows that are dead: batches that are in blocks, chunks that no block has (of replaced blocks, or of one that was
// never finished), layouts and series sets that nothing refers to. All of them are found by looking, not by remembering, so
// a crash leaves nothing behind for good.

import type { Database, Statement } from '@promlet/sqlite'
import type { Slices } from './compaction.ts'
import type { Reader } from './reader.ts'

const BATCHES_PER_SLICE = 50
const LAYOUTS_PER_SLICE = 50
const CHUNKS_PER_SLICE = 500
const PAGES_PER_SLICE = 64

/** A smaller part of the file, or fewer pages, may stay free while there is work: they are soon used again. */
const FREE_PART_MAX = 0.1
const FREE_PAGES_MAX = 64

/** What the writer knows of the layouts of the file. */
export interface LayoutUse {
  isUsedAfter(layout: number, batch: number): boolean
  unwrite(layout: number): void
}

export class Sweeper {
  readonly #database: Database
  readonly #reader: Reader
  readonly #removeBatches: Statement<[number, number]>
  readonly #removeChunks: Statement<[number, number, number]>
  readonly #liveRanges: Statement<[], { readonly first: number; readonly end: number }>
  readonly #transaction: (run: () => void) => void
  readonly #unusedLayouts: Statement<[], number>
  readonly #removeLayout: Statement<[number]>
  readonly #removeParts: Statement<[number]>
  readonly #removeSets: Statement<[]>

  constructor(database: Database, reader: Reader) {
    this.#database = database
    this.#reader = reader
    this.#transaction = database.transaction((run: () => void) => run()).immediate
    this.#removeBatches = database.prepare('DELETE FROM batch WHERE id IN (SELECT id FROM batch WHERE id <= ? ORDER BY id LIMIT ?)')
    this.#removeChunks = database.prepare(
      'DELETE FROM chunk WHERE id IN (SELECT id FROM chunk WHERE id >= ? AND id < ? ORDER BY id LIMIT ?)',
    )
    this.#liveRanges = database.prepare('SELECT first_chunk AS first, first_chunk + series AS "end" FROM block ORDER BY first_chunk')
    this.#unusedLayouts = database
      .prepare<[], number>('SELECT id FROM layout WHERE id NOT IN (SELECT layout FROM batch WHERE layout IS NOT NULL)')
      .pluck()
    this.#removeLayout = database.prepare('DELETE FROM layout WHERE id = ?')
    this.#removeParts = database.prepare('DELETE FROM layout_part WHERE layout = ?')
    this.#removeSets = database.prepare('DELETE FROM series_set WHERE id NOT IN (SELECT series_set FROM block)')
  }

  /** No block may be in the making. */
  *sweep(layouts: LayoutUse, exemplarsMax: number): Slices {
    const floor = this.#reader.snapshot((state) => state.batchFloor)
    while (this.#removeBatches.run(floor, BATCHES_PER_SLICE).changes > 0) yield
    let end = 0
    for (const range of [...this.#liveRanges.all(), { first: Number.MAX_SAFE_INTEGER, end: 0 }]) {
      if (range.first > end) while (this.#removeChunks.run(end, range.first, CHUNKS_PER_SLICE).changes > 0) yield
      end = range.end
    }
    const newest = this.#reader.snapshot((state) => state.batchMax)
    const unused = this.#unusedLayouts.all()
    for (let start = 0; start < unused.length; start += LAYOUTS_PER_SLICE) {
      yield
      // Meanwhile rows may have come.
      const slice = unused.slice(start, start + LAYOUTS_PER_SLICE).filter((layout) => !layouts.isUsedAfter(layout, newest))
      this.#transaction(() => {
        for (const layout of slice) {
          this.#removeParts.run(layout)
          this.#removeLayout.run(layout)
        }
      })
      for (const layout of slice) layouts.unwrite(layout)
    }
    this.#removeSets.run()
    while (this.#reader.exemplarTable.trimSome(exemplarsMax)) yield
  }

  /** Gives free pages back to the disk, `all` or most; the file gets shorter with the next checkpoint. */
  *vacuum(all: boolean): Slices {
    let before = Infinity
    const mayStay = () => (all ? 0 : Math.max(FREE_PAGES_MAX, FREE_PART_MAX * this.#pages()))
    for (let free = this.#freePages(); free > mayStay(); free = this.#freePages()) {
      if (free >= before) return
      before = free
      this.#database.pragma(`incremental_vacuum(${PAGES_PER_SLICE})`)
      yield
    }
  }

  /** Bytes of the file that hold something. */
  usedBytes(): number {
    return (this.#pages() - this.#freePages()) * (this.#database.pragma('page_size', { simple: true }) as number)
  }

  #freePages(): number {
    return this.#database.pragma('freelist_count', { simple: true }) as number
  }

  #pages(): number {
    return this.#database.pragma('page_count', { simple: true }) as number
  }
}
