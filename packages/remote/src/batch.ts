import { type Exemplar, type Histogram, isStaleAt, type Metadata, type Millis, type SeriesRef, setStale } from '@promlet/model'

const FIRST_SLOTS = 64

/** What one commit sends, before it is known to whom: samples in columns, the rest in lists. */
export class Batch {
  refs = new Float64Array(FIRST_SLOTS)
  times = new Float64Array(FIRST_SLOTS)
  values = new Float64Array(FIRST_SLOTS)
  /** Start timestamps of samples by their slots; most have none. */
  readonly starts = new Map<number, Millis>()
  length = 0
  readonly histograms: { readonly ref: SeriesRef; readonly at: Millis; readonly histogram: Histogram; readonly startAt: Millis }[] = []
  readonly exemplars: { readonly ref: SeriesRef; readonly exemplar: Exemplar }[] = []
  readonly metadata = new Map<string, Metadata>()
  /** Samples of layouts that are not known any more. */
  lost = 0

  append(ref: SeriesRef, at: Millis, value: number, startAt: Millis = 0): void {
    // Taking a slot may replace the columns, so it comes first.
    const slot = this.#slot(ref, at)
    this.values[slot] = value
    if (startAt !== 0) this.starts.set(slot, startAt)
  }

  appendStale(ref: SeriesRef, at: Millis): void {
    const slot = this.#slot(ref, at)
    setStale(this.values, slot)
  }

  appendRow(refs: readonly SeriesRef[], at: Millis, values: Float64Array, present: Uint8Array): void {
    for (let index = 0; index < refs.length; index++) {
      if (present[index] === 0) continue
      const slot = this.#slot(refs[index] as SeriesRef, at)
      if (isStaleAt(values, index)) setStale(this.values, slot)
      else this.values[slot] = values[index] as number
    }
  }

  #slot(ref: SeriesRef, at: Millis): number {
    if (this.length === this.refs.length) {
      this.refs = grown(this.refs)
      this.times = grown(this.times)
      this.values = grown(this.values)
    }
    this.refs[this.length] = ref
    this.times[this.length] = at
    return this.length++
  }
}

/** A column of twice the length. `set` copies bits, so that stale markers survive. */
export function grown(column: Float64Array): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(Math.max(FIRST_SLOTS, column.length * 2))
  longer.set(column)
  return longer
}
