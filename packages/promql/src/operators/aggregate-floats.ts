import { ABSENT, type Column, copyColumn, FLOAT, makeColumn } from '../columns/column.ts'
import { SortedWindow } from '../functions/quantile.ts'
import type { Accumulator } from './aggregate.ts'

/** count: of floats and histograms alike. */
export class Count implements Accumulator {
  readonly #counts: Float64Array

  constructor(steps: number) {
    this.#counts = new Float64Array(steps)
  }

  add({ present }: Column): void {
    const counts = this.#counts
    for (let step = 0; step < counts.length; step++) if (present[step] !== ABSENT) counts[step] = counts[step]! + 1
  }

  finish(into: Column): void {
    into.values.set(this.#counts)
    for (let step = 0; step < this.#counts.length; step++) {
      if (this.#counts[step] === 0) continue
      into.present[step] = FLOAT
      into.count++
    }
  }
}

/** group: 1 wherever there is anything. */
export class Group implements Accumulator {
  readonly #seen: Uint8Array

  constructor(steps: number) {
    this.#seen = new Uint8Array(steps)
  }

  add({ present }: Column): void {
    const seen = this.#seen
    for (let step = 0; step < seen.length; step++) if (present[step] !== ABSENT) seen[step] = FLOAT
  }

  finish(into: Column): void {
    into.present.set(this.#seen)
    into.values.fill(1)
    for (let step = 0; step < this.#seen.length; step++) if (this.#seen[step] === FLOAT) into.count++
  }
}

/** Floats of a group; histograms are ignored with an info. */
abstract class FloatAccumulator implements Accumulator {
  protected readonly values: Float64Array
  protected readonly counts: Float64Array
  readonly #ignored: () => void

  constructor(steps: number, ignored: () => void) {
    this.values = new Float64Array(steps)
    this.counts = new Float64Array(steps)
    this.#ignored = ignored
  }

  add(column: Column): void {
    if (column.hasHistograms) this.#ignored()
    this.addFloats(column.values, column.present)
  }

  finish(into: Column): void {
    this.result(into.values)
    for (let step = 0; step < this.counts.length; step++) {
      if (this.counts[step] === 0) continue
      into.present[step] = FLOAT
      into.count++
    }
  }

  protected abstract addFloats(source: Float64Array, present: Uint8Array): void

  protected result(out: Float64Array): void {
    out.set(this.values)
  }
}

/** min and max: NaN only where there is nothing else. */
export class Extreme extends FloatAccumulator {
  readonly #sign: 1 | -1

  constructor(steps: number, sign: 1 | -1, ignored: () => void) {
    super(steps, ignored)
    this.#sign = sign
  }

  protected addFloats(source: Float64Array, present: Uint8Array): void {
    const { values, counts } = this
    const sign = this.#sign
    for (let step = 0; step < values.length; step++) {
      if (present[step] !== FLOAT) continue
      const value = source[step]!
      const held = values[step]!
      if (counts[step] === 0 || sign * held < sign * value || Number.isNaN(held)) values[step] = value
      counts[step] = 1
    }
  }
}

/** stddev and stdvar over the series of a group, by Welford's algorithm. */
export class Variance extends FloatAccumulator {
  readonly #means: Float64Array
  readonly #isDeviation: boolean

  constructor(steps: number, isDeviation: boolean, ignored: () => void) {
    super(steps, ignored)
    this.#means = new Float64Array(steps)
    this.#isDeviation = isDeviation
  }

  protected addFloats(source: Float64Array, present: Uint8Array): void {
    const { values, counts } = this
    const means = this.#means
    for (let step = 0; step < values.length; step++) {
      if (present[step] !== FLOAT) continue
      const value = source[step]!
      const count = counts[step]! + 1
      counts[step] = count
      if (count === 1) {
        means[step] = value
        values[step] = Number.isFinite(value) ? 0 : Number.NaN
        continue
      }
      const delta = value - means[step]!
      const mean = means[step]! + delta / count
      means[step] = mean
      values[step] = values[step]! + delta * (value - mean)
    }
  }

  protected override result(out: Float64Array): void {
    for (let step = 0; step < out.length; step++) {
      const variance = this.values[step]! / this.counts[step]!
      out[step] = this.#isDeviation ? Math.sqrt(variance) : variance
    }
  }
}

/** The quantile over the series of a group: all of its columns are needed. */
export class Quantile implements Accumulator {
  readonly #columns: Column[] = []
  readonly #steps: number
  readonly #quantiles: Float64Array
  readonly #ignored: () => void

  constructor(steps: number, quantiles: Float64Array, ignored: () => void) {
    this.#steps = steps
    this.#quantiles = quantiles
    this.#ignored = ignored
  }

  add(column: Column): void {
    if (column.hasHistograms) this.#ignored()
    const copy = makeColumn(this.#steps)
    copyColumn(column, copy)
    this.#columns.push(copy)
  }

  finish(into: Column): void {
    const window = new SortedWindow(this.#columns.length)
    const floats = new Float64Array(this.#columns.length)
    for (let step = 0; step < this.#steps; step++) {
      let count = 0
      for (const { present, values } of this.#columns) if (present[step] === FLOAT) floats[count++] = values[step]!
      if (count === 0) continue
      window.fill(floats, 0, count)
      into.values[step] = window.quantile(this.#quantiles[step]!)
      into.present[step] = FLOAT
      into.count++
    }
  }
}
