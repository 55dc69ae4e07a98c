// From the last operator to the answer. Here names are dropped that were marked on the way, and with them series may
// turn out to be called the same, which is an error where they have a sample at the same step.

import { type Histogram, Labels, type Millis, type SeriesColumns, type Value, type VectorSample } from '@promlet/model'
import { ABSENT, type Column, FLOAT, HISTOGRAM, makeColumn } from './columns/column.ts'
import { firstAfter } from './columns/windows.ts'
import { AtEnd } from './operators/at-end.ts'
import type { Budget } from './operators/budget.ts'
import { build } from './operators/build.ts'
import { dropMetadata, type EvalContext } from './operators/context.ts'
import { collect, type Frame } from './operators/frame.ts'
import { haveSameLabels } from './operators/label-numbers.ts'
import { mergeFrame, sameLabelset } from './operators/merge.ts'
import type { Operator } from './operators/operator.ts'
import { sizeOfColumn, sizeOfHistogram } from './operators/samples-read.ts'
import { readScalar } from './operators/scalar.ts'
import { windowSource } from './operators/window-source.ts'
import { type Grid, gridTimes } from './plan/grid.ts'
import type { PlanNode, WindowNode } from './plan/node.ts'

export function scalarAnswer(operator: Operator, at: Millis): Value {
  return { kind: 'scalar', at, value: readScalar(operator, 1)[0]! }
}

/** In the order of the operator: sorting functions have set it. */
export function vectorAnswer(operator: Operator, at: Millis, context: EvalContext): Value {
  const isDelayed = context.features.delayedNameRemoval
  const labels = operator.series()
  const column = makeColumn(1)
  const samples: VectorSample[] = []
  for (let index = 0; operator.next(column); index++) {
    const kind = column.present[0]
    if (kind === ABSENT) continue
    const own = labels[index] as Labels
    const named = isDelayed && column.dropName ? dropMetadata(own) : own
    const histogram = kind === HISTOGRAM ? column.histograms?.[0] : undefined
    samples.push(histogram === undefined ? { labels: named, at, value: column.values[0]! } : { labels: named, at, value: 0, histogram })
  }
  if (haveSameLabels(samples.map((sample) => sample.labels))) throw sameLabelset()
  return { kind: 'vector', samples }
}

/** In label order, as Prometheus answers over a range. Series with the same gaps share one array of times. */
export function matrixAnswer(operator: Operator, grid: Grid, context: EvalContext): Value {
  const { labels, columns } = finalFrame(operator, grid.count, context)
  const times = new KeptTimes(gridTimes(grid))
  const series: SeriesColumns[] = []
  for (const [index, column] of columns.entries()) {
    if (column.count > 0) series.push(toSeries(labels[index] as Labels, column, times.of(column)))
  }
  return { kind: 'matrix', series: series.sort((left, right) => Labels.compare(left.labels, right.labels)) }
}

function finalFrame(operator: Operator, steps: number, context: EvalContext): Frame {
  const { labels, columns } = collect(counted(operator, context.budget), steps)
  const isDelayed = context.features.delayedNameRemoval
  const named = isDelayed ? labels.map((own, index) => ((columns[index] as Column).dropName ? dropMetadata(own) : own)) : labels
  const frame = { labels: named, columns }
  return haveSameLabels(named) ? mergeFrame(frame, steps) : frame
}

/** Tells the budget what comes into the answer. */
function counted(operator: Operator, budget: Budget): Operator {
  return {
    series: () => operator.series(),
    next(into) {
      if (!operator.next(into)) return false
      budget.answer(sizeOfColumn(into))
      return true
    },
  }
}

/** The times of the steps at which series have samples. Series of one selection mostly begin and end together. */
class KeptTimes {
  readonly #all: Float64Array
  #present: Uint8Array | undefined
  #kept: Float64Array

  constructor(all: Float64Array) {
    this.#all = all
    this.#kept = all
  }

  of({ present, count }: Column): Float64Array {
    if (count === this.#all.length) return this.#all
    if (count !== this.#kept.length || !haveSameSteps(present, this.#present)) {
      this.#kept = this.#all.filter((_, step) => present[step] !== ABSENT)
      this.#present = present
    }
    return this.#kept
  }
}

function haveSameSteps(left: Uint8Array, right: Uint8Array | undefined): boolean {
  if (right === undefined) return false
  for (let step = 0; step < left.length; step++) if ((left[step] === ABSENT) !== (right[step] === ABSENT)) return false
  return true
}

/** `times` are those of the steps that have a sample. */
function toSeries(labels: Labels, column: Column, times: Float64Array): SeriesColumns {
  const { present, count } = column
  if (count === present.length) {
    const whole = { labels, times, values: column.values }
    return column.hasHistograms ? { ...whole, histograms: histogramsOf(column) } : whole
  }
  const from = present.indexOf(FLOAT)
  if (!column.hasHistograms && present.lastIndexOf(FLOAT) + 1 - from === count) {
    return { labels, times, values: column.values.subarray(from, from + count) }
  }
  const values = new Float64Array(count)
  const histograms: (Histogram | undefined)[] = []
  let kept = 0
  for (let step = 0; step < present.length; step++) {
    if (present[step] === ABSENT) continue
    values[kept++] = column.values[step]!
    if (column.hasHistograms) histograms.push(present[step] === HISTOGRAM ? column.histograms?.[step] : undefined)
  }
  return column.hasHistograms ? { labels, times, values, histograms } : { labels, times, values }
}

function histogramsOf(column: Column): readonly (Histogram | undefined)[] {
  return Array.from(column.present, (kind, step) => (kind === HISTOGRAM ? column.histograms?.[step] : undefined))
}

/** The samples of a range vector: what a query that ends in one answers at an instant. In label order. */
export function samplesAnswer(node: WindowNode, context: EvalContext): Value {
  const inner = node.source.kind === 'subquery' ? innerOf(node.source.inner, context) : undefined
  const isStored = inner === undefined
  const end = (node.at ?? node.grid.start) - node.offset
  const source = windowSource(node, inner, { after: end - node.range, to: end }, context)
  const series: SeriesColumns[] = []
  for (const [index, own] of source.labels.entries()) {
    const { times, values, histogramTimes, histograms, dropName } = source.read(index)
    const labels = dropName ? dropMetadata(own) : own
    // A subquery's times may reach further back than the range.
    const floats = slice(times, values, end - node.range, end)
    context.samplesRead.addAt(0, isStored ? floats.times.length : 0)
    if (histogramTimes !== undefined && histograms !== undefined && histogramTimes.length > 0) {
      const low = firstAfter(histogramTimes, end - node.range)
      const kept = histograms.slice(low)
      if (isStored) for (const histogram of kept) context.samplesRead.addAt(0, sizeOfHistogram(histogram))
      series.push(interleave(labels, floats, histogramTimes.slice(low), kept))
    } else if (floats.times.length > 0) series.push({ labels, ...floats })
  }
  return { kind: 'matrix', series: series.sort((left, right) => Labels.compare(left.labels, right.labels)) }
}

/** The expression of a subquery. What it reads counts, as there is no function to look at its points. */
function innerOf(node: PlanNode, context: EvalContext): Operator {
  const samplesRead = context.samplesRead.child(node.grid)
  return new AtEnd(build(node, { ...context, samplesRead }), () => context.samplesRead.addTotal(samplesRead))
}

interface Floats {
  readonly times: Float64Array
  readonly values: Float64Array
}

function slice(times: Float64Array, values: Float64Array, after: Millis, to: Millis): Floats {
  const low = firstAfter(times, after)
  const high = firstAfter(times, to)
  return { times: times.slice(low, high), values: values.slice(low, high) }
}

function interleave(labels: Labels, floats: Floats, histogramTimes: Float64Array, histograms: readonly Histogram[]): SeriesColumns {
  const all = [
    ...Array.from(floats.times, (at, index) => ({ at, value: floats.values[index]!, histogram: undefined })),
    ...Array.from(histogramTimes, (at, index) => ({ at, value: 0, histogram: histograms[index] })),
  ].sort((left, right) => left.at - right.at)
  return {
    labels,
    times: Float64Array.from(all, ({ at }) => at),
    values: Float64Array.from(all, ({ value }) => value),
    histograms: all.map(({ histogram }) => histogram),
  }
}
