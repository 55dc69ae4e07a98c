import type { Labels } from '@promlet/model'
import type { Column } from '../columns/column.ts'
import type { Operator } from './operator.ts'

/** Does something, once, when an operator has been read to its end. */
export class AtEnd implements Operator {
  readonly #input: Operator
  #atEnd: (() => void) | undefined

  constructor(input: Operator, atEnd: () => void) {
    this.#input = input
    this.#atEnd = atEnd
  }

  series(): readonly Labels[] {
    return this.#input.series()
  }

  next(into: Column): boolean {
    const hasNext = this.#input.next(into)
    if (hasNext) return true
    this.#atEnd?.()
    this.#atEnd = undefined
    return false
  }
}
