// limitk and limit_ratio: of each group some of the series themselves, chosen step by step without regard to values.

import { formatGeneral, type Labels, QueryError } from '@promlet/model'
import { annotationTexts } from '../annotations.ts'
import { ABSENT, type Column, recount } from '../columns/column.ts'
import { labelsOffset } from '../functions/labels-hash.ts'
import type { AggregateNode } from '../plan/node.ts'
import type { EvalContext } from './context.ts'
import { groupSeries } from './grouping.ts'
import type { Operator } from './operator.ts'

/** Go's bounds of an int64, in which Prometheus counts. */
const INT64_MIN = -(2 ** 63)
const INT64_MAX = 2 ** 63 - 1024

/** @throws QueryError for numbers that count nothing. */
export function checkCounts(counts: Float64Array): void {
  if (counts.some(Number.isNaN)) throw new QueryError('execution', 'Parameter value is NaN')
  const least = counts.reduce((left, right) => Math.min(left, right), Infinity)
  const most = counts.reduce((left, right) => Math.max(left, right), -Infinity)
  if (least <= INT64_MIN) throw new QueryError('execution', `Scalar value ${formatGeneral(least)} underflows int64`)
  if (most >= INT64_MAX) throw new QueryError('execution', `Scalar value ${formatGeneral(most)} overflows int64`)
}

/** Passes columns on with only those samples that are chosen. */
abstract class PickSeries implements Operator {
  protected readonly node: AggregateNode
  protected readonly param: Float64Array
  readonly #input: Operator
  #index = 0

  constructor(node: AggregateNode, input: Operator, param: Float64Array) {
    this.node = node
    this.#input = input
    this.param = param
  }

  series(): readonly Labels[] {
    const labels = this.#input.series()
    this.prepare(labels)
    return labels
  }

  next(into: Column): boolean {
    if (!this.#input.next(into)) return false
    this.choose(into, this.#index++)
    recount(into)
    return true
  }

  protected abstract prepare(labels: readonly Labels[]): void
  /** Takes out of a column what is not chosen. */
  protected abstract choose(column: Column, index: number): void
}

/** limitk: the first k series of each group that have a sample. */
export class LimitCount extends PickSeries {
  #groupOf: Int32Array = new Int32Array(0)
  /** By group: how many were taken at each step. */
  #taken: readonly Int32Array[] = []

  protected prepare(labels: readonly Labels[]): void {
    if (this.param.some((k) => !(k < 1))) checkCounts(this.param)
    const groups = groupSeries(labels, this.node.aggregation)
    this.#groupOf = groups.groupOf
    this.#taken = groups.labels.map(() => new Int32Array(this.node.grid.count))
  }

  protected choose({ present }: Column, index: number): void {
    const taken = this.#taken[this.#groupOf[index]!] as Int32Array
    for (let step = 0; step < present.length; step++) {
      if (present[step] === ABSENT) continue
      // A part of a series counts for nothing.
      if (taken[step]! + 1 > this.param[step]!) present[step] = ABSENT
      else taken[step] = taken[step]! + 1
    }
  }
}

/** limit_ratio: the series whose place between 0 and 1 lies below the ratio; a negative one takes those that its complement leaves. */
export class LimitRatio extends PickSeries {
  readonly #context: EvalContext
  #offsets: Float64Array = new Float64Array(0)

  constructor(node: AggregateNode, input: Operator, ratios: Float64Array, context: EvalContext) {
    super(node, input, ratios)
    this.#context = context
  }

  protected prepare(labels: readonly Labels[]): void {
    if (this.param.some(Number.isNaN)) throw new QueryError('execution', 'Ratio value is NaN')
    this.#warn()
    this.#offsets = Float64Array.from(labels, labelsOffset)
  }

  protected choose({ present }: Column, index: number): void {
    const offset = this.#offsets[index]!
    for (let step = 0; step < present.length; step++) {
      const ratio = this.param[step]!
      if (ratio >= 0 ? offset >= ratio : offset < 1 + ratio) present[step] = ABSENT
    }
  }

  #warn(): void {
    const { position } = this.node.param?.expr ?? this.node.expr
    const most = this.param.reduce((left, right) => Math.max(left, right), -Infinity)
    const least = this.param.reduce((left, right) => Math.min(left, right), Infinity)
    if (most > 1) this.#context.annotations.warn(annotationTexts.invalidRatio(most, 1), position)
    if (least < -1) this.#context.annotations.warn(annotationTexts.invalidRatio(least, -1), position)
  }
}
