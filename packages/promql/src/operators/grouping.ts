import { Labels as LabelSet, type Labels, METRIC_NAME } from '@promlet/model'
import type { Aggregation } from '../syntax/ast.ts'
import { LabelNumbers } from './label-numbers.ts'

/** Which series go together in an aggregation. */
export interface Groups {
  /** Labels of each group, in the order in which their first series came. */
  readonly labels: readonly Labels[]
  /** The group of each series. */
  readonly groupOf: Int32Array
}

/** Sorts series into groups by `by (…)` or `without (…)`. */
export function groupSeries(series: readonly Labels[], { grouping, without }: Pick<Aggregation, 'grouping' | 'without'>): Groups {
  const groupOf = new Int32Array(series.length)
  const labels: Labels[] = []
  const numbers = new LabelNumbers(without ? [...grouping, METRIC_NAME] : grouping, without)
  const labelsOf = groupLabels(grouping, without)
  for (let index = 0; index < series.length; index++) {
    const own = series[index] as Labels
    const group = numbers.of(own)
    if (group === labels.length) labels.push(labelsOf(own))
    groupOf[index] = group
  }
  return { labels, groupOf }
}

/** The labels that a group keeps. `without` drops the metric name too. */
export function groupLabels(grouping: readonly string[], without: boolean): (labels: Labels) => Labels {
  if (!without && grouping.length === 0) return () => LabelSet.empty
  const names = new Set(without ? [...grouping, METRIC_NAME] : grouping)
  return (labels) => labels.filter((name) => names.has(name) !== without)
}
