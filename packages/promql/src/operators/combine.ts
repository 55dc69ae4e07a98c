// Binary operators step by step: where a side has histograms, or neighbouring steps match different series. What
// operands do not fit gives no result and an annotation. Prometheus: promql/engine.go vectorElemBinop.

import {
  addHistograms,
  compactHistogram,
  divideHistogram,
  equalHistograms,
  type Histogram,
  type HistogramSum,
  scaleHistogram,
  subtractHistograms,
} from '@promlet/model'
import { annotationTexts, type HistogramOperation } from '../annotations.ts'
import { ABSENT, type Column, clearColumn, copyColumn, histogramAt, makeColumn, putFloat, putHistogram } from '../columns/column.ts'
import { computeColumn, isComparison } from '../functions/arithmetic.ts'
import { trimHistogram } from '../functions/trim-histogram.ts'
import type { Binary } from '../syntax/ast.ts'
import type { EvalContext } from './context.ts'

/** Combines single samples by one operator of the query. Reads results from its fields after each call. */
export class Combiner {
  /** False: the operands do not fit together, which was annotated. */
  isMatch = false
  /** False: a comparison does not hold. */
  isKept = false
  value = 0
  histogram: Histogram | undefined
  readonly #binary: Binary
  readonly #context: EvalContext
  readonly #left = new Float64Array(1)
  readonly #right = new Float64Array(1)
  readonly #out = new Float64Array(1)

  constructor(binary: Binary, context: EvalContext) {
    this.#binary = binary
    this.#context = context
  }

  /** A histogram stands in place of its side's float. */
  combine(left: number, right: number, leftHistogram: Histogram | undefined, rightHistogram: Histogram | undefined): void {
    this.isMatch = true
    this.isKept = true
    this.value = 0
    this.histogram = undefined
    if (leftHistogram === undefined && rightHistogram === undefined) this.#floats(left, right)
    else if (leftHistogram === undefined) this.#floatAndHistogram(left, rightHistogram as Histogram)
    else if (rightHistogram === undefined) this.#histogramAndFloat(leftHistogram, right)
    else this.#histograms(leftHistogram, rightHistogram)
  }

  /** Puts the result where `bool` is taken into account; nothing where there is none. */
  put(into: Column, step: number): void {
    if (!this.isMatch) return
    if (this.#binary.bool) putFloat(into, step, this.isKept ? 1 : 0)
    else if (this.isKept && this.histogram !== undefined) putHistogram(into, step, this.histogram)
    else if (this.isKept) putFloat(into, step, this.value)
  }

  #floats(left: number, right: number): void {
    const { operator } = this.#binary
    if (operator === '</' || operator === '>/') {
      this.#refuse('float', 'float')
      return
    }
    this.#left[0] = left
    this.#right[0] = right
    computeColumn(operator, this.#left, this.#right, this.#out)
    this.value = isComparison(operator) ? left : this.#out[0]!
    this.isKept = !isComparison(operator) || this.#out[0] === 1
  }

  #floatAndHistogram(left: number, right: Histogram): void {
    if (this.#binary.operator === '*') this.histogram = compactHistogram(scaleHistogram(right, left))
    else this.#refuse('float', 'histogram')
  }

  #histogramAndFloat(left: Histogram, right: number): void {
    switch (this.#binary.operator) {
      case '*':
        this.histogram = compactHistogram(scaleHistogram(left, right))
        return
      case '/':
        this.histogram = compactHistogram(divideHistogram(left, right))
        return
      case '</':
        this.histogram = trimHistogram(left, right, true)
        return
      case '>/':
        this.histogram = trimHistogram(left, right, false)
        return
      default:
        this.#refuse('histogram', 'float')
    }
  }

  #histograms(left: Histogram, right: Histogram): void {
    switch (this.#binary.operator) {
      case '+':
        this.#take(addHistograms(left, right), 'addition')
        return
      case '-':
        this.#take(subtractHistograms(left, right), 'subtraction')
        return
      case '==':
        this.histogram = left
        this.isKept = equalHistograms(left, right)
        return
      case '!=':
        this.histogram = left
        this.isKept = !equalHistograms(left, right)
        return
      default:
        this.#refuse('histogram', 'histogram')
    }
  }

  #take(sum: HistogramSum | undefined, operation: HistogramOperation): void {
    const { annotations } = this.#context
    const { operator, position } = this.#binary
    if (sum === undefined) {
      this.isMatch = false
      annotations.warn(annotationTexts.incompatibleLayout(operator), position)
      return
    }
    if (sum.isResetCollision) {
      // Prometheus: promql/engine.go VectorBinop drops a pair that is warned of, and says nothing else of it.
      this.isMatch = false
      annotations.warn(annotationTexts.conflictingResets(operation), position)
      return
    }
    if (sum.areBoundsReconciled) annotations.info(annotationTexts.reconciledBuckets(operation), position)
    const histogram = compactHistogram(sum.histogram)
    // A difference can fall.
    this.histogram = operation === 'subtraction' ? { ...histogram, counterResetHint: 'gauge' } : histogram
  }

  #refuse(left: string, right: string): void {
    this.isMatch = false
    const { operator, position } = this.#binary
    this.#context.annotations.info(annotationTexts.incompatibleTypes(left, operator, right), position)
  }
}

/** Combines a column with a scalar, step by step; the result replaces the column. */
export function combineWithScalar(binary: Binary, column: Column, scalar: Float64Array, isScalarLeft: boolean, context: EvalContext): void {
  const combiner = new Combiner(binary, context)
  const source = makeColumn(column.present.length)
  copyColumn(column, source)
  clearColumn(column)
  column.dropName = source.dropName
  for (let step = 0; step < scalar.length; step++) {
    if (source.present[step] === ABSENT) continue
    const histogram = histogramAt(source, step)
    const value = source.values[step]!
    if (isScalarLeft) combiner.combine(scalar[step]!, value, undefined, histogram)
    else combiner.combine(value, scalar[step]!, histogram, undefined)
    // A filter passes the vector's sample on, whichever side it stands on.
    if (isScalarLeft && isComparison(binary.operator) && histogram === undefined) combiner.value = value
    combiner.put(column, step)
  }
}

/** Combines two columns where both have a sample. `into` may be neither of them. */
export function combineColumns(combiner: Combiner, left: Column, right: Column, into: Column): void {
  for (let step = 0; step < into.present.length; step++) {
    if (left.present[step] === ABSENT || right.present[step] === ABSENT) continue
    combiner.combine(left.values[step]!, right.values[step]!, histogramAt(left, step), histogramAt(right, step))
    combiner.put(into, step)
  }
}

/** True when whole-column loops can do it: floats only, and an operator for floats. */
export function isPlain(binary: Binary, left: Column, right: Column): boolean {
  return !left.hasHistograms && !right.hasHistograms && binary.operator !== '</' && binary.operator !== '>/'
}
