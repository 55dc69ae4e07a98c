import type { Labels } from '@promlet/model'
import { ABSENT, type Column, clearColumn, HISTOGRAM, makeColumn } from '../columns/column.ts'
import type { Operator } from './operator.ts'

/** What was evaluated once, at every step. */
export class Repeat implements Operator {
  readonly #input: Operator
  readonly #once = makeColumn(1)

  constructor(input: Operator) {
    this.#input = input
  }

  series(): readonly Labels[] {
    return this.#input.series()
  }

  next(into: Column): boolean {
    if (!this.#input.next(this.#once)) return false
    const kind = this.#once.present[0]!
    clearColumn(into)
    if (kind === ABSENT) return true
    into.present.fill(kind)
    into.values.fill(this.#once.values[0]!)
    if (kind === HISTOGRAM) into.histograms = new Array(into.present.length).fill(this.#once.histograms?.[0])
    into.hasHistograms = kind === HISTOGRAM
    into.count = into.present.length
    into.dropName = this.#once.dropName
    return true
  }
}
