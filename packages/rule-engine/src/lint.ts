import type { RuleFile } from '@promlet/config'
import type { Labels } from '@promlet/model'
import { compareText } from '@promlet/model'

/** A rule that stands in a file more than once: same name, same labels. */
export interface DuplicateRule {
  readonly name: string
  /** The rule's own, without the group's. */
  readonly labels: Labels
}

/**
 * Rules that would write the same series, each named once, as `promtool check rules` finds them. Whether they really
 * do depends on what their expressions give.
 */
export function duplicateRules(file: RuleFile): readonly DuplicateRule[] {
  const rules = file.groups.flatMap((group) => group.rules)
  const named = rules.map((rule): DuplicateRule => ({ name: rule.kind === 'recording' ? rule.record : rule.alert, labels: rule.labels }))
  const alike = Map.groupBy(named, ({ name, labels }) => JSON.stringify([name, labels.key]))
  const duplicates = [...alike.values()].flatMap((same) => (same.length > 1 ? same.slice(0, 1) : []))
  return duplicates.sort((left, right) => compareText(left.name, right.name) || compareText(left.labels.key, right.labels.key))
}

/** What promtool says of them. */
export function describeDuplicates(duplicates: readonly DuplicateRule[]): string {
  const items = duplicates.map(({ name, labels }) => {
    const lines = [...labels].map(([label, value]) => `\t${label}: ${value}\n`)
    return `Metric: ${name}\nLabel(s):\n${lines.join('')}`
  })
  return `${duplicates.length} duplicate rule(s) found.\n${items.join('')}Might cause inconsistency while recording expressions`
}
