// Commits batches: the rules first, then one transaction, then what memory remembers of it.

import type { CommitOptions, DurationMs, Exemplar, Millis, Refusals, SeriesRef } from '@promlet/model'
import { type Database, inPhase, type Statement } from '@promlet/sqlite'
import { Admission, histogramMark, type LateSamples } from './admission.ts'
import { layRow, type PendingBatch, type PendingHistogram, type PendingRow } from './appender.ts'
import { type Batch, type BatchData, encodeHistograms, encodeSamples, HISTOGRAMS, ROW, SAMPLES, sealRow } from './batch.ts'
import { BufferPool } from './buffers.ts'
import { asStorageError } from './error.ts'
import type { TimedExemplar } from './exemplars.ts'
import { Layouts } from './layout.ts'
import type { Reader } from './reader.ts'
import { LastSamples } from './ref-pages.ts'
import { RefusalTally } from './refusal-tally.ts'
import { RowFinder } from './row-finder.ts'
import type { SampleList } from './sample-list.ts'
import { type AddedSeries, SeriesIndex } from './series-index.ts'
import type { State } from './snapshot-state.ts'
import { storedSamples } from './stored-samples.ts'

export interface WriterOptions {
  readonly database: Database
  readonly reader: Reader
  readonly now: () => Millis
  readonly limits: WriterLimits
}

export interface WriterLimits {
  retentionTimeMs: DurationMs
  outOfOrderTimeWindowMs: DurationMs
  exemplarsMax: number
}

/** What is known of series without samples for so long is read from the file again when they come back. */
const IDLE_MS: DurationMs = 3_600_000

/** What one commit did. */
export interface CommitReport {
  readonly floats: number
  readonly histograms: number
  /** Of both, those that came late. */
  readonly late: number
  readonly seriesCreated: number
  readonly exemplars: number
  readonly exemplarsOutOfOrder: number
  /** Written to the file for the samples. */
  readonly bytes: number
  readonly refusals: Refusals
}

export class Writer {
  readonly index: SeriesIndex
  readonly layouts: Layouts
  readonly last = new LastSamples()
  readonly buffers = new BufferPool()
  /** The newest sample of the store; -Infinity in an empty one. */
  newest: Millis
  #batchMax: number
  #bytes = 0
  readonly #reader: Reader
  readonly #now: () => Millis
  readonly #limits: WriterLimits
  readonly #admission: Admission
  readonly #rowFinder = new RowFinder()
  readonly #transaction: (run: () => void) => void
  readonly #addBatch: Statement<[number, number, number | null, Millis, Millis, number, Buffer]>
  readonly #changeGeneration: Statement<[]>

  constructor({ database, reader, now, limits }: WriterOptions) {
    this.#reader = reader
    this.#now = now
    this.#limits = limits
    this.index = new SeriesIndex(database)
    this.layouts = new Layouts(database)
    this.#admission = new Admission(this.last, storedSamples(reader, this.index, this.last, histogramMark))
    reader.batches.recycle(this.buffers)
    this.newest = newestSample(database, reader)
    this.#batchMax = reader.snapshot((state) => state.batchMax)
    this.#transaction = database.transaction((run: () => void) => run()).immediate
    this.#addBatch = database.prepare('INSERT INTO batch (id, kind, layout, from_ms, to_ms, samples, data) VALUES (?, ?, ?, ?, ?, ?, ?)')
    this.#changeGeneration = database.prepare('UPDATE state SET index_generation = index_generation + 1')
  }

  /** The id of the newest batch. */
  get batchMax(): number {
    return this.#batchMax
  }

  /** Acknowledged when it returns. @throws what SQLite throws; then nothing of the batch is stored. */
  commit(batch: PendingBatch, { whole = false }: CommitOptions = {}): CommitReport {
    const touched = refsOf(batch)
    const tally = new RefusalTally((ref) => this.#describe(ref))
    let committed = false
    try {
      const late = this.#admission.admit(batch, { ...this.#limits, now: this.#now(), newest: this.newest }, tally)
      if (whole && tally.hasRetired) return nothingStored(tally)
      const report = this.#store(batch, late, tally)
      committed = true
      return report
    } finally {
      // Memory ran ahead of the file: these series are read from it again when they come next.
      if (!committed) for (const refs of touched) for (const ref of refs) this.last.forget(ref)
    }
  }

  /** Forgets series that have left the file. */
  forget(refs: Uint32Array): void {
    this.index.forget()
    this.layouts.forget(refs)
    for (const ref of refs) this.last.forget(ref)
  }

  /** Lets go of memory for series that had no sample for long, or are gone. */
  trim(): void {
    this.last.trim(this.newest - IDLE_MS)
    this.layouts.trim()
  }

  #store(batch: PendingBatch, late: LateSamples, tally: RefusalTally): CommitReport {
    const floats = batch.rows.reduce((sum, row) => sum + row.samples, batch.samples.length + late.samples.length)
    const rows = [...batch.rows, ...this.#findRows(batch.samples)].filter((row) => row.samples > 0)
    const exemplars = this.#timed(batch)
    const metadata = this.#reader.metadata.changes(batch.metadata)
    const batches: Batch[] = []
    const undo: (() => void)[] = []
    let added: AddedSeries | undefined
    this.#bytes = 0
    let exemplarCounts = { added: 0, outOfOrder: 0 }
    try {
      const write = () => {
        added = this.#addSeries(rows, batch, late)
        for (const row of rows) batches.push(this.#writeRow(row, this.#batchMax + batches.length + 1, undo))
        for (const data of sealRest(batch, late)) batches.push(this.#writeData(data, this.#batchMax + batches.length + 1))
        if (exemplars.length > 0) exemplarCounts = this.#reader.exemplarTable.write(exemplars, this.#limits.exemplarsMax)
        this.#reader.metadata.write(metadata)
      }
      inPhase('commit', () => this.#transaction(write))
    } catch (error) {
      for (const step of undo) step()
      this.index.unwrite()
      throw error
    }
    if (added !== undefined) this.index.settle(added)
    this.#reader.metadata.settle(metadata)
    this.#remember(batches)
    return {
      floats,
      histograms: batch.histograms.length + late.histograms.length,
      late: late.samples.length + late.histograms.length,
      seriesCreated: added?.refs.length ?? 0,
      exemplars: exemplarCounts.added,
      exemplarsOutOfOrder: exemplarCounts.outOfOrder,
      bytes: this.#bytes,
      refusals: tally.result(),
    }
  }

  #findRows(samples: SampleList): PendingRow[] {
    if (samples.starts !== undefined) return []
    return this.#rowFinder.take(samples).map(({ at, refs, values }) => {
      const list = this.layouts.list(this.layouts.resolve(refs))
      return layRow(list, at, values, new Uint8Array(refs.length).fill(1), this.buffers)
    })
  }

  /** An exemplar without a time of its own has that of the newest sample of its series. Unknown series have none. */
  #timed({ exemplars }: PendingBatch): TimedExemplar[] {
    const timed: TimedExemplar[] = []
    for (const { ref, exemplar } of exemplars) {
      const at = exemplar.at ?? this.last.timeOf(ref)
      const known: Required<Exemplar> = { ...exemplar, at }
      if (Number.isFinite(this.last.timeOf(ref)) && Number.isFinite(at)) timed.push({ ref, exemplar: known })
    }
    return timed
  }

  #addSeries(rows: readonly PendingRow[], batch: PendingBatch, late: LateSamples): AddedSeries | undefined {
    if (!this.index.hasPending) return undefined
    const added = new Set<SeriesRef>()
    const add = (ref: number) => void (this.index.isPending(ref) && added.add(ref))
    for (const { stored, slots, present } of rows) {
      for (let slot = 0; slot < slots; slot++) if (present === undefined || present[slot] !== 0) add(stored.refs[slot] as number)
    }
    for (const { refs, length } of [batch.samples, late.samples]) for (let index = 0; index < length; index++) add(refs[index] as number)
    for (const { ref } of [...batch.histograms, ...late.histograms]) add(ref)
    if (added.size === 0) return undefined
    const result = this.index.write([...added])
    if (result.outOfTurn) this.#changeGeneration.run()
    return result
  }

  #writeRow(row: PendingRow, id: number, undo: (() => void)[]): Batch {
    const { stored, at, slots, buffer, values, present, samples } = row
    const { id: idBefore, writtenLength } = stored
    this.layouts.write(stored, at, id)
    undo.push(() => {
      stored.id = idBefore
      stored.writtenLength = writtenLength
    })
    const data = sealRow(buffer, slots, present)
    this.#addBatch.run(id, ROW, stored.id, at, at, samples, data)
    this.#bytes += data.length
    return { kind: ROW, id, layout: stored.id, at, values, present, samples }
  }

  #writeData({ batch, record }: BatchData, id: number): Batch {
    this.#addBatch.run(id, record.kind, null, record.from_ms, record.to_ms, record.samples, record.data)
    this.#bytes += record.data.length
    return { ...batch, id }
  }

  #remember(batches: readonly Batch[]): void {
    for (const batch of batches) {
      this.#reader.batches.add(batch)
      if (batch.kind === ROW) this.newest = Math.max(this.newest, batch.at)
      else for (const at of batch.times) if (at > this.newest) this.newest = at
    }
    this.#batchMax += batches.length
  }

  #describe(ref: SeriesRef): string {
    return `${this.index.pendingLabels(ref) ?? this.#reader.labels.find(ref) ?? `series ${ref}`}`
  }
}

/** The batch comes again with series that are known, and what is refused of it is counted then. */
function nothingStored(tally: RefusalTally): CommitReport {
  const none = { outOfOrder: 0, duplicate: 0, tooOld: 0, tooFarInFuture: 0, unknownSeries: 0 }
  const counts = { floats: 0, histograms: 0, late: 0, seriesCreated: 0, exemplars: 0, exemplarsOutOfOrder: 0, bytes: 0 }
  return { ...counts, refusals: { ...tally.result(), ...none } }
}

/** Every series of which a batch may have samples, before it is admitted. */
function refsOf(batch: PendingBatch): Uint32Array[] {
  const { rows, samples, histograms } = batch
  const refs = rows.map(({ stored, slots }) => stored.refs.subarray(0, slots))
  if (samples.length > 0) refs.push(samples.refs.slice(0, samples.length))
  if (histograms.length > 0) refs.push(Uint32Array.from(histograms, ({ ref }) => ref))
  return refs
}

function sealRest(batch: PendingBatch, late: LateSamples): BatchData[] {
  const sealed: BatchData[] = []
  if (batch.samples.length > 0) sealed.push(sealSamples(batch.samples, false))
  if (batch.histograms.length > 0) sealed.push(sealHistograms(batch.histograms, false))
  if (late.samples.length > 0) sealed.push(sealSamples(late.samples, true))
  if (late.histograms.length > 0) sealed.push(sealHistograms(late.histograms, true))
  return sealed
}

function sealSamples({ refs, times, values, starts, length }: SampleList, late: boolean): BatchData {
  const columns = {
    refs: refs.slice(0, length),
    times: times.slice(0, length),
    values: values.slice(0, length),
    starts: starts?.slice(0, length),
  }
  return encodeSamples({ kind: SAMPLES, id: 0, late, ...columns })
}

function sealHistograms(pending: readonly PendingHistogram[], late: boolean): BatchData {
  return encodeHistograms({
    kind: HISTOGRAMS,
    id: 0,
    late,
    refs: Uint32Array.from(pending, ({ ref }) => ref),
    times: Float64Array.from(pending, ({ at }) => at),
    histograms: pending.map(({ histogram }) => histogram),
    starts: pending.some(({ startAt }) => startAt !== 0) ? Float64Array.from(pending, ({ startAt }) => startAt) : undefined,
  })
}

function newestSample(database: Database, reader: Reader): Millis {
  try {
    return newestStored(database)
  } catch (error) {
    if (asStorageError(error, 'the store').code !== 'corrupt') throw error
    // What can be read tells it too, at the price of reading all batches.
    const latest = (state: State) => reader.blocks.of(state).reduce((newest, { to }) => Math.max(newest, to), reader.batches.load(state).to)
    return reader.snapshot(latest)
  }
}

function newestStored(database: Database): Millis {
  const newest = database
    .prepare<[], number | null>(
      'SELECT max((SELECT coalesce(max(to_ms), -1e300) FROM batch), (SELECT coalesce(max(to_ms), -1e300) FROM block))',
    )
    .pluck()
    .get()
  return newest === null || newest === undefined || newest === -1e300 ? -Infinity : newest
}
