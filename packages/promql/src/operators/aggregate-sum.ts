// sum and avg, of floats (with compensation, so that the order of series and their sizes do not matter) and of native
// histograms. A step at which a group has both has no result.

import { annotationTexts } from '../annotations.ts'
import { type Column, FLOAT } from '../columns/column.ts'
import { compensate } from '../functions/compensated.ts'
import type { AggregateNode } from '../plan/node.ts'
import type { Accumulator } from './aggregate.ts'
import type { EvalContext } from './context.ts'

/** What sums of histograms have to tell the user. */
export interface HistogramReport {
  readonly mixed: () => void
}

export function histogramReport(node: AggregateNode, { annotations }: EvalContext): HistogramReport {
  const { position } = node.aggregation.expr
  return { mixed: () => annotations.warn(annotationTexts.mixedInAggregation, position) }
}

export class Sum implements Accumulator {
  readonly #sums: Float64Array
  readonly #rests: Float64Array
  readonly #seen: Uint8Array

  constructor(steps: number, _report: HistogramReport) {
    this.#sums = new Float64Array(steps)
    this.#rests = new Float64Array(steps)
    this.#seen = new Uint8Array(steps)
  }

  add(column: Column): void {
    addCompensated(this.#sums, this.#rests, this.#seen, column.values, column.present)
  }

  finish(into: Column): void {
    const { values, present } = into
    for (let step = 0; step < values.length; step++) {
      if (this.#seen[step] === 0) continue
      values[step] = this.#sums[step]! + this.#rests[step]!
      present[step] = FLOAT
      into.count++
    }
  }
}

/** Adds the floats of a column to sums. All hold one slot per step. */
function addCompensated(sums: Float64Array, rests: Float64Array, seen: Uint8Array, source: Float64Array, present: Uint8Array): void {
  for (let step = 0; step < sums.length; step++) {
    if (present[step] !== FLOAT) continue
    const value = source[step]!
    const sum = sums[step]!
    const total = sum + value
    const lost = Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
    // An infinite total has lost nothing that could be given back.
    rests[step] = total - total === 0 ? rests[step]! + lost : 0
    sums[step] = total
    seen[step] = 1
  }
}

export class Average implements Accumulator {
  readonly #sums: Float64Array
  readonly #rests: Float64Array
  readonly #counts: Float64Array
  /** Set from the step on where a sum would have overflowed: then `#sums` has means. */
  #isMean: Uint8Array | undefined

  constructor(steps: number, _report: HistogramReport) {
    this.#sums = new Float64Array(steps)
    this.#rests = new Float64Array(steps)
    this.#counts = new Float64Array(steps)
  }

  add({ values, present }: Column): void {
    for (let step = 0; step < values.length; step++) {
      if (present[step] !== FLOAT) continue
      this.#addValue(step, values[step]!)
    }
  }

  finish(into: Column): void {
    const { values, present } = into
    for (let step = 0; step < values.length; step++) {
      const count = this.#counts[step]!
      if (count === 0) continue
      const sum = this.#sums[step]!
      const rest = this.#rests[step]!
      values[step] = this.#isMean?.[step] === 1 ? sum + rest : sum / count + rest / count
      present[step] = FLOAT
      into.count++
    }
  }

  #addValue(step: number, value: number): void {
    const count = this.#counts[step]! + 1
    this.#counts[step] = count
    if (count === 1) {
      this.#sums[step] = value
      return
    }
    const sum = this.#sums[step]!
    if (this.#isMean?.[step] !== 1) {
      const total = sum + value
      if (total !== Infinity && total !== -Infinity) {
        this.#rests[step] = compensate(total, sum, value, this.#rests[step]!)
        this.#sums[step] = total
        return
      }
      this.#isMean ??= new Uint8Array(this.#sums.length)
      this.#isMean[step] = 1
      this.#sums[step] = sum / (count - 1)
      this.#rests[step] = this.#rests[step]! / (count - 1)
    }
    const weight = (count - 1) / count
    const base = weight * this.#sums[step]!
    const total = base + value / count
    this.#rests[step] = compensate(total, base, value / count, weight * this.#rests[step]!)
    this.#sums[step] = total
  }
}
