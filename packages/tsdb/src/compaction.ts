// From batches to a block, and from small blocks to a larger one. Both are written as generators: each `yield` is the end
// of a slice of a few milliseconds, between which commits and queries have their turn. What the slices read (batches up
// to an id, blocks) does not change meanwhile, and nothing that they write is visible before the last transaction.

import type { TimeRange } from '@promlet/model'
import { type Database, inPhase, type Phase, type Statement } from '@promlet/sqlite'
import { planSeries, TimeShares } from './assembly.ts'
import { type Batch, ROW, samplesIn } from './batch.ts'
import { groupsOf, OrderedGroups } from './batch-groups.ts'
import type { BlockBuilder, BlockWriter } from './block-builder.ts'
import type { Block, OpenChunk } from './blocks.ts'
import { Arena } from './buffers.ts'
import { asStorageError } from './error.ts'
import { gather } from './gather.ts'
import { union } from './ids.ts'
import type { Piece } from './pieces.ts'
import type { Reader } from './reader.ts'
import { RefMap } from './ref-pages.ts'

/** Work that ends a slice at each `yield`. */
export type Slices<Result = void> = Generator<void, Result, void>

/** The same slices, each of them in a phase. */
export function* inSlices(phase: Phase, work: Slices): Slices {
  while (inPhase(phase, () => work.next()).done !== true) yield
}

/** Samples per slice: encoding takes some 25 ns each, writing a chunk a few microseconds. */
const SLICE_SAMPLES = 80_000
const SLICE_SERIES_MAX = 600

const ALWAYS: TimeRange = { from: -Infinity, to: Infinity }

export class Compactor {
  readonly #reader: Reader
  readonly #blockWriter: BlockWriter
  /** Columns of the slice in hand; a builder copies what it takes. */
  readonly #arena = new Arena()
  readonly #transaction: (run: () => void) => void
  readonly #setFloor: Statement<[number]>
  readonly #changeGeneration: Statement<[]>
  readonly #removeBlock: Statement<[number]>
  readonly #setAside: Statement<[number]>
  readonly #setInTime: Statement<[number]>

  constructor(database: Database, reader: Reader, blockWriter: BlockWriter) {
    this.#reader = reader
    this.#blockWriter = blockWriter
    this.#transaction = database.transaction((run: () => void) => run()).immediate
    this.#setFloor = database.prepare('UPDATE state SET block_generation = block_generation + 1, batch_floor = ?')
    this.#changeGeneration = database.prepare('UPDATE state SET block_generation = block_generation + 1')
    this.#setAside = database.prepare('INSERT OR IGNORE INTO damaged_batch SELECT * FROM batch WHERE id = ?')
    this.#setInTime = database.prepare('UPDATE block SET late = 0 WHERE id = ?')
    this.#removeBlock = database.prepare('DELETE FROM block WHERE id = ?')
  }

  /** Turns the batches of now into a block, and the late ones into one of their own. */
  *batches(): Slices {
    const { batches, damaged, last } = this.#reader.snapshot((state) => ({
      batches: [...this.#reader.batches.of(state)],
      damaged: [...this.#reader.batches.damaged],
      last: state.batchMax,
    }))
    const isLate = (batch: Batch) => batch.kind !== ROW && batch.late
    const inTime = this.#blockWriter.begin()
    yield* this.#addBatches(
      inTime,
      batches.filter((batch) => !isLate(batch)),
    )
    const late = this.#blockWriter.begin({ late: true })
    yield* this.#addBatches(late, batches.filter(isLate))
    this.#transaction(() => {
      inTime.finish()
      late.finish()
      // What cannot be read is put aside as it is, for whoever can make something of it.
      for (const id of damaged) this.#keepDamaged(id)
      this.#setFloor.run(last)
    })
    // Memory lets go of them at once, and their buffers serve the next rows.
    this.#reader.snapshot((state) => this.#reader.batches.of(state))
  }

  /** What lies on a page that SQLite cannot read cannot be copied either. */
  #keepDamaged(id: number): void {
    try {
      this.#setAside.run(id)
    } catch (error) {
      if (asStorageError(error, 'batch').code !== 'corrupt') throw error
    }
  }

  /** Puts one block in the place of several. */
  *merge(blocks: readonly Block[]): Slices {
    const reader = this.#reader
    const ids = union(blocks.map((block) => reader.blocks.series(block)))
    const samples = blocks.reduce((sum, block) => sum + block.samples, 0)
    const builder = this.#blockWriter.begin({ level: 1 + Math.max(...blocks.map(({ level }) => level)) })
    for (const slice of slicesOf(ids, samples)) {
      const wanted = columnsOf(slice)
      const chunks = Array.from(slice, (): OpenChunk[] => [])
      for (const block of blocks) reader.blocks.read(block, slice, (id, chunk) => void chunks[wanted.get(id) as number]?.push(chunk))
      const noBatches = chunks.map((): Piece[] => [])
      this.#addAll(builder, slice, chunks, noBatches)
      yield
      builder.flush()
      yield
    }
    this.replace(blocks, builder)
  }

  /** Makes a finished block visible and the ones that it stands for invisible, at once. */
  replace(blocks: readonly Block[], builder: BlockBuilder): void {
    this.#transaction(() => {
      builder.finish()
      for (const { id } of blocks) this.#removeBlock.run(id)
      this.#changeGeneration.run()
    })
  }

  /** Takes blocks away; their chunks are swept later. */
  remove(blocks: readonly Block[]): void {
    this.#transaction(() => {
      for (const { id } of blocks) this.#removeBlock.run(id)
      this.#changeGeneration.run()
    })
  }

  /** Makes a late block an ordinary one, where there is no other that its samples could go to. */
  acceptAsInTime(block: Block): void {
    this.#transaction(() => {
      this.#setInTime.run(block.id)
      this.#changeGeneration.run()
    })
  }

  #addAll(builder: BlockBuilder, ids: Uint32Array, chunks: readonly OpenChunk[][], recent: readonly Piece[][]): void {
    const planned = planSeries(ids, chunks, recent, ALWAYS, new TimeShares(), this.#arena.allocate)
    for (const one of planned) builder.add(one.id, one.read())
    this.#arena.reset()
  }

  *#addBatches(builder: BlockBuilder, batches: readonly Batch[]): Slices {
    const { layouts } = this.#reader
    const samples = batches.reduce((sum, batch) => sum + samplesIn(batch), 0)
    const ids = seriesOf(batches, this.#reader)
    const groups = new OrderedGroups(groupsOf(batches), columnsOf(ids), ids.length)
    yield
    for (const slice of slicesOf(ids, samples)) {
      const { allocate } = this.#arena
      const span = { first: slice[0] as number, last: slice.at(-1) as number }
      const ask = { wanted: columnsOf(slice), columns: slice.length, ...span, ...ALWAYS, allocate }
      const recent = gather(groups.between(span.first, span.last), layouts, ask)
      const noChunks = recent.map((): OpenChunk[] => [])
      this.#addAll(builder, slice, noChunks, recent)
      yield
      builder.flush()
      yield
    }
  }
}

/** Cuts series into slices of about equally many samples. */
export function* slicesOf(ids: Uint32Array, samples: number): Generator<Uint32Array> {
  const perSeries = Math.max(1, samples / Math.max(1, ids.length))
  const size = Math.min(SLICE_SERIES_MAX, Math.max(1, Math.floor(SLICE_SAMPLES / perSeries)))
  for (let start = 0; start < ids.length; start += size) yield ids.subarray(start, start + size)
}

export function columnsOf(ids: Uint32Array): RefMap {
  const columns = new RefMap()
  for (let column = 0; column < ids.length; column++) columns.set(ids[column] as number, column)
  return columns
}

function seriesOf(batches: readonly Batch[], reader: Reader): Uint32Array {
  const lengths = new Map<number, number>()
  const lists: Uint32Array[] = []
  for (const batch of batches) {
    if (batch.kind === ROW) lengths.set(batch.layout, Math.max(lengths.get(batch.layout) ?? 0, batch.values.length))
    else lists.push(batch.refs)
  }
  for (const [layout, length] of lengths) lists.push(reader.layouts.refs(layout, length).slice(0, length))
  return lists.length === 0 ? new Uint32Array(0) : union(lists.map((list) => list.slice().sort()))
}
