// topk and bottomk: series come one by one, and for each group and step the best k so far are kept. So no more than k
// samples a step are held, and a sample that is not among them costs one comparison.
// Prometheus: promql/engine.go aggregationK.

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
      if (column.count > 0) (leaders[groupOf[index]!] as Leaders).offer(column, index, sign, this.#counts)
    }
  }

  /** In the order in which an instant query answers: group by group, the best first. */
  #frame(leaders: readonly Leaders[], labels: readonly Labels[]): Frame {
    const picked = new Map<number, Column>()
    const sign = this.#node.aggregation.operator === 'topk' ? 1 : -1
    for (let step = 0; step < this.#node.grid.count; step++) {
      for (const own of leaders) {
        // Answers over a range are in label order.
        if (this.#node.grid.count === 1) own.sort(step)
        for (let place = 0; place < own.sizeAt(step); place++) {
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

/**
 * The best samples of one group: at each step a heap of up to `capacity`, the worst at its top, NaN worst of all. Which
 * of equals has to leave depends on where it lies, so the heap moves them as Go's container/heap does.
 */
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

  /** Values count times `sign`; of each step no more than `counts[step]` are kept. */
  offer({ values, present, hasHistograms }: Column, index: number, sign: 1 | -1, counts: Float64Array): void {
    for (let step = 0; step < present.length; step++) {
      if (present[step] === 0 || (hasHistograms && present[step] === HISTOGRAM)) continue
      const most = Math.min(this.#capacity, Math.trunc(counts[step]!))
      if (most < 1) continue
      const value = sign * values[step]!
      const size = this.#sizes[step]!
      const first = step * this.#capacity
      if (size < most) {
        this.#rise(first, size, value, index)
        this.#sizes[step] = size + 1
      } else {
        const worst = this.#values[first]!
        if (worst < value || (Number.isNaN(worst) && !Number.isNaN(value))) this.#sink(first, size, value, index)
      }
    }
  }

  /** Puts the best first: equals in the order that they have in the heap, but NaN the other way round. */
  sort(step: number): void {
    const first = step * this.#capacity
    const size = this.#sizes[step]!
    const values = this.#values.slice(first, first + size)
    const indexes = this.#indexes.slice(first, first + size)
    const order = Array.from(values.keys()).sort((left, right) => {
      if (Number.isNaN(values[left])) return Number.isNaN(values[right]) ? right - left : 1
      if (Number.isNaN(values[right])) return -1
      return values[left] === values[right] ? left - right : values[right]! - values[left]!
    })
    for (const [place, from] of order.entries()) this.#set(first + place, values[from]!, indexes[from]!)
  }

  /** A new sample from below towards the top. */
  #rise(first: number, size: number, value: number, index: number): void {
    let place = size
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!isWorse(value, this.#values[first + parent]!)) break
      this.#set(first + place, this.#values[first + parent]!, this.#indexes[first + parent]!)
      place = parent
    }
    this.#set(first + place, value, index)
  }

  /** A sample in place of the worst, from the top down. */
  #sink(first: number, size: number, value: number, index: number): void {
    let place = 0
    for (let child = 1; child < size; child = 2 * place + 1) {
      const other = child + 1
      if (other < size && isWorse(this.#values[first + other]!, this.#values[first + child]!)) child = other
      if (!isWorse(this.#values[first + child]!, value)) break
      this.#set(first + place, this.#values[first + child]!, this.#indexes[first + child]!)
      place = child
    }
    this.#set(first + place, value, index)
  }

  #set(slot: number, value: number, index: number): void {
    this.#values[slot] = value
    this.#indexes[slot] = index
  }
}

function isWorse(value: number, other: number): boolean {
  return Number.isNaN(value) || value < other
}
