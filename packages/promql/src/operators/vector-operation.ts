// Arithmetic and comparisons between two vectors. Series are matched once, by their labels. Where every match group
// has one series on the "one" side (and, one-to-one, one on the other), as is nearly always so, whole columns are
// combined; otherwise it depends on the step which series meet, and each step is matched like Prometheus does it.

import type { Labels } from '@promlet/model'
import { ABSENT, type Column, clearColumn, FLOAT, makeColumn } from '../columns/column.ts'
import { compareColumn, computeColumn, isArithmetic } from '../functions/arithmetic.ts'
import type { BinaryNode } from '../plan/node.ts'
import { Combiner, combineColumns, isPlain } from './combine.ts'
import type { EvalContext } from './context.ts'
import { collectFrom, type Frame, FrameReader } from './frame.ts'
import { matchSteps } from './match-steps.ts'
import { MatchGroups, matchingOf, resultLabels } from './matching.ts'
import { mergeFrame } from './merge.ts'
import type { Operator } from './operator.ts'
import { keepWhere } from './scalar-operation.ts'

export class VectorVector implements Operator {
  readonly #node: BinaryNode
  readonly #context: EvalContext
  readonly #left: Operator
  readonly #right: Operator
  /** The side that may have several series per match group, and the other. */
  readonly #many: Operator
  readonly #one: Operator
  readonly #isSwapped: boolean
  readonly #combiner: Combiner
  readonly #column: Column
  readonly #holds: Uint8Array
  #frame: Frame | undefined
  /** For each series of the "many" side its partner, or -1. */
  #partners = new Int32Array(0)
  #index = 0
  #reader: Operator | undefined

  constructor(node: BinaryNode, left: Operator, right: Operator, context: EvalContext) {
    this.#node = node
    this.#context = context
    this.#left = left
    this.#right = right
    this.#isSwapped = matchingOf(node.binary).cardinality === 'one-to-many'
    this.#many = this.#isSwapped ? right : left
    this.#one = this.#isSwapped ? left : right
    this.#combiner = new Combiner(node.binary, context)
    this.#column = makeColumn(node.grid.count)
    this.#holds = new Uint8Array(node.grid.count)
  }

  series(): readonly Labels[] {
    const matching = matchingOf(this.#node.binary)
    const groups = new MatchGroups(matching)
    // The left side first: where both sides fail, its error is Prometheus's.
    const left = this.#left.series()
    const right = this.#right.series()
    const many = this.#isSwapped ? right : left
    const one = collectFrom(this.#isSwapped ? left : right, this.#one, this.#node.grid.count)
    const oneGroups = groups.number(one.labels)
    const known = groups.count
    const manyGroups = groups.number(many)
    const nameOf = resultLabels(this.#node.binary, this.#context.features.delayedNameRemoval)
    const isFilled = matching.fillLeft !== undefined || matching.fillRight !== undefined
    const isSimple = !isFilled && areUnique(oneGroups) && (matching.cardinality !== 'one-to-one' || areUnique(manyGroups))
    if (isSimple) {
      const partnerOf = new Int32Array(known).fill(-1)
      for (let index = 0; index < oneGroups.length; index++) partnerOf[oneGroups[index]!] = index
      this.#partners = manyGroups.map((group) => (group < known ? partnerOf[group]! : -1))
      const labels = many.flatMap((own, index) => {
        const partner = this.#partners[index]!
        return partner < 0 ? [] : [nameOf(own, one.labels[partner] as Labels)]
      })
      if (!haveSame(labels)) {
        this.#frame = one
        return labels
      }
    }
    const rest = collectFrom(many, this.#many, this.#node.grid.count)
    return this.#matchSteps(rest, one, manyGroups, oneGroups, groups.count)
  }

  next(into: Column): boolean {
    if (this.#reader !== undefined) return this.#reader.next(into)
    while (this.#many.next(this.#column)) {
      const partner = this.#partners[this.#index++]!
      if (partner < 0) continue
      this.#combine(this.#column, (this.#frame as Frame).columns[partner] as Column, into)
      return true
    }
    return false
  }

  #combine(many: Column, one: Column, into: Column): void {
    const { operator, bool } = this.#node.binary
    const left = this.#isSwapped ? one : many
    const right = this.#isSwapped ? many : one
    clearColumn(into)
    into.dropName = bool || (!isArithmetic(operator) && many.dropName)
    if (!isPlain(this.#node.binary, left, right)) {
      combineColumns(this.#combiner, left, right, into)
      return
    }
    into.count = meet(left.present, right.present, into.present)
    if (into.count === 0) return
    if (bool || isArithmetic(operator)) {
      computeColumn(operator, left.values, right.values, into.values)
      return
    }
    into.values.set(left.values)
    compareColumn(operator, left.values, right.values, this.#holds)
    keepWhere(this.#holds, into)
  }

  #matchSteps(many: Frame, one: Frame, manyGroups: Int32Array, oneGroups: Int32Array, groupCount: number): readonly Labels[] {
    const frame = matchSteps(this.#node.binary, this.#context, {
      many,
      one,
      manyGroups,
      oneGroups,
      groupCount,
      steps: this.#node.grid.count,
    })
    this.#reader = new FrameReader(mergeFrame(frame, this.#node.grid.count))
    return this.#reader.series()
  }
}

/** True when no two series are of one group. */
function areUnique(groups: Int32Array): boolean {
  return new Set(groups).size === groups.length
}

function haveSame(labels: readonly Labels[]): boolean {
  return new Set(labels.map(({ key }) => key)).size < labels.length
}

/** Marks the steps at which both sides have a float, and counts them. */
function meet(left: Uint8Array, right: Uint8Array, out: Uint8Array): number {
  let count = 0
  for (let step = 0; step < out.length; step++) {
    if (left[step] === ABSENT || right[step] === ABSENT) continue
    out[step] = FLOAT
    count++
  }
  return count
}
