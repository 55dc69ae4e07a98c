// Which series of two vectors belong together, and what the result is called.

import { type Labels, METRIC_NAME } from '@promlet/model'
import { isArithmetic } from '../functions/arithmetic.ts'
import type { Binary, VectorMatching } from '../syntax/ast.ts'
import { dropMetadata } from './context.ts'
import { LabelNumbers } from './label-numbers.ts'

/** What is assumed where the query names no labels: all labels but the metric name have to be equal. */
const ALL_LABELS: VectorMatching = {
  cardinality: 'one-to-one',
  on: false,
  labels: [],
  include: [],
  fillLeft: undefined,
  fillRight: undefined,
}

export function matchingOf(binary: Binary): VectorMatching {
  return binary.matching ?? ALL_LABELS
}

/** The labels by which series are matched: a function, made once per operation. */
export function matchLabels({ on, labels }: VectorMatching): (series: Labels) => Labels {
  const names = new Set(on ? labels : [...labels, METRIC_NAME])
  return (series) => series.filter((name) => names.has(name) === on)
}

/** Numbers for match groups: series of both sides with the same number belong together. */
export class MatchGroups {
  readonly #numbers: LabelNumbers

  constructor({ on, labels }: VectorMatching) {
    this.#numbers = on ? new LabelNumbers(labels, false) : new LabelNumbers([...labels, METRIC_NAME], true)
  }

  get count(): number {
    return this.#numbers.count
  }

  /** The group of each series; new groups get the next numbers. */
  number(series: readonly Labels[]): Int32Array {
    return Int32Array.from(series, (labels) => this.#numbers.of(labels))
  }
}

/**
 * What the result of a match is called: after the series of the "many" side, without what is not compared, with the
 * labels of `group_left` or `group_right` from the "one" side. Prometheus: promql/engine.go resultMetric.
 */
export function resultLabels(binary: Binary, isNameDelayed: boolean): (many: Labels, one: Labels) => Labels {
  const matching = matchingOf(binary)
  const dropsName = isArithmetic(binary.operator) || (binary.bool && !isNameDelayed)
  const names = new Set(matching.labels)
  return (many, one) => {
    let labels = dropsName ? dropMetadata(many) : many
    if (matching.cardinality === 'one-to-one') labels = labels.filter((name) => names.has(name) === matching.on)
    if (matching.include.length === 0) return labels
    return labels.withAll(matching.include.map((name) => [name, one.get(name)] as const))
  }
}
