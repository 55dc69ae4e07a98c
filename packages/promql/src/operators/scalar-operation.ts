// Binary operators with a scalar on one side or on both.

import type { Labels } from '@promlet/model'
import { ABSENT, type Column, recount } from '../columns/column.ts'
import { compareColumn, computeColumn, isArithmetic } from '../functions/arithmetic.ts'
import type { BinaryNode } from '../plan/node.ts'
import { combineWithScalar } from './combine.ts'
import { dropMetadata, type EvalContext } from './context.ts'
import type { Operator } from './operator.ts'
import { readScalar, Scalar } from './scalar.ts'

/** scalar operator scalar; comparisons give 1 or 0. */
export function scalarOperation(node: BinaryNode, left: Operator, right: Operator): Operator {
  return new Scalar((values) => {
    computeColumn(node.binary.operator, readScalar(left, values.length), readScalar(right, values.length), values)
  })
}

/** vector operator scalar, and scalar operator vector. */
export class VectorScalar implements Operator {
  readonly #node: BinaryNode
  readonly #vector: Operator
  readonly #scalar: Float64Array
  readonly #context: EvalContext
  readonly #isScalarLeft: boolean
  readonly #dropsName: boolean
  readonly #holds: Uint8Array

  constructor(node: BinaryNode, left: Operator, right: Operator, context: EvalContext) {
    const { operator, bool } = node.binary
    this.#node = node
    this.#context = context
    this.#isScalarLeft = node.leftType === 'scalar'
    this.#vector = this.#isScalarLeft ? right : left
    this.#scalar = readScalar(this.#isScalarLeft ? left : right, node.grid.count)
    this.#dropsName = isArithmetic(operator) || bool
    this.#holds = new Uint8Array(node.grid.count)
  }

  series(): readonly Labels[] {
    const labels = this.#vector.series()
    return this.#dropsName && !this.#context.features.delayedNameRemoval ? labels.map(dropMetadata) : labels
  }

  next(into: Column): boolean {
    if (!this.#vector.next(into)) return false
    if (this.#dropsName) into.dropName = true
    const { operator } = this.#node.binary
    if (into.hasHistograms || operator === '</' || operator === '>/') {
      combineWithScalar(this.#node.binary, into, this.#scalar, this.#isScalarLeft, this.#context)
    } else {
      this.#computeFloats(into)
    }
    return true
  }

  #computeFloats(into: Column): void {
    const { operator, bool } = this.#node.binary
    const left = this.#isScalarLeft ? this.#scalar : into.values
    const right = this.#isScalarLeft ? into.values : this.#scalar
    if (bool || isArithmetic(operator)) {
      computeColumn(operator, left, right, into.values)
      return
    }
    compareColumn(operator, left, right, this.#holds)
    keepWhere(this.#holds, into)
  }
}

/** Takes out the steps at which `holds` is 0. */
export function keepWhere(holds: Uint8Array, column: Column): void {
  const { present } = column
  for (let step = 0; step < present.length; step++) if (holds[step] === 0) present[step] = ABSENT
  recount(column)
}
