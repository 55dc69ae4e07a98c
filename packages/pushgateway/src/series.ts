import type { FamilyType, LabelPair, Sample } from '@promlet/exposition'
import type { Millis } from '@promlet/model'
import { compareText } from '@promlet/model'
import type { GroupingKey } from './grouping-key.ts'

/** One metric of a group: the labels that it is exposed with, and what was last pushed for it. */
export interface Series {
  /** The text of its group's key. */
  readonly group: string
  /** As the client wrote them, to recognise the metric in the group's next push. */
  readonly pushedLabels: readonly LabelPair[]
  /** Sorted by name, the grouping labels and `instance` among them. */
  readonly labels: readonly LabelPair[]
  /** Equal exactly when the labels are. */
  readonly key: string
  sample: Sample
  /** Its lines in the exposition; undefined until they are written, and after each push. */
  lines: string | undefined
}

/** The metrics of one name in one group. */
export interface GroupFamily {
  readonly name: string
  readonly type: FamilyType
  /** Undefined where the push had no HELP. */
  readonly help: string | undefined
  /** When it was pushed. */
  readonly at: Millis
  readonly series: readonly Series[]
}

/**
 * The labels that a pushed metric is exposed with: the grouping labels win over its own, and `instance` is there even
 * when nobody gave one, so that the scraping server does not add its own (Prometheus: pushgateway sanitizeLabels).
 */
export function newSeries(group: GroupingKey, pushedLabels: readonly LabelPair[], sample: Sample): Series {
  const labels: LabelPair[] = [...group.labels]
  const has = (name: string) => group.labels.some((label) => label.name === name)
  for (const label of pushedLabels) if (!has(label.name)) labels.push(label)
  if (!labels.some(({ name }) => name === 'instance')) labels.push({ name: 'instance', value: '' })
  labels.sort((left, right) => compareText(left.name, right.name))
  // Copies have no room to grow: there are many series, and they stay.
  return { group: group.text, pushedLabels: pushedLabels.slice(), labels: labels.slice(), key: keyOf(labels), sample, lines: undefined }
}

function keyOf(labels: readonly LabelPair[]): string {
  // The lengths make the text unambiguous whatever the labels contain.
  return labels.flatMap(({ name, value }) => [`${name.length},${value.length}:`, name, value]).join('')
}

/** True when two lists have the same labels in the same order. */
export function sameLabels(left: readonly LabelPair[], right: readonly LabelPair[]): boolean {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index++) {
    const a = left[index] as LabelPair
    const b = right[index] as LabelPair
    if (a.value !== b.value || a.name !== b.name) return false
  }
  return true
}

/** The order within a family: fewer labels first, then by their values (Prometheus: client_golang internal/metric.go). */
export function compareSeries(left: Series, right: Series): number {
  const byCount = left.labels.length - right.labels.length
  if (byCount !== 0) return byCount
  for (let index = 0; index < left.labels.length; index++) {
    const byValue = compareText((left.labels[index] as LabelPair).value, (right.labels[index] as LabelPair).value)
    if (byValue !== 0) return byValue
  }
  return 0
}
