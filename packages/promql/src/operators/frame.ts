import type { Labels } from '@promlet/model'
import { type Column, copyColumn, makeColumn } from '../columns/column.ts'
import type { Operator } from './operator.ts'

/** All series of an operator, read at once: for those parts that need several series side by side. */
export interface Frame {
  readonly labels: readonly Labels[]
  /** One per series; those of series without any sample are shared, so they are read-only. */
  readonly columns: readonly Column[]
}

/** Reads an operator to its end. */
export function collect(operator: Operator, steps: number): Frame {
  return collectFrom(operator.series(), operator, steps)
}

/** The same for an operator that was asked for its series already. */
export function collectFrom(labels: readonly Labels[], operator: Operator, steps: number): Frame {
  const columns: Column[] = []
  let empty: Column | undefined
  let column = makeColumn(steps)
  while (operator.next(column)) {
    if (column.count === 0) {
      empty ??= makeColumn(steps)
      columns.push(empty)
      continue
    }
    columns.push(column)
    column = makeColumn(steps)
  }
  return { labels, columns }
}

/** Yields what was read. */
export class FrameReader implements Operator {
  readonly #frame: Frame
  #index = 0

  constructor(frame: Frame) {
    this.#frame = frame
  }

  series(): readonly Labels[] {
    return this.#frame.labels
  }

  next(into: Column): boolean {
    const column = this.#frame.columns[this.#index++]
    if (column === undefined) return false
    copyColumn(column, into)
    return true
  }
}
