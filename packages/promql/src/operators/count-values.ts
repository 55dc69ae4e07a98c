import { formatHistogram, formatPlain, type Histogram, isValidName, type Labels, QueryError, quote } from '@promlet/model'
import { ABSENT, type Column, FLOAT, makeColumn } from '../columns/column.ts'
import type { AggregateNode } from '../plan/node.ts'
import { type Frame, FrameReader } from './frame.ts'
import { groupLabels } from './grouping.ts'
import type { Operator } from './operator.ts'

/** count_values: of each group one series per value, which stands in a label; its samples count the series that have it. */
export class CountValues implements Operator {
  readonly #node: AggregateNode
  readonly #input: Operator
  readonly #label: string
  #reader: Operator | undefined

  constructor(node: AggregateNode, input: Operator, label: string) {
    if (!isValidName(label)) throw new QueryError('execution', `invalid label name ${quote(label)}`)
    this.#node = node
    this.#input = input
    this.#label = label
  }

  series(): readonly Labels[] {
    const frame = this.#count()
    this.#reader = new FrameReader(frame)
    return frame.labels
  }

  next(into: Column): boolean {
    return (this.#reader as Operator).next(into)
  }

  #count(): Frame {
    const { grouping, without } = this.#node.aggregation
    const keep = groupLabels(without ? grouping : [...grouping, this.#label], without)
    const byKey = new Map<string, number>()
    const labels: Labels[] = []
    const columns: Column[] = []
    const series = this.#input.series()
    const column = makeColumn(this.#node.grid.count)
    for (let index = 0; this.#input.next(column); index++) {
      const own = series[index] as Labels
      const slotOf = new Map<string, number>()
      for (let step = 0; step < column.present.length; step++) {
        if (column.present[step] === ABSENT) continue
        const value = valueText(column, step)
        let slot = slotOf.get(value)
        if (slot === undefined) {
          const group = keep(own.with(this.#label, value))
          slot = byKey.get(group.key) ?? columns.push(makeColumn(column.present.length)) - 1
          if (!byKey.has(group.key)) labels.push(group)
          byKey.set(group.key, slot)
          slotOf.set(value, slot)
        }
        countAt(columns[slot] as Column, step)
      }
    }
    return { labels, columns }
  }
}

function valueText(column: Column, step: number): string {
  const isFloat = column.present[step] === FLOAT
  return isFloat ? formatPlain(column.values[step]!) : formatHistogram(column.histograms?.[step] as Histogram)
}

function countAt(column: Column, step: number): void {
  if (column.present[step] === ABSENT) {
    column.present[step] = FLOAT
    column.values[step] = 0
    column.count++
  }
  column.values[step] = column.values[step]! + 1
}
