// A cache of the batches that are not in blocks yet. The writer puts in what it has committed; a reader in another
// process or thread, and the first use after a restart, read what is missing from the file.

import type { Millis } from '@promlet/model'
import { type Database, isSqliteError, type Statement } from '@promlet/sqlite'
import { type Batch, type BatchRecord, decodeBatch, ROW, type RowBatch, samplesIn } from './batch.ts'
import { type BatchGroups, GrowingGroups } from './batch-groups.ts'
import type { BufferPool } from './buffers.ts'
import { asStorageError } from './error.ts'
import { NO_IDS } from './ids.ts'
import type { LayoutReader } from './layout.ts'
import { RefMap } from './ref-pages.ts'
import type { State } from './snapshot-state.ts'

/** So many batches there are at most between two compactions, or their ids are damaged too. */
const ONE_BY_ONE_MAX = 100_000

/** What batches amount to: it says when they have to become a block. */
export interface BatchLoad {
  readonly batches: number
  /** Memory of the values, about. */
  readonly bytes: number
  /** Rows of the layout that has most. */
  readonly rowsMax: number
  /** Samples that are not in rows. */
  readonly singles: number
  /** The oldest and the newest sample; infinite when there is none. */
  readonly from: Millis
  readonly to: Millis
}

export class RecentBatches {
  /** In order of id. */
  #batches: Batch[] = []
  #groups = new GrowingGroups()
  #upTo = 0
  #floor = 0
  #buffers: BufferPool | undefined
  #damaged: number[] = []
  readonly #onDamage: (error: unknown) => void
  #active: ActiveSeries
  readonly #layouts: LayoutReader
  readonly #read: Statement<[after: number, upTo: number], BatchRecord>

  /** A batch that cannot be decoded is told to `onDamage` and left out: one flipped bit must not keep all others from being read. */
  constructor(database: Database, layouts: LayoutReader, onDamage: (error: unknown) => void) {
    this.#layouts = layouts
    this.#onDamage = onDamage
    this.#active = new ActiveSeries(layouts)
    this.#read = database.prepare('SELECT id, kind, layout, from_ms, to_ms, samples, data FROM batch WHERE id > ? AND id <= ? ORDER BY id')
  }

  /** All batches of a state that can be read, in order of id. Valid until the next call. */
  of(state: State): readonly Batch[] {
    this.#dropUpTo(state.batchFloor)
    if (this.#upTo < state.batchMax) {
      for (const record of this.#readAll(this.#upTo, state.batchMax)) this.#take(record)
      this.#upTo = state.batchMax
    }
    return this.#batches
  }

  /** The same batches by what is in them. Valid until the next call. */
  groups(state: State): BatchGroups {
    // Before `#groups` is looked at, which this may replace.
    const batches = this.of(state)
    this.#groups.add(batches)
    return this.#groups
  }

  /** Gives the buffers of rows that became a block to a pool. Nobody may hold a batch longer than its state then. */
  recycle(buffers: BufferPool): void {
    this.#buffers = buffers
  }

  /** Takes a committed batch, when the ones before it are here; otherwise the file has it. */
  add(batch: Batch): void {
    if (batch.id !== this.#upTo + 1) return
    this.#batches.push(batch)
    this.#upTo = batch.id
  }

  /** Batches that turned out damaged and are left out, increasing. */
  get damaged(): readonly number[] {
    return this.#damaged
  }

  /** The series that may have samples from `from` to `to` in a state's batches, increasing. */
  active(state: State, from: Millis, to: Millis): Uint32Array {
    const batches = this.of(state)
    this.#active.add(batches)
    return this.#active.from > to || this.#active.to < from ? NO_IDS : this.#active.ids()
  }

  /** What a state's batches amount to. */
  load(state: State): BatchLoad {
    // Before `#active` is looked at, which this may replace.
    const batches = this.of(state)
    this.#active.add(batches)
    return this.#active
  }

  /** The same without a look at the file, for the writer; undefined when not all of its batches are here. */
  loadUpTo(batchMax: number): BatchLoad | undefined {
    if (this.#upTo !== batchMax) return undefined
    this.#active.add(this.#batches)
    return this.#active
  }

  /** A page that cannot be read takes only its own batches along. */
  #readAll(after: number, upTo: number): readonly BatchRecord[] {
    try {
      return this.#read.all(after, upTo)
    } catch (error) {
      if (!isSqliteError(error) || upTo - after > ONE_BY_ONE_MAX) throw error
      const found: BatchRecord[] = []
      for (let id = after + 1; id <= upTo; id++) {
        try {
          found.push(...this.#read.all(id - 1, id))
        } catch (damage) {
          this.#damaged.push(id)
          this.#onDamage(asStorageError(damage, `batch ${id}`))
        }
      }
      return found
    }
  }

  #take(record: BatchRecord): void {
    try {
      this.#batches.push(decodeBatch(record))
    } catch (error) {
      this.#damaged.push(record.id)
      this.#onDamage(error)
    }
  }

  #dropUpTo(floor: number): void {
    if (floor <= this.#floor) return
    this.#floor = floor
    this.#upTo = Math.max(this.#upTo, floor)
    const keep: Batch[] = []
    for (const batch of this.#batches) {
      if (batch.id > floor) keep.push(batch)
      else if (batch.kind === ROW) this.#buffers?.give(batch.values.buffer as ArrayBuffer)
    }
    this.#buffers?.trim()
    this.#batches = keep
    this.#groups = new GrowingGroups()
    this.#damaged = this.#damaged.filter((id) => id > floor)
    this.#active = new ActiveSeries(this.#layouts)
    this.#layouts.keep(new Set(this.#batches.map((batch) => (batch.kind === ROW ? batch.layout : 0))))
  }
}

/** The series and the load of a growing list of batches. */
class ActiveSeries implements BatchLoad {
  from: Millis = Infinity
  to: Millis = -Infinity
  batches = 0
  bytes = 0
  rowsMax = 0
  singles = 0
  #count = 0
  #sorted: Uint32Array = NO_IDS
  readonly #marks = new RefMap()
  readonly #rows = new Map<number, number>()
  /** How many slots of a layout are marked from the first on. */
  readonly #lengths = new Map<number, number>()
  readonly #layouts: LayoutReader

  constructor(layouts: LayoutReader) {
    this.#layouts = layouts
  }

  add(batches: readonly Batch[]): void {
    for (; this.batches < batches.length; this.batches++) this.#addBatch(batches[this.batches] as Batch)
  }

  ids(): Uint32Array {
    if (this.#sorted.length !== this.#count) this.#sorted = this.#marks.keys(this.#count)
    return this.#sorted
  }

  #addBatch(batch: Batch): void {
    if (samplesIn(batch) === 0) return
    if (batch.kind === ROW) {
      this.from = Math.min(this.from, batch.at)
      this.to = Math.max(this.to, batch.at)
      this.bytes += batch.values.byteLength
      this.#addRow(batch)
      return
    }
    this.singles += batch.refs.length
    this.bytes += batch.refs.length * 20
    for (const at of batch.times) {
      if (at < this.from) this.from = at
      if (at > this.to) this.to = at
    }
    this.#mark(batch.refs, 0, batch.refs.length)
  }

  #addRow({ layout, values, present }: RowBatch): void {
    const rows = (this.#rows.get(layout) ?? 0) + 1
    this.#rows.set(layout, rows)
    this.rowsMax = Math.max(this.rowsMax, rows)
    const { length } = values
    const known = this.#lengths.get(layout) ?? 0
    if (known >= length) return
    const refs = this.#layouts.refs(layout, length)
    if (present === undefined) {
      this.#lengths.set(layout, length)
      this.#mark(refs, known, length)
      return
    }
    for (let slot = known; slot < length; slot++) if (present[slot] !== 0) this.#mark(refs, slot, slot + 1)
  }

  #mark(refs: Uint32Array, from: number, to: number): void {
    for (let index = from; index < to; index++) {
      const ref = refs[index] as number
      if (this.#marks.get(ref) !== undefined) continue
      this.#marks.set(ref, 1)
      this.#count++
    }
  }
}
