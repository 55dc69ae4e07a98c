import type { Labels } from '@promlet/model'
import { ABSENT, type Column, clearColumn, FLOAT, makeColumn } from '../columns/column.ts'
import type { Operator } from './operator.ts'

/** absent and absent_over_time: one series with 1 where the input has nothing at all. */
export class Absent implements Operator {
  readonly #input: Operator
  readonly #labels: Labels
  #isDone = false

  constructor(input: Operator, labels: Labels) {
    this.#input = input
    this.#labels = labels
  }

  series(): readonly Labels[] {
    return [this.#labels]
  }

  next(into: Column): boolean {
    if (this.#isDone) return false
    this.#isDone = true
    clearColumn(into)
    into.present.fill(FLOAT)
    into.values.fill(1)
    const column = makeColumn(into.present.length)
    this.#input.series()
    while (this.#input.next(column)) {
      for (let step = 0; step < column.present.length; step++) if (column.present[step] !== ABSENT) into.present[step] = ABSENT
    }
    for (let step = 0; step < into.present.length; step++) if (into.present[step] === FLOAT) into.count++
    return true
  }
}
