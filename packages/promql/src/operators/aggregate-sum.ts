// sum and avg, of floats (with compensation, so that small values beside large ones count) and of native histograms.
// A step at which a group has both has no result.

import { compactHistogram, type Histogram, type Labels } from '@promlet/model'
import { annotationTexts } from '../annotations.ts'
import { type Column, FLOAT, HISTOGRAM, putHistogram } from '../columns/column.ts'
import { compensate } from '../functions/compensated.ts'
import { HistogramTotal } from '../functions/histogram-total.ts'
import type { AggregateNode } from '../plan/node.ts'
import type { Accumulator } from './aggregate.ts'
import type { EvalContext } from './context.ts'

/** Says what there is to say of histograms in an aggregation. */
export interface HistogramReport {
  readonly mixedWithFloats: () => void
  readonly mixedSchemas: (metric: string) => void
  readonly conflictingResets: () => void
  readonly reconciledBuckets: () => void
}

export function histogramReport(node: AggregateNode, { annotations }: EvalContext): HistogramReport {
  const { position } = node.aggregation.expr
  return {
    mixedWithFloats: () => annotations.warn(annotationTexts.mixedInAggregation, position),
    mixedSchemas: (metric) => annotations.warn(annotationTexts.mixedSchemas(metric), position),
    conflictingResets: () => annotations.warn(annotationTexts.conflictingResets('aggregation'), position),
    reconciledBuckets: () => annotations.info(annotationTexts.reconciledBuckets('aggregation'), position),
  }
}

/** The histograms of a group, by step. */
class HistogramLane {
  readonly #totals: (HistogramTotal | undefined)[]
  readonly #report: HistogramReport
  readonly #isMean: boolean

  constructor(steps: number, isMean: boolean, report: HistogramReport) {
    this.#totals = new Array(steps).fill(undefined)
    this.#report = report
    this.#isMean = isMean
  }

  add({ present, histograms }: Column, labels: Labels): void {
    for (let step = 0; step < present.length; step++) {
      if (present[step] !== HISTOGRAM) continue
      const total = this.#totals[step] ?? new HistogramTotal(this.#isMean)
      this.#totals[step] = total
      if (total.areSchemasMixed) continue
      total.add(histograms?.[step] as Histogram)
      if (total.areSchemasMixed) this.#report.mixedSchemas(labels.metricName)
    }
  }

  /** Replaces what the floats have given at steps with histograms. */
  finish(into: Column): void {
    for (const [step, total] of this.#totals.entries()) {
      if (total === undefined) continue
      if (into.present[step] === FLOAT) {
        into.present[step] = 0
        into.count--
        this.#report.mixedWithFloats()
        continue
      }
      if (total.areBoundsReconciled) this.#report.reconciledBuckets()
      if (total.areSchemasMixed) continue
      if (total.haveResetsCollided) this.#report.conflictingResets()
      putHistogram(into, step, compactHistogram(total.result()))
    }
  }
}

export class Sum implements Accumulator {
  readonly #sums: Float64Array
  readonly #rests: Float64Array
  readonly #seen: Uint8Array
  readonly #report: HistogramReport
  #lane: HistogramLane | undefined

  constructor(steps: number, report: HistogramReport) {
    this.#sums = new Float64Array(steps)
    this.#rests = new Float64Array(steps)
    this.#seen = new Uint8Array(steps)
    this.#report = report
  }

  add(column: Column, labels: Labels): void {
    const { count, present, values } = column
    const from = column.hasHistograms ? 0 : present.indexOf(FLOAT)
    const to = column.hasHistograms ? 0 : present.lastIndexOf(FLOAT) + 1
    if (count > 0 && to - from === count) {
      addWhole(this.#sums, this.#rests, values, from, to)
      this.#seen.fill(1, from, to)
      return
    }
    addCompensated(this.#sums, this.#rests, this.#seen, column.values, column.present)
    if (!column.hasHistograms) return
    this.#lane ??= new HistogramLane(this.#seen.length, false, this.#report)
    this.#lane.add(column, labels)
  }

  finish(into: Column): void {
    const { values, present } = into
    for (let step = 0; step < values.length; step++) {
      if (this.#seen[step] === 0) continue
      const sum = this.#sums[step]!
      // An infinite sum has lost nothing that could be given back.
      values[step] = sum - sum === 0 ? sum + this.#rests[step]! : sum
      present[step] = FLOAT
      into.count++
    }
    this.#lane?.finish(into)
  }
}

/** Adds steps of a column, all of them floats, to sums. */
function addWhole(sums: Float64Array, rests: Float64Array, source: Float64Array, from: number, to: number): void {
  for (let step = from; step < to; step++) {
    const value = source[step]!
    const sum = sums[step]!
    const total = sum + value
    rests[step] = rests[step]! + (Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum)
    sums[step] = total
  }
}

/** The same for the floats of a column with gaps. All hold one slot per step. */
function addCompensated(sums: Float64Array, rests: Float64Array, seen: Uint8Array, source: Float64Array, present: Uint8Array): void {
  for (let step = 0; step < sums.length; step++) {
    if (present[step] !== FLOAT) continue
    const value = source[step]!
    const sum = sums[step]!
    const total = sum + value
    rests[step] = rests[step]! + (Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum)
    sums[step] = total
    seen[step] = 1
  }
}

export class Average implements Accumulator {
  readonly #sums: Float64Array
  readonly #rests: Float64Array
  readonly #counts: Float64Array
  readonly #report: HistogramReport
  /** 1 from where on a sum would have overflowed: there `#sums` has means. */
  #isMean: Uint8Array | undefined
  #lane: HistogramLane | undefined

  constructor(steps: number, report: HistogramReport) {
    this.#sums = new Float64Array(steps)
    this.#rests = new Float64Array(steps)
    this.#counts = new Float64Array(steps)
    this.#report = report
  }

  add(column: Column, labels: Labels): void {
    const { values, present } = column
    for (let step = 0; step < values.length; step++) {
      if (present[step] === FLOAT) this.#addValue(step, values[step]!)
    }
    if (!column.hasHistograms) return
    this.#lane ??= new HistogramLane(this.#counts.length, true, this.#report)
    this.#lane.add(column, labels)
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
    this.#lane?.finish(into)
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
