// Which rules of a group have nothing to do with the others, so that they may run at the same time. A selector without
// a fixed name may read anything that its matchers let through. (Prometheus: rules/group.go buildDependencyMap.)

import type { Matcher } from '@promlet/model'
import { METRIC_NAME } from '@promlet/model'
import { parseExpr, selectorsOf } from '@promlet/promql/syntax'
import { ALERT_NAME, ALERTS, ALERTS_FOR_STATE } from './alerting-rule.ts'
import type { Rule } from './rule.ts'

/** Per rule: true when it reads nothing that another rule of the list writes, and none reads what it writes. */
export function independentRules(rules: readonly Rule[]): readonly boolean[] {
  const selectors = rules.map((rule) => selectorsOf(parseExpr(rule.expr)))
  const reads = (reader: number, writer: number) => (selectors[reader] ?? []).some((matchers) => canRead(matchers, rules[writer] as Rule))
  return rules.map((rule, index) => {
    // What the templates of an alert query is not known before they run.
    if (rule.kind === 'alerting' && hasQuery(rule)) return false
    return rules.every((_, other) => other === index || !(reads(index, other) || reads(other, index)))
  })
}

function hasQuery({ labels, annotations }: Extract<Rule, { kind: 'alerting' }>): boolean {
  return [...labels.values, ...annotations.values].some((text) => /\{\{.*\bquery\b/s.test(text))
}

function canRead(matchers: readonly Matcher[], rule: Rule): boolean {
  if (rule.kind === 'recording') return canMatch(matchers, METRIC_NAME, rule.name)
  const isAlertMetric = [ALERTS, ALERTS_FOR_STATE].some((name) => canMatch(matchers, METRIC_NAME, name))
  return isAlertMetric && canMatch(matchers, ALERT_NAME, rule.name)
}

function canMatch(matchers: readonly Matcher[], label: string, value: string): boolean {
  return matchers.every((matcher) => matcher.name !== label || matcher.matches(value))
}
