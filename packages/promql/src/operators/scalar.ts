import { Labels } from '@promlet/model'
import { type Column, clearColumn, FLOAT, makeColumn } from '../columns/column.ts'
import type { Operator } from './operator.ts'

/** A scalar is one series without labels that has a float at every step. */
export class Scalar implements Operator {
  readonly #fill: (values: Float64Array) => void
  #isDone = false

  /** `fill` writes the value of every step. */
  constructor(fill: (values: Float64Array) => void) {
    this.#fill = fill
  }

  series(): readonly Labels[] {
    return [Labels.empty]
  }

  next(into: Column): boolean {
    if (this.#isDone) return false
    this.#isDone = true
    clearColumn(into)
    this.#fill(into.values)
    into.present.fill(FLOAT)
    into.count = into.present.length
    return true
  }
}

/** The values of a scalar operator at all steps. */
export function readScalar(operator: Operator, steps: number): Float64Array {
  const column = makeColumn(steps)
  operator.series()
  // There is one; asking for another lets those who count know that it was read.
  if (operator.next(column)) operator.next(column)
  return column.values
}
