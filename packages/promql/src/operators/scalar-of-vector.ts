import { FLOAT, makeColumn } from '../columns/column.ts'
import type { Operator } from './operator.ts'
import { Scalar } from './scalar.ts'

/** scalar(): the float of a vector that has exactly one; NaN otherwise. */
export function scalarOfVector(vector: Operator): Operator {
  return new Scalar((values) => {
    const found = new Uint8Array(values.length)
    const column = makeColumn(values.length)
    values.fill(Number.NaN)
    vector.series()
    while (vector.next(column)) {
      for (let step = 0; step < values.length; step++) {
        if (column.present[step] !== FLOAT) continue
        values[step] = found[step] === 0 ? column.values[step]! : Number.NaN
        found[step] = 1
      }
    }
  })
}
