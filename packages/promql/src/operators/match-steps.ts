// Vector matching one step at a time, with every rule and every error of Prometheus (promql/engine.go VectorBinop).

import { type Labels, QueryError } from '@promlet/model'
import { ABSENT, type Column, histogramAt, makeColumn } from '../columns/column.ts'
import { isArithmetic } from '../functions/arithmetic.ts'
import type { Binary, VectorMatching } from '../syntax/ast.ts'
import { Combiner } from './combine.ts'
import type { EvalContext } from './context.ts'
import type { Frame } from './frame.ts'
import { matchingOf, matchLabels, resultLabels } from './matching.ts'

export interface MatchInput {
  readonly many: Frame
  readonly one: Frame
  /** The match group of each series; groups of both sides are numbered together. */
  readonly manyGroups: Int32Array
  readonly oneGroups: Int32Array
  readonly groupCount: number
  readonly steps: number
}

/** Stands for the series of a side that has none and is filled. */
const FILLED = -1

/** One series for each pair that ever met; several may have the same labels. @throws QueryError for ambiguous matches. */
export function matchSteps(binary: Binary, context: EvalContext, input: MatchInput): Frame {
  const matcher = new StepMatcher(binary, context, input)
  for (let step = 0; step < input.steps; step++) matcher.match(step)
  return matcher.frame()
}

class StepMatcher {
  readonly #binary: Binary
  readonly #matching: VectorMatching
  readonly #input: MatchInput
  readonly #combiner: Combiner
  readonly #isSwapped: boolean
  readonly #name: (many: Labels, one: Labels) => Labels
  readonly #filledLabels: (labels: Labels) => Labels
  /** By group: the series of the "one" side at this step, or -1. */
  readonly #oneOf: Int32Array
  /** By group: the results that were matched at this step; for one-to-one only whether there was one. */
  readonly #matched: (Set<string> | undefined)[]
  readonly #pairs = new Map<number, { readonly labels: Labels; readonly column: Column }>()

  constructor(binary: Binary, context: EvalContext, input: MatchInput) {
    this.#binary = binary
    this.#matching = matchingOf(binary)
    this.#input = input
    this.#combiner = new Combiner(binary, context)
    this.#isSwapped = this.#matching.cardinality === 'one-to-many'
    this.#name = resultLabels(binary, context.features.delayedNameRemoval)
    this.#filledLabels = matchLabels(this.#matching)
    this.#oneOf = new Int32Array(input.groupCount)
    this.#matched = new Array(input.groupCount)
  }

  frame(): Frame {
    const pairs = [...this.#pairs.values()]
    return { labels: pairs.map(({ labels }) => labels), columns: pairs.map(({ column }) => column) }
  }

  match(step: number): void {
    const { many, one, manyGroups, oneGroups } = this.#input
    const { fillLeft, fillRight } = this.#matching
    const isFilled = fillLeft !== undefined || fillRight !== undefined
    const manyThere = isAnyAt(many, step)
    const oneThere = isAnyAt(one, step)
    if ((!manyThere && !oneThere) || (!(manyThere && oneThere) && !isFilled)) return
    this.#oneOf.fill(-1)
    this.#matched.fill(undefined)
    for (let index = 0; index < oneGroups.length; index++) {
      if (isAt(one, index, step)) this.#place(index, oneGroups[index]!)
    }
    for (let index = 0; index < manyGroups.length; index++) {
      if (!isAt(many, index, step)) continue
      const group = manyGroups[index]!
      const partner = this.#oneOf[group]!
      // Fill values are not swapped with the sides: Prometheus fills the "one" side with the right one's.
      if (partner >= 0) this.#combine(index, partner, group, step)
      else if (fillRight !== undefined) this.#combine(index, FILLED, group, step)
    }
    if (fillLeft === undefined) return
    for (let group = 0; group < this.#oneOf.length; group++) {
      const partner = this.#oneOf[group]!
      if (partner >= 0 && this.#matched[group] === undefined) this.#combine(FILLED, partner, group, step)
    }
  }

  #place(index: number, group: number): void {
    const other = this.#oneOf[group]!
    if (other >= 0) throw this.#duplicateOne(index, other)
    this.#oneOf[group] = index
  }

  #combine(many: number, one: number, group: number, step: number): void {
    const manyValue = many === FILLED ? (this.#matching.fillLeft as number) : valueAt(this.#input.many, many, step)
    const oneValue = one === FILLED ? (this.#matching.fillRight as number) : valueAt(this.#input.one, one, step)
    const manyHistogram = many === FILLED ? undefined : histogramAt(this.#input.many.columns[many] as Column, step)
    const oneHistogram = one === FILLED ? undefined : histogramAt(this.#input.one.columns[one] as Column, step)
    if (this.#isSwapped) this.#combiner.combine(oneValue, manyValue, oneHistogram, manyHistogram)
    else this.#combiner.combine(manyValue, oneValue, manyHistogram, oneHistogram)
    if (!this.#combiner.isMatch) return
    const pair = this.#pair(many, one)
    this.#claim(group, pair.labels)
    this.#combiner.put(pair.column, step)
  }

  #pair(many: number, one: number): { readonly labels: Labels; readonly column: Column } {
    const key = (many + 1) * (this.#input.one.labels.length + 1) + one + 1
    const known = this.#pairs.get(key)
    if (known !== undefined) return known
    const manyLabels = this.#input.many.labels[many]
    const oneLabels = this.#input.one.labels[one]
    const column = makeColumn(this.#input.steps)
    const dropsName = many !== FILLED && (this.#input.many.columns[many] as Column).dropName
    column.dropName = this.#binary.bool || (!isArithmetic(this.#binary.operator) && dropsName)
    const labels = this.#name(manyLabels ?? this.#filledLabels(oneLabels as Labels), oneLabels ?? this.#filledLabels(manyLabels as Labels))
    const pair = { labels, column }
    this.#pairs.set(key, pair)
    return pair
  }

  /** A match group takes one match, or, grouped, matches with different results. */
  #claim(group: number, labels: Labels): void {
    const claimed = this.#matched[group]
    if (this.#matching.cardinality === 'one-to-one') {
      if (claimed !== undefined) {
        throw ambiguous('multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)')
      }
      this.#matched[group] = new Set()
      return
    }
    if (claimed?.has(labels.key)) throw ambiguous('multiple matches for labels: grouping labels must ensure unique matches')
    if (claimed === undefined) this.#matched[group] = new Set([labels.key])
    else claimed.add(labels.key)
  }

  #duplicateOne(index: number, other: number): QueryError {
    const labels = this.#input.one.labels[index] as Labels
    const side = this.#isSwapped ? 'left' : 'right'
    return ambiguous(
      `found duplicate series for the match group ${this.#filledLabels(labels)} on the ${side} hand-side of the operation: ` +
        `[${labels}, ${this.#input.one.labels[other]}];many-to-many matching not allowed: matching labels must be unique on one side`,
    )
  }
}

function ambiguous(message: string): QueryError {
  return new QueryError('execution', message)
}

function isAt(frame: Frame, index: number, step: number): boolean {
  return (frame.columns[index] as Column).present[step] !== ABSENT
}

function isAnyAt({ columns }: Frame, step: number): boolean {
  return columns.some(({ present }) => present[step] !== ABSENT)
}

function valueAt(frame: Frame, index: number, step: number): number {
  return (frame.columns[index] as Column).values[step]!
}
