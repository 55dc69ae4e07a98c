// topk and bottomk: series come one by one, and for each group and step the best k so far are kept, in order. So no
// more than k samples a step are held, and a sample that is not among them costs one comparison.

import type { Labels } from '@promlet/model'
import { annotationTexts } from '../annotations.ts'
import { type Column, HISTOGRAM, makeColumn, putFloat } from '../columns/column.ts'
import type { AggregateNode } from '../plan/node.ts'
import type { EvalContext } from './context.ts'
import { type Frame, FrameReader } from './frame.ts'
import { groupSeries } from './grouping.ts'
import type { Operator } from './operator.ts'
import { checkCounts } from './pick-series.ts'

export class TopSeries implements Operator {
  readonly #node: AggregateNode
  readonly #input: Operator
  readonly #counts: Float64Array
  readonly #context: EvalContext
  readonly #dropName: boolean[] = []
  #reader: Operator | undefined

  /** `counts` has the k of each step. */
  constructor(node: AggregateNode, input: Operator, counts: Float64Array, context: EvalContext) {
    this.#node = node
    this.#input = input
    this.#counts = counts
    this.#context = context
  }

  series(): readonly Labels[] {
    const frame = this.#pick()
    this.#reader = new FrameReader(frame)
    return frame.labels
  }

  next(into: Column): boolean {
    return (this.#reader as Operator).next(into)
  }

  #pick(): Frame {
    if (!this.#counts.some((k) => !(k < 1))) return { labels: [], columns: [] }
    checkCounts(this.#counts)
    const labels = this.#input.series()
    const { labels: groups, groupOf } = groupSeries(labels, this.#node.aggregation)
    const sizes = new Int32Array(groups.length)
    for (const group of groupOf) sizes[group] = sizes[group]! + 1
    const most = this.#counts.reduce((left, right) => Math.max(left, right), 0)
    const leaders = groups.map((_, group) => new Leaders(this.#node.grid.count, Math.min(Math.trunc(most), sizes[group]!)))
    this.#read(leaders, groupOf)
    return this.#frame(leaders, labels)
  }

  #read(leaders: readonly Leaders[], groupOf: Int32Array): void {
    const { operator, position } = this.#node.aggregation
    const sign = operator === 'topk' ? 1 : -1
    const column = makeColumn(this.#node.grid.count)
    for (let index = 0; this.#input.next(column); index++) {
      this.#dropName[index] = column.dropName
      if (column.hasHistograms) this.#context.annotations.info(annotationTexts.ignoredInAggregation(operator), position)
      if (column.count > 0) (leaders[groupOf[index]!] as Leaders).offer(column, index, sign)
    }
  }

  /** In the order in which an instant query answers: group by group, the best first. */
  #frame(leaders: readonly Leaders[], labels: readonly Labels[]): Frame {
    const picked = new Map<number, Column>()
    const sign = this.#node.aggregation.operator === 'topk' ? 1 : -1
    for (let step = 0; step < this.#node.grid.count; step++) {
      const k = Math.trunc(this.#counts[step]!)
      for (const own of leaders) {
        for (let place = 0; place < Math.min(k, own.sizeAt(step)); place++) {
          const index = own.indexAt(step, place)
          let column = picked.get(index)
          if (column === undefined) {
            column = makeColumn(this.#node.grid.count)
            column.dropName = this.#dropName[index] ?? false
            picked.set(index, column)
          }
          putFloat(column, step, sign * own.valueAt(step, place))
        }
      }
    }
    return { labels: [...picked.keys()].map((index) => labels[index] as Labels), columns: [...picked.values()] }
  }
}

/** The best samples of one group: at each step up to `capacity`, the largest first, NaN last. */
class Leaders {
  readonly #capacity: number
  readonly #sizes: Int32Array
  /** `capacity` slots per step. */
  readonly #values: Float64Array
  readonly #indexes: Int32Array

  constructor(steps: number, capacity: number) {
    this.#capacity = capacity
    this.#sizes = new Int32Array(steps)
    this.#values = new Float64Array(steps * capacity)
    this.#indexes = new Int32Array(steps * capacity)
  }

  sizeAt(step: number): number {
    return this.#sizes[step]!
  }

  indexAt(step: number, place: number): number {
    return this.#indexes[step * this.#capacity + place]!
  }

  valueAt(step: number, place: number): number {
    return this.#values[step * this.#capacity + place]!
  }

  /** Values count times `sign`. Of equals the series that came first stays ahead. */
  offer({ values, present, hasHistograms }: Column, index: number, sign: 1 | -1): void {
    const capacity = this.#capacity
    const held = this.#values
    for (let step = 0; step < present.length; step++) {
      if (present[step] === 0 || (hasHistograms && present[step] === HISTOGRAM)) continue
      const value = sign * values[step]!
      const size = this.#sizes[step]!
      const first = step * capacity
      if (size === capacity && !isBetter(value, held[first + size - 1]!)) continue
      this.#insert(first, size, capacity, value, index)
      if (size < capacity) this.#sizes[step] = size + 1
    }
  }

  #insert(first: number, size: number, capacity: number, value: number, index: number): void {
    let place = size < capacity ? size : size - 1
    while (place > 0 && isBetter(value, this.#values[first + place - 1]!)) {
      this.#values[first + place] = this.#values[first + place - 1]!
      this.#indexes[first + place] = this.#indexes[first + place - 1]!
      place--
    }
    this.#values[first + place] = value
    this.#indexes[first + place] = index
  }
}

function isBetter(value: number, held: number): boolean {
  return value > held || (Number.isNaN(held) && !Number.isNaN(value))
}
