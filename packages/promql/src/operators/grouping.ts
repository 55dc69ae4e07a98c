import { Labels as LabelSet, type Labels, METRIC_NAME } from '@promlet/model'
import type { Aggregation } from '../syntax/ast.ts'

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
  const byKey = new Map<string, number>()
  const labelsOf = groupLabels(grouping, without)
  for (const [index, own] of series.entries()) {
    const group = labelsOf(own)
    let found = byKey.get(group.key)
    if (found === undefined) {
      found = labels.push(group) - 1
      byKey.set(group.key, found)
    }
    groupOf[index] = found
  }
  return { labels, groupOf }
}

/** The labels that a group keeps. `without` drops the metric name too. */
export function groupLabels(grouping: readonly string[], without: boolean): (labels: Labels) => Labels {
  if (!without && grouping.length === 0) return () => LabelSet.empty
  const names = new Set(without ? [...grouping, METRIC_NAME] : grouping)
  return (labels) => labels.filter((name) => names.has(name) !== without)
}
