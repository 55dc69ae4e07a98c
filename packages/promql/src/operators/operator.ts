// An operator is a node of the plan at work. It says first which series it will yield, then yields each whole: the
// values of all steps at once. So range functions slide over the samples of a series once, aggregations add columns,
// and nothing is boxed.

import type { Labels } from '@promlet/model'
import type { Column } from '../columns/column.ts'

/** A node of the plan at work. It yields whole series, in the order of `series()`. */
export interface Operator {
  /** Labels of every series to come. Two series may have the same labels when they never have a sample at the same step. */
  series(): readonly Labels[]
  /** Fills `into`, which the caller owns and may reuse, with the next series; false when there is no more. */
  next(into: Column): boolean
}
