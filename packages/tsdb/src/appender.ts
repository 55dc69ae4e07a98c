// Collects one batch. Nothing is checked and nothing is written before `commit`, so leaving without it costs nothing.

import {
  type Appender,
  type CommitOptions,
  type Exemplar,
  type Histogram,
  type Labels,
  type LayoutRef,
  type Metadata,
  type Millis,
  type Refusals,
  type SeriesRef,
  setStale,
} from '@promlet/model'
import type { BufferPool } from './buffers.ts'
import { StorageError } from './error.ts'
import type { LayoutList, StoredLayout } from './layout.ts'
import { SampleList } from './sample-list.ts'

/** One row over the slots of a stored layout. */
export interface PendingRow {
  readonly stored: StoredLayout
  readonly at: Millis
  readonly slots: number
  /** Begins with the values and has room for what a row's blob has behind them. */
  readonly buffer: ArrayBuffer
  readonly values: Float64Array
  /** Undefined when every slot has a sample. */
  present: Uint8Array | undefined
  samples: number
}

export interface PendingHistogram {
  readonly ref: SeriesRef
  readonly at: Millis
  readonly histogram: Histogram
  /** 0 when it is not known. */
  readonly startAt: Millis
}

export interface PendingExemplar {
  readonly ref: SeriesRef
  readonly exemplar: Exemplar
}

export interface PendingBatch {
  readonly rows: PendingRow[]
  readonly samples: SampleList
  readonly histograms: PendingHistogram[]
  readonly exemplars: PendingExemplar[]
  readonly metadata: Map<string, Metadata>
}

/** What an appender needs of its store. */
export interface AppenderHost {
  series(labels: Labels): SeriesRef
  layout(refs: readonly SeriesRef[]): LayoutRef
  retired(layout: LayoutRef): readonly SeriesRef[] | undefined
  layoutList(layout: LayoutRef): LayoutList
  readonly buffers: BufferPool
  commit(batch: PendingBatch, options: CommitOptions): Promise<Refusals>
}

export function emptyBatch(): PendingBatch {
  return { rows: [], samples: new SampleList(), histograms: [], exemplars: [], metadata: new Map() }
}

export class StoreAppender implements Appender {
  readonly #host: AppenderHost
  #batch: PendingBatch | undefined = emptyBatch()

  constructor(host: AppenderHost) {
    this.#host = host
  }

  series(labels: Labels): SeriesRef {
    return this.#host.series(labels)
  }

  layout(refs: readonly SeriesRef[]): LayoutRef {
    return this.#host.layout(refs)
  }

  retired(layout: LayoutRef): readonly SeriesRef[] | undefined {
    return this.#host.retired(layout)
  }

  appendRow(layout: LayoutRef, at: Millis, values: Float64Array, present: Uint8Array): void {
    const list = this.#host.layoutList(layout)
    if (values.length !== list.refs.length || present.length !== list.refs.length) {
      throw new RangeError(
        `a row of layout ${layout} has ${list.refs.length} slots, not ${values.length} values and ${present.length} presences`,
      )
    }
    this.#open().rows.push(layRow(list, at, values, present, this.#host.buffers))
  }

  append(ref: SeriesRef, at: Millis, value: number, startAt: Millis = 0): void {
    const { samples } = this.#open()
    const index = samples.add(ref, at, value)
    if (startAt !== 0) samples.setStart(index, startAt)
  }

  appendStale(ref: SeriesRef, at: Millis): void {
    const { samples } = this.#open()
    const index = samples.add(ref, at, 0)
    setStale(samples.values, index)
  }

  appendHistogram(ref: SeriesRef, at: Millis, histogram: Histogram, startAt: Millis = 0): void {
    this.#open().histograms.push({ ref, at, histogram, startAt })
  }

  appendExemplar(ref: SeriesRef, exemplar: Exemplar): void {
    this.#open().exemplars.push({ ref, exemplar })
  }

  setMetadata(metric: string, metadata: Metadata): void {
    this.#open().metadata.set(metric, metadata)
  }

  async commit(options: CommitOptions = {}): Promise<Refusals> {
    const batch = this.#open()
    this.#batch = undefined
    return this.#host.commit(batch, options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#batch = undefined
  }

  #open(): PendingBatch {
    if (this.#batch === undefined) throw new StorageError('spent', 'this appender was committed or left already; make a new one')
    return this.#batch
  }
}

/** Copies a caller's row into the slots of the stored layout. */
export function layRow(list: LayoutList, at: Millis, values: Float64Array, present: Uint8Array, buffers: BufferPool): PendingRow {
  const { stored, slots } = list
  const length = slots === undefined ? values.length : stored.length
  const buffer = buffers.take(length * 8 + ((length + 7) >>> 3) + 4)
  const laid = new Float64Array(buffer, 0, length)
  let laidPresent: Uint8Array | undefined
  if (slots === undefined) {
    laid.set(values)
    if (present.includes(0)) laidPresent = present.slice()
  } else {
    laid.fill(0)
    laidPresent = new Uint8Array(length)
    for (let index = 0; index < slots.length; index++) {
      const slot = slots[index] as number
      laid[slot] = values[index] as number
      laidPresent[slot] = present[index] as number
    }
    if (!laidPresent.includes(0)) laidPresent = undefined
  }
  return { stored, at, slots: length, buffer, values: laid, present: laidPresent, samples: length }
}
