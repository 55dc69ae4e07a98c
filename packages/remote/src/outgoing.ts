// What waits to be sent: the samples of one commit for one shard, in columns, followed by its histograms and
// exemplars. All three count as items; a request takes a run of items.

import { type Exemplar, type Histogram, isStaleAt, type Labels, type Metadata, type Millis, setStale } from '@promlet/model'
import { grown } from './batch.ts'
import { WireWriter } from './wire-writer.ts'

/** A series as an endpoint sends it: external labels added and relabelled. */
export interface OutgoingSeries {
  readonly labels: Labels
  /** The label fields of remote write 1.0, which do not change from sample to sample. */
  readonly labelBlock: Uint8Array
}

export interface OutgoingHistogram {
  readonly series: OutgoingSeries
  readonly at: Millis
  readonly histogram: Histogram
  /** 0 when it is not known. */
  readonly startAt: Millis
}

export interface OutgoingExemplar {
  readonly series: OutgoingSeries
  readonly exemplar: Exemplar
}

/** A run of the items of one portion. */
export interface Slice {
  readonly portion: Portion
  readonly from: number
  readonly to: number
}

/** What one request carries. */
export interface WriteContent {
  readonly slices: readonly Slice[]
  /** For remote write 1.0, families of their own; for 2.0, looked up for each series. */
  readonly metadata: ReadonlyMap<string, Metadata>
}

const writer = new WireWriter()

export function outgoingSeries(labels: Labels): OutgoingSeries {
  writer.clear()
  for (const [name, value] of labels) {
    const start = writer.length
    writer.text(0x0a, name)
    writer.text(0x12, value)
    const label = Buffer.from(writer.bytes().subarray(start))
    writer.length = start
    writer.field(0x0a, label)
  }
  return { labels, labelBlock: Uint8Array.from(writer.bytes()) }
}

/** The items of one commit that go through one shard of one endpoint. */
export class Portion {
  readonly series: OutgoingSeries[] = []
  times: Float64Array<ArrayBuffer>
  values: Float64Array<ArrayBuffer>
  /** Start timestamps of samples by their slots; remote write 1.0 has no place for them. */
  readonly starts = new Map<number, Millis>()
  readonly histograms: OutgoingHistogram[] = []
  readonly exemplars: OutgoingExemplar[] = []

  /** Room for so many samples at first. */
  constructor(samples: number) {
    this.times = new Float64Array(samples)
    this.values = new Float64Array(samples)
  }

  get samples(): number {
    return this.series.length
  }

  /** Samples, histograms and exemplars together. */
  get size(): number {
    return this.series.length + this.histograms.length + this.exemplars.length
  }

  /** Copies one slot of a column, keeping a stale marker. */
  addSample(series: OutgoingSeries, at: Millis, values: Float64Array, index: number, startAt: Millis = 0): void {
    const slot = this.series.push(series) - 1
    if (slot >= this.times.length) {
      this.times = grown(this.times)
      this.values = grown(this.values)
    }
    this.times[slot] = at
    if (startAt !== 0) this.starts.set(slot, startAt)
    if (isStaleAt(values, index)) setStale(this.values, slot)
    else this.values[slot] = values[index] as number
  }

  /** The time of the newest sample or histogram of a run; -Infinity when there is none. */
  newest(from: number, to: number): Millis {
    let newest = -Infinity
    for (let item = from; item < to; item++) newest = Math.max(newest, this.#timeOf(item))
    return newest
  }

  #timeOf(item: number): Millis {
    if (item < this.samples) return this.times[item] as number
    return this.histograms[item - this.samples]?.at ?? -Infinity
  }
}
