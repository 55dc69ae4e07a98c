import type { Labels } from '@promlet/model'
import { ABSENT, type Column, FLOAT, recount } from '../columns/column.ts'
import { dropMetadata, type EvalContext } from './context.ts'
import type { Operator } from './operator.ts'

/** A function of each sample by itself; the series are no longer called what they were. */
export class MapValues implements Operator {
  readonly #input: Operator
  readonly #map: (column: Column) => void
  readonly #context: EvalContext

  /** `map` changes the column in place; it may take samples out, and then has to count. */
  constructor(input: Operator, map: (column: Column) => void, context: EvalContext) {
    this.#input = input
    this.#map = map
    this.#context = context
  }

  series(): readonly Labels[] {
    const labels = this.#input.series()
    return this.#context.features.delayedNameRemoval ? labels : labels.map(dropMetadata)
  }

  next(into: Column): boolean {
    if (!this.#input.next(into)) return false
    into.dropName = true
    this.#map(into)
    return true
  }
}

/** Takes the histograms out of a column. */
export function dropHistograms(column: Column): void {
  if (!column.hasHistograms) return
  const { present } = column
  for (let step = 0; step < present.length; step++) if (present[step] !== FLOAT) present[step] = ABSENT
  recount(column)
}

/** For `MapValues`: a function of floats; histograms have no result. */
export function mapFloats(compute: (value: number) => number): (column: Column) => void {
  return (column) => {
    dropHistograms(column)
    const { values } = column
    for (let step = 0; step < values.length; step++) values[step] = compute(values[step]!)
  }
}

/** The same with the values of scalar arguments at the step; undefined is no result. */
export function mapFloatsWith(
  compute: (value: number, args: readonly number[]) => number | undefined,
  args: readonly Float64Array[],
): (column: Column) => void {
  return (column) => {
    dropHistograms(column)
    const { values, present } = column
    const argsAt: number[] = args.map(() => 0)
    for (let step = 0; step < values.length; step++) {
      if (present[step] === ABSENT) continue
      for (let index = 0; index < args.length; index++) argsAt[index] = args[index]![step]!
      const result = compute(values[step]!, argsAt)
      if (result === undefined) present[step] = ABSENT
      else values[step] = result
    }
    recount(column)
  }
}
