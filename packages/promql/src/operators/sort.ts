// The sort functions: they order the answer of an instant query. Answers over a range are ordered by labels anyway.

import { Labels } from '@promlet/model'
import { type Column, FLOAT } from '../columns/column.ts'
import { compareNaturally } from '../functions/natural-order.ts'
import { collect, type Frame, FrameReader } from './frame.ts'
import type { Operator } from './operator.ts'

/** Tells the order of two series of a frame by their indexes. */
export type SeriesOrder = (frame: Frame, left: number, right: number) => number

export class Sort implements Operator {
  readonly #input: Operator
  readonly #order: SeriesOrder
  readonly #floatsOnly: boolean
  #reader: Operator | undefined

  /** `floatsOnly` leaves histograms out, which have no order. */
  constructor(input: Operator, order: SeriesOrder, floatsOnly: boolean) {
    this.#input = input
    this.#order = order
    this.#floatsOnly = floatsOnly
  }

  series(): readonly Labels[] {
    const frame = collect(this.#input, 1)
    const indexes = frame.columns.flatMap((column, index) => (this.#isIn(column) ? [index] : []))
    indexes.sort((left, right) => this.#order(frame, left, right))
    this.#reader = new FrameReader({
      labels: indexes.map((index) => frame.labels[index] as Labels),
      columns: indexes.map((index) => frame.columns[index] as Column),
    })
    return this.#reader.series()
  }

  next(into: Column): boolean {
    return (this.#reader as Operator).next(into)
  }

  #isIn(column: Column): boolean {
    return column.count > 0 && (!this.#floatsOnly || column.present[0] === FLOAT)
  }
}

/** By value; NaN at the end either way, and the later of two before the other, as Prometheus's comparison has it. */
export function orderByValue(isDescending: boolean): SeriesOrder {
  const floatOf = (frame: Frame, index: number) => (frame.columns[index] as Column).values[0]!
  const sign = isDescending ? -1 : 1
  return (frame, left, right) => byValue(floatOf(frame, left), floatOf(frame, right), sign) ?? right - left
}

/** By the values of labels, numbers in them by their size; then by all labels. */
export function orderByLabels(names: readonly string[], isDescending: boolean): SeriesOrder {
  const sign = isDescending ? -1 : 1
  return ({ labels }, left, right) => {
    const leftLabels = labels[left] as Labels
    const rightLabels = labels[right] as Labels
    for (const name of names) {
      const order = compareNaturally(leftLabels.get(name), rightLabels.get(name))
      if (order !== 0) return sign * order
    }
    return sign * Labels.compare(leftLabels, rightLabels)
  }
}

/** The order of two values, the smaller first for a `sign` of 1; NaN is last either way. Undefined when both are NaN. */
function byValue(left: number, right: number, sign: 1 | -1): number | undefined {
  if (Number.isNaN(left)) return Number.isNaN(right) ? undefined : 1
  if (Number.isNaN(right)) return -1
  return left === right ? 0 : sign * (left < right ? -1 : 1)
}
