// A query looks at one series after the other: so the values of a series are decoded when it comes to it, into memory that
// they all share. What a query holds meanwhile are chunks, a sixth of the size, and what it reads lies in the CPU's cache.

import { type Labels, QueryError, type SeriesColumns } from '@promlet/model'
import type { PlannedSeries } from './assembly.ts'

/** The memory of the series of one select. */
export class PassingValues {
  #block = new Float64Array(0)
  #owner: PlannedSeries | undefined
  #values: Float64Array = this.#block

  /** @throws QueryError when a chunk is damaged. */
  of(series: PlannedSeries): Float64Array {
    if (series === this.#owner) return this.#values
    this.#owner = undefined
    try {
      this.#values = series.read(this.#allocate).values
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new QueryError('execution', `expanding series: ${reason}`, { cause: error })
    }
    this.#owner = series
    return this.#values
  }

  readonly #allocate = (length: number): Float64Array => {
    if (this.#block.length < length) this.#block = new Float64Array(length)
    return this.#block.length === length ? this.#block : this.#block.subarray(0, length)
  }
}

export class PassingColumns implements SeriesColumns {
  readonly labels: Labels
  readonly times: Float64Array
  readonly #series: PlannedSeries
  readonly #memory: PassingValues

  constructor(labels: Labels, times: Float64Array, series: PlannedSeries, memory: PassingValues) {
    this.labels = labels
    this.times = times
    this.#series = series
    this.#memory = memory
  }

  get values(): Float64Array {
    return this.#memory.of(this.#series)
  }
}
