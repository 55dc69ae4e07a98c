import { type Labels, QueryError } from '@promlet/model'
import { ABSENT, type Column, copyColumn, HISTOGRAM, makeColumn, recount } from '../columns/column.ts'
import { collectFrom, type Frame, FrameReader } from './frame.ts'
import { haveSameLabels } from './label-numbers.ts'
import type { Operator } from './operator.ts'

/** The error of two series that have a sample at the same step and would be called the same. */
export function sameLabelset(): QueryError {
  return new QueryError('execution', 'vector cannot contain metrics with the same labelset')
}

/**
 * Joins series that have the same labels, which is right as long as they never have a sample at the same step.
 * Series keep their order. Costs nothing when all labels differ.
 */
export class MergeSameLabels implements Operator {
  readonly #input: Operator
  readonly #steps: number
  #reader: Operator | undefined

  constructor(input: Operator, steps: number) {
    this.#input = input
    this.#steps = steps
  }

  series(): readonly Labels[] {
    const labels = this.#input.series()
    if (!haveSameLabels(labels)) {
      this.#reader = this.#input
      return labels
    }
    const merged = mergeFrame(collectFrom(labels, this.#input, this.#steps), this.#steps)
    this.#reader = new FrameReader(merged)
    return merged.labels
  }

  next(into: Column): boolean {
    return (this.#reader as Operator).next(into)
  }
}

/** @throws QueryError when two series with the same labels meet at a step. */
export function mergeFrame({ labels, columns }: Frame, steps: number): Frame {
  const slots = new Map<string, number>()
  const mergedLabels: Labels[] = []
  const merged: Column[] = []
  for (const [index, column] of columns.entries()) {
    const own = labels[index] as Labels
    const slot = slots.get(own.key)
    if (slot === undefined) {
      slots.set(own.key, merged.push(column) - 1)
      mergedLabels.push(own)
    } else if (column.count > 0) {
      merged[slot] = (merged[slot] as Column).count === 0 ? column : union(merged[slot] as Column, column, steps)
    }
  }
  return { labels: mergedLabels, columns: merged }
}

function union(left: Column, right: Column, steps: number): Column {
  const both = makeColumn(steps)
  copyColumn(left, both)
  for (let step = 0; step < steps; step++) {
    const kind = right.present[step]!
    if (kind === ABSENT) continue
    if (both.present[step] !== ABSENT) throw sameLabelset()
    both.present[step] = kind
    both.values[step] = right.values[step]!
    if (kind !== HISTOGRAM) continue
    both.histograms ??= new Array(steps).fill(undefined)
    both.histograms[step] = right.histograms?.[step]
  }
  recount(both)
  // Whether the name is dropped is told by whichever of the two came first.
  if (firstStep(right) < firstStep(left)) both.dropName = right.dropName
  return both
}

function firstStep({ present }: Column): number {
  return present.findIndex((kind) => kind !== ABSENT)
}
