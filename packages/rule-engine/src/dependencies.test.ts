import { describe, expect, test } from 'vitest'
import { rulesFrom } from '../test/lab.ts'
import { independentRules } from './dependencies.ts'
import { createRule } from './rule.ts'

/** The names of the rules that depend on no other. */
function independent(rules: string): readonly string[] {
  const [group] = rulesFrom(`groups: [{name: g, rules: [${rules}]}]`)[0]?.groups ?? []
  const created = (group?.rules ?? []).map((rule) => createRule(rule, group?.labels as never, true))
  const flags = independentRules(created)
  return created.filter((_, index) => flags[index]).map(({ name }) => name)
}

describe('rules that depend on no other', () => {
  const is = (rules: string, ...names: string[]) => test(`of ${rules}: ${names}`, () => expect(independent(rules)).toEqual(names))
  is('{record: a, expr: x}, {record: b, expr: y}', 'a', 'b')
  is('{record: a, expr: x}, {record: b, expr: "sum(rate(a[5m]))"}, {record: c, expr: y}', 'c')
  is('{record: a, expr: x}, {record: b, expr: "y + max_over_time(a[5m:1m])"}')
  is('{record: a, expr: x}, {record: b, expr: "sum({job=\'x\'})"}')
  is('{record: a, expr: x}, {record: b, expr: "{__name__=~\'z.*\'}"}', 'a', 'b')
  is('{record: a, expr: a}, {record: b, expr: y}', 'a', 'b')
  is('{alert: A, expr: x}, {alert: B, expr: "ALERTS{alertname=\'A\'}"}, {alert: C, expr: y}', 'C')
  is('{record: a, expr: x}, {alert: B, expr: y, annotations: {t: "{{ query \'a\' }}"}}', 'a')
  is('{record: a, expr: "quantile(scalar(b), x)"}, {record: b, expr: y}, {record: c, expr: "-z"}', 'c')
})
