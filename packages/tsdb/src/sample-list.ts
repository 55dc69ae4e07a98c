import type { Millis, SeriesRef } from '@promlet/model'

const NO_REFS = new Uint32Array(0)
const NO_NUMBERS = new Float64Array(0)
const CAPACITY_MIN = 16

/** Samples of any series and times, in columns that grow. */
export class SampleList {
  refs: Uint32Array
  times: Float64Array
  values: Float64Array
  /** Start timestamps, 0 where there is none; undefined while no sample has one. */
  starts: Float64Array | undefined
  length = 0

  /** Most lists stay empty: a scrape is a row. */
  constructor() {
    this.refs = NO_REFS
    this.times = NO_NUMBERS
    this.values = NO_NUMBERS
    this.starts = undefined
  }

  /** Adds a sample and gives its index; the value may be set there by its bits afterwards. */
  add(ref: SeriesRef, at: Millis, value: number): number {
    if (this.length === this.refs.length) this.#grow()
    const index = this.length++
    this.refs[index] = ref
    this.times[index] = at
    this.values[index] = value
    return index
  }

  /** Adds a sample whose value is `source[from]`, bit by bit. */
  addFrom(ref: SeriesRef, at: Millis, source: Float64Array, from: number): number {
    const index = this.add(ref, at, 0)
    this.values[index] = source[from] as number
    return index
  }

  /** Says when the counter of a sample began. */
  setStart(index: number, startAt: Millis): void {
    this.starts ??= new Float64Array(this.refs.length)
    this.starts[index] = startAt
  }

  /** Moves a sample to an earlier index. */
  move(from: number, to: number): void {
    this.refs[to] = this.refs[from] as number
    this.times[to] = this.times[from] as number
    this.values[to] = this.values[from] as number
    if (this.starts !== undefined) this.starts[to] = this.starts[from] as number
  }

  #grow(): void {
    const capacity = Math.max(CAPACITY_MIN, this.refs.length * 2)
    const { refs, times, values, starts } = this
    this.refs = new Uint32Array(capacity)
    this.refs.set(refs)
    this.times = new Float64Array(capacity)
    this.times.set(times)
    this.values = new Float64Array(capacity)
    this.values.set(values)
    if (starts === undefined) return
    this.starts = new Float64Array(capacity)
    this.starts.set(starts)
  }
}
