// L1 as a reader sees it: blocks, each with the chunks of many series over one span of time.

import type { Millis, TimeRange } from '@promlet/model'
import type { Database, Statement } from '@promlet/sqlite'
import { ByteReader, contentEnd, openPart } from './bytes.ts'
import { Cache } from './cache.ts'
import { type ChunkBytes, ChunkRows } from './chunk-rows.ts'
import { StorageError } from './error.ts'
import { decodeIds, NO_IDS, positionsIn } from './ids.ts'
import type { State } from './snapshot-state.ts'
import { TimeColumns } from './time-columns.ts'

const SETS_CACHED_MAX = 256
const TIMES_CACHED_MAX = 1_024

export interface Block {
  readonly id: number
  /** The oldest and the newest sample. */
  readonly from: Millis
  readonly to: Millis
  readonly samples: number
  readonly series: number
  /** Of the chunks. */
  readonly bytes: number
  /** 1 when its samples came late and lie within the span of other blocks. */
  readonly late: 0 | 1
  /** 0 for a block of batches, one more than its parts for a merged one. */
  readonly level: number
  readonly seriesSet: number
  /** The chunk of the first series of the set; the others follow in order. */
  readonly firstChunk: number
}

/** A chunk that was read but not decoded: one small object, as a query holds thousands. */
export class OpenChunk {
  readonly times: Float64Array
  readonly #row: ChunkBytes
  readonly #start: number
  readonly #at: number
  readonly #end: number

  /** The chunk lies from `start` to `end` with its checksum; `at` is behind the number of its time column. */
  constructor(times: Float64Array, row: ChunkBytes, start: number, at: number, end: number) {
    this.times = times
    this.#row = row
    this.#start = start
    this.#at = at
    this.#end = end
  }

  /** A new reader, which stands behind the number of the time column. */
  get reader(): ByteReader {
    return new ByteReader(this.#row.bytes, contentEnd(this.#end), this.#at, this.#row.view)
  }

  /** The first byte behind it. */
  get form(): number {
    return this.#row.bytes[this.#at] as number
  }

  /** As it is stored. */
  get blob(): Uint8Array {
    return this.#row.bytes.subarray(this.#start, this.#end)
  }
}

export type OnDamagedChunk = (id: number, error: unknown) => void

function raise(_: number, error: unknown): never {
  throw error
}

export class Blocks {
  #generation = -1
  #blocks: readonly Block[] = []
  readonly #sets = new Cache<number, Uint32Array>(SETS_CACHED_MAX)
  readonly #times = new Cache<number, TimeColumns>(TIMES_CACHED_MAX)
  readonly #readBlocks: Statement<[], Block>
  readonly #readSet: Statement<[number], Buffer>
  readonly #readTimes: Statement<[number], Buffer>
  readonly #rows: ChunkRows

  constructor(database: Database) {
    this.#readBlocks = database.prepare(`
      SELECT id, from_ms AS "from", to_ms AS "to", samples, series, bytes, late, level, series_set AS seriesSet, first_chunk AS firstChunk
      FROM block ORDER BY from_ms, id`)
    this.#readSet = database.prepare<[number], Buffer>('SELECT ids FROM series_set WHERE id = ?').pluck()
    this.#readTimes = database.prepare<[number], Buffer>('SELECT times FROM block WHERE id = ?').pluck()
    this.#rows = new ChunkRows(database)
  }

  /** All blocks of a state, in order of their oldest sample. */
  of(state: State): readonly Block[] {
    if (this.#generation !== state.blockGeneration) {
      this.#blocks = this.#readBlocks.all()
      this.#generation = state.blockGeneration
    }
    return this.#blocks
  }

  within(range: TimeRange, state: State): Block[] {
    return this.of(state).filter(({ from, to }) => from <= range.to && to >= range.from)
  }

  /** The series of a block, increasing. @throws StorageError `corrupt` */
  series({ seriesSet }: Block): Uint32Array {
    const cached = this.#sets.get(seriesSet)
    if (cached !== undefined) return cached
    const blob = this.#readSet.get(seriesSet)
    if (blob === undefined) throw new StorageError('corrupt', `series set ${seriesSet}: a block has it and the table has not`)
    const ids = decodeIds(blob, 'series set', seriesSet)
    this.#sets.set(seriesSet, ids)
    return ids
  }

  times({ id }: Block): TimeColumns {
    const cached = this.#times.get(id)
    if (cached !== undefined) return cached
    const blob = this.#readTimes.get(id)
    if (blob === undefined) throw new StorageError('corrupt', `block ${id}: it is gone`)
    const times = new TimeColumns(blob, id)
    this.#times.set(id, times)
    return times
  }

  /**
   * Gives the chunks of those of the series (increasing) that the block has, in order. Chunks that are damaged or missing
   * are told to `damaged`, which throws the error when it is not given.
   */
  read(block: Block, ids: Uint32Array, take: (id: number, chunk: OpenChunk) => void, damaged: OnDamagedChunk = raise): void {
    const all = this.series(block)
    const positions = positionsIn(all, ids)
    const times = this.times(block)
    this.#rows.read(block.firstChunk, positions, (index, row, start, end) => {
      const position = positions[index] as number
      const id = all[position] as number
      const chunk = block.firstChunk + position
      let open: OpenChunk
      try {
        if (row === undefined) throw new StorageError('corrupt', `chunk ${chunk}: block ${block.id} has it and it cannot be found`)
        const reader = openPart(row.bytes, row.view, start, end, 'chunk', chunk)
        open = new OpenChunk(times.column(reader.varint()), row, start, reader.at, end)
      } catch (error) {
        damaged(id, error)
        return
      }
      take(id, open)
    })
  }

  /** The series that may have samples in the range: increasing lists, each once. */
  active(range: TimeRange, state: State): Uint32Array[] {
    const sets = new Map<number, Uint32Array>()
    for (const block of this.within(range, state)) if (!sets.has(block.seriesSet)) sets.set(block.seriesSet, this.series(block))
    return sets.size === 0 ? [NO_IDS] : [...sets.values()]
  }
}
