// Aggregations that make one series of each group: columns are added to the column of their group as they come, so
// no more than the groups is held. Which operation it is, is decided outside of the loops.

import type { Labels } from '@promlet/model'
import { type Column, clearColumn, makeColumn } from '../columns/column.ts'
import type { AggregateNode } from '../plan/node.ts'
import { type Groups, groupSeries } from './grouping.ts'
import type { Operator } from './operator.ts'

/** One group of an aggregation while its series come in. */
export interface Accumulator {
  /** Adds a series. Its labels name it in annotations. */
  add(column: Column, labels: Labels): void
  /** Writes the result; called once, after all series were added. `into` is empty. */
  finish(into: Column): void
}

/** sum, avg, count, min, max, group, stddev, stdvar and quantile. */
export class Aggregate implements Operator {
  readonly #node: AggregateNode
  readonly #input: Operator
  readonly #make: () => Accumulator
  #groups: Groups | undefined
  #accumulators: (Accumulator | undefined)[] = []
  #dropName: boolean[] = []
  #index = 0

  constructor(node: AggregateNode, input: Operator, make: () => Accumulator) {
    this.#node = node
    this.#input = input
    this.#make = make
  }

  series(): readonly Labels[] {
    const series = this.#input.series()
    this.#groups = groupSeries(series, this.#node.aggregation)
    this.#consume(series, this.#groups)
    return this.#groups.labels
  }

  next(into: Column): boolean {
    const index = this.#index++
    if (index >= (this.#groups as Groups).labels.length) return false
    clearColumn(into)
    this.#accumulators[index]?.finish(into)
    this.#accumulators[index] = undefined
    into.dropName = this.#dropName[index] ?? false
    return true
  }

  #consume(series: readonly Labels[], { groupOf }: Groups): void {
    const column = makeColumn(this.#node.grid.count)
    for (let index = 0; this.#input.next(column); index++) {
      if (column.count === 0) continue
      const group = groupOf[index]!
      let accumulator = this.#accumulators[group]
      if (accumulator === undefined) {
        accumulator = this.#make()
        this.#accumulators[group] = accumulator
      }
      accumulator.add(column, series[index] as Labels)
      if (column.dropName) this.#dropName[group] = true
    }
  }
}
