import type { Labels } from '@promlet/model'
import type { Column } from '../columns/column.ts'
import type { Budget } from './budget.ts'
import type { Operator } from './operator.ts'
import { sizeOfColumn } from './samples-read.ts'

/** Stands around every operator: asks the budget between series, and counts what was yielded. */
export class Metered implements Operator {
  readonly #inner: Operator
  readonly #budget: Budget
  #held = 0

  constructor(inner: Operator, budget: Budget) {
    this.#inner = inner
    this.#budget = budget
  }

  series(): readonly Labels[] {
    this.#budget.check()
    return this.#inner.series()
  }

  next(into: Column): boolean {
    this.#budget.check()
    if (!this.#inner.next(into)) {
      // Whoever read it has turned it into something else, which is counted there.
      this.#budget.release(this.#held)
      this.#held = 0
      return false
    }
    const size = sizeOfColumn(into)
    this.#held += size
    this.#budget.hold(size)
    return true
  }
}
