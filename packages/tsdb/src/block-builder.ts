// Writes a block: its chunks in short transactions while nobody can see them, since no block row names them yet, then the
// row that makes them visible, in the caller's transaction.

import type { Millis } from '@promlet/model'
import type { Database, Statement } from '@promlet/sqlite'
import { ByteWriter } from './bytes.ts'
import { writeChunk } from './chunk.ts'
import { encodeIds } from './ids.ts'
import type { Piece } from './pieces.ts'
import { TimeColumnsBuilder } from './time-columns.ts'

export interface BlockOptions {
  readonly late?: boolean
  readonly level?: number
  /** Columns of times that keep their numbers. */
  readonly times?: readonly Float64Array[]
}

/** Where chunks go. One builder at a time: their ids follow each other. */
export class BlockWriter {
  readonly #nextChunk: () => number
  readonly #addChunk: Statement<[number, Uint8Array]>
  readonly #addSet: Statement<[Buffer]>
  readonly #findSet: Statement<[Buffer], number>
  readonly #addBlock: Statement<[Millis, Millis, number, number, number, number, number, number, number, Buffer]>
  readonly #transaction: (run: () => void) => void

  constructor(database: Database) {
    const next = database.prepare<[], number>('SELECT coalesce(max(id), 0) + 1 FROM chunk').pluck()
    const nextAfterBlocks = database.prepare<[], number>('SELECT coalesce(max(first_chunk + series), 1) FROM block').pluck()
    this.#nextChunk = () => Math.max(next.get() as number, nextAfterBlocks.get() as number)
    this.#addChunk = database.prepare('INSERT INTO chunk (id, data) VALUES (?, ?)')
    this.#addSet = database.prepare('INSERT INTO series_set (ids) VALUES (?)')
    // Blocks that follow each other mostly have the same series.
    this.#findSet = database
      .prepare<[Buffer], number>('SELECT id FROM (SELECT id, ids FROM series_set ORDER BY id DESC LIMIT 4) WHERE ids = ?')
      .pluck()
    this.#addBlock = database.prepare(
      'INSERT INTO block (from_ms, to_ms, samples, series, bytes, late, level, series_set, first_chunk, times) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    )
    this.#transaction = database.transaction((run: () => void) => run()).immediate
  }

  begin(options: BlockOptions = {}): BlockBuilder {
    return new BlockBuilder(this, this.#nextChunk(), options)
  }

  writeChunks(first: number, chunks: readonly Uint8Array[]): void {
    this.#transaction(() => {
      for (let index = 0; index < chunks.length; index++) this.#addChunk.run(first + index, chunks[index] as Uint8Array)
    })
  }

  /** Inside the caller's transaction. */
  writeBlock(block: {
    from: Millis
    to: Millis
    samples: number
    ids: Uint32Array
    bytes: number
    late: boolean
    level: number
    first: number
    times: Buffer
  }): void {
    const set = encodeIds(block.ids)
    const known = this.#findSet.get(set) ?? Number(this.#addSet.run(set).lastInsertRowid)
    const { from, to, samples, ids, bytes, late, level, first, times } = block
    this.#addBlock.run(from, to, samples, ids.length, bytes, late ? 1 : 0, level, known, first, times)
  }
}

export class BlockBuilder {
  samples = 0
  readonly #into: BlockWriter
  readonly #first: number
  readonly #late: boolean
  readonly #level: number
  readonly #times: TimeColumnsBuilder
  readonly #writer = new ByteWriter(4096)
  #ids: number[] = []
  #pending: Uint8Array[] = []
  #written = 0
  #bytes = 0
  #from: Millis = Infinity
  #to: Millis = -Infinity

  constructor(into: BlockWriter, first: number, { late = false, level = 0, times = [] }: BlockOptions) {
    this.#into = into
    this.#first = first
    this.#late = late
    this.#level = level
    this.#times = new TimeColumnsBuilder(times)
  }

  get isEmpty(): boolean {
    return this.#ids.length === 0
  }

  /** Series come in increasing order. A piece without samples leaves the series out. */
  add(id: number, piece: Piece): void {
    const { times } = piece
    if (times.length === 0) return
    const writer = this.#writer
    writer.clear()
    writeChunk(writer, this.#times.numberOf(times), piece)
    this.#push(id, writer.blob(), times)
  }

  /** Takes over a chunk as it is; its time column is one of those that the builder began with. */
  addChunk(id: number, blob: Uint8Array, times: Float64Array): void {
    this.#push(id, blob, times)
  }

  /** Writes the chunks added since the last call, in one transaction. */
  flush(): void {
    this.#into.writeChunks(this.#first + this.#written, this.#pending)
    this.#written += this.#pending.length
    this.#pending = []
  }

  /** Makes the block visible, inside the caller's transaction. An empty one is no block. */
  finish(): void {
    if (this.#pending.length > 0) throw new Error('chunks of a block were not written before it was finished')
    if (this.isEmpty) return
    this.#into.writeBlock({
      from: this.#from,
      to: this.#to,
      samples: this.samples,
      ids: Uint32Array.from(this.#ids),
      bytes: this.#bytes,
      late: this.#late,
      level: this.#level,
      first: this.#first,
      times: this.#times.blob(),
    })
  }

  #push(id: number, blob: Uint8Array, times: Float64Array): void {
    this.#ids.push(id)
    this.#pending.push(blob)
    this.#bytes += blob.length
    this.samples += times.length
    this.#from = Math.min(this.#from, times[0] as number)
    this.#to = Math.max(this.#to, times.at(-1) as number)
  }
}
