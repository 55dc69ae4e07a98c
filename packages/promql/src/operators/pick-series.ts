// topk, bottomk, limitk and limit_ratio: of each group some of the series themselves, chosen step by step.

import { type Labels, QueryError } from '@promlet/model'
import { annotationTexts } from '../annotations.ts'
import { ABSENT, type Column, FLOAT, makeColumn, putFloat, putHistogram } from '../columns/column.ts'
import { labelsOffset } from '../functions/labels-hash.ts'
import type { AggregateNode } from '../plan/node.ts'
import type { EvalContext } from './context.ts'
import { collect, type Frame, FrameReader } from './frame.ts'
import { groupSeries } from './grouping.ts'
import type { Operator } from './operator.ts'

/** Go's bounds of an int64, in which Prometheus counts. */
const INT64_MIN = -(2 ** 63)
const INT64_MAX = 2 ** 63 - 1024

export class PickSeries implements Operator {
  readonly #node: AggregateNode
  readonly #input: Operator
  readonly #param: Float64Array
  readonly #context: EvalContext
  #reader: Operator | undefined

  /** `param` has the count or the ratio of each step. */
  constructor(node: AggregateNode, input: Operator, param: Float64Array, context: EvalContext) {
    this.#node = node
    this.#input = input
    this.#param = param
    this.#context = context
  }

  series(): readonly Labels[] {
    const picked = this.#pick(collect(this.#input, this.#node.grid.count))
    this.#reader = new FrameReader(picked)
    return picked.labels
  }

  next(into: Column): boolean {
    return (this.#reader as Operator).next(into)
  }

  #pick(frame: Frame): Frame {
    const { operator } = this.#node.aggregation
    const isRatio = operator === 'limit_ratio'
    if (isRatio ? this.#param.every((ratio) => ratio === 0) : !this.#param.some((k) => !(k < 1))) return { labels: [], columns: [] }
    if (isRatio) this.#checkRatios()
    else this.#checkCounts()
    const groups = membersByGroup(frame, this.#node)
    const picked: (Column | undefined)[] = []
    // The order in which series are picked is the order of an instant query's answer.
    const order: number[] = []
    for (let step = 0; step < this.#node.grid.count; step++) {
      for (const members of groups) {
        for (const index of this.#choose(frame, members, step)) {
          let column = picked[index]
          if (column === undefined) {
            column = makeColumn(this.#node.grid.count)
            column.dropName = (frame.columns[index] as Column).dropName
            picked[index] = column
            order.push(index)
          }
          copyStep(frame.columns[index] as Column, column, step)
        }
      }
    }
    return { labels: order.map((index) => frame.labels[index] as Labels), columns: order.map((index) => picked[index] as Column) }
  }

  #choose(frame: Frame, members: readonly number[], step: number): readonly number[] {
    const param = this.#param[step]!
    const there = members.filter((index) => (frame.columns[index] as Column).present[step] !== ABSENT)
    switch (this.#node.aggregation.operator) {
      case 'limitk':
        return param < 1 ? [] : there.slice(0, Math.trunc(param))
      case 'limit_ratio':
        return there.filter((index) => isInRatio(frame.labels[index] as Labels, param))
      default:
        return this.#extreme(frame, there, step, Math.trunc(param))
    }
  }

  /** The k largest or smallest, best first; NaN is worse than any number. */
  #extreme(frame: Frame, there: readonly number[], step: number, k: number): readonly number[] {
    if (k < 1) return []
    const floats = there.filter((index) => (frame.columns[index] as Column).present[step] === FLOAT)
    if (floats.length < there.length) {
      this.#context.annotations.info(annotationTexts.ignoredInAggregation(this.#node.aggregation.operator), this.#node.aggregation.position)
    }
    const sign = this.#node.aggregation.operator === 'topk' ? -1 : 1
    const floatOf = (index: number) => (frame.columns[index] as Column).values[step]!
    return floats.sort((left, right) => byValue(floatOf(left), floatOf(right), sign)).slice(0, k)
  }

  #checkCounts(): void {
    for (const k of this.#param) {
      if (Number.isNaN(k)) throw new QueryError('execution', 'Parameter value is NaN')
    }
    const least = Math.min(...this.#param)
    const most = Math.max(...this.#param)
    if (least <= INT64_MIN) throw new QueryError('execution', `Scalar value ${least} underflows int64`)
    if (most >= INT64_MAX) throw new QueryError('execution', `Scalar value ${most} overflows int64`)
  }

  #checkRatios(): void {
    if (this.#param.some(Number.isNaN)) throw new QueryError('execution', 'Ratio value is NaN')
    const position = (this.#node.param?.expr ?? this.#node.expr).position
    const most = Math.max(...this.#param)
    const least = Math.min(...this.#param)
    if (most > 1) this.#context.annotations.warn(annotationTexts.invalidRatio(most, 1), position)
    if (least < -1) this.#context.annotations.warn(annotationTexts.invalidRatio(least, -1), position)
  }
}

export function byValue(left: number, right: number, sign: 1 | -1): number {
  if (Number.isNaN(left)) return Number.isNaN(right) ? 0 : 1
  if (Number.isNaN(right)) return -1
  return left === right ? 0 : sign * (left < right ? -1 : 1)
}

function membersByGroup(frame: Frame, node: AggregateNode): readonly (readonly number[])[] {
  const { labels, groupOf } = groupSeries(frame.labels, node.aggregation)
  const members: number[][] = labels.map(() => [])
  for (let index = 0; index < groupOf.length; index++) {
    if ((frame.columns[index] as Column).count > 0) members[groupOf[index]!]?.push(index)
  }
  return members
}

function copyStep(source: Column, target: Column, step: number): void {
  if (source.present[step] === FLOAT) {
    putFloat(target, step, source.values[step]!)
    return
  }
  const histogram = source.histograms?.[step]
  if (histogram !== undefined) putHistogram(target, step, histogram)
}

/** Every series has a fixed place between 0 and 1: a ratio takes those below it, a negative one those it leaves out. */
function isInRatio(labels: Labels, ratio: number): boolean {
  const offset = labelsOffset(labels)
  return ratio >= 0 ? offset < ratio : offset >= 1 + ratio
}
