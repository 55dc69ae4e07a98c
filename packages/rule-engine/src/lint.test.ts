import { expect, test } from 'vitest'
import { rulesFrom } from '../test/lab.ts'
import { describeDuplicates, duplicateRules } from './lint.ts'

test('rules with one name and the same labels are duplicates, each named once', () => {
  const [file] = rulesFrom(`
groups:
- name: a
  rules:
  - {record: load, expr: x}
  - {record: load, expr: y, labels: {job: node}}
  - {alert: Down, expr: x, labels: {severity: page}}
- name: b
  rules:
  - {record: load, expr: z}
  - {record: load, expr: q}
  - {alert: Down, expr: y, labels: {severity: page}}
  - {alert: Up, expr: y}
`)
  if (file === undefined) throw new Error('no rule file')
  const duplicates = duplicateRules(file)
  expect(duplicates.map(({ name, labels }) => [name, labels.toJSON()])).toEqual([
    ['Down', { severity: 'page' }],
    ['load', {}],
  ])
  expect(describeDuplicates(duplicates)).toBe(
    '2 duplicate rule(s) found.\nMetric: Down\nLabel(s):\n\tseverity: page\nMetric: load\nLabel(s):\nMight cause inconsistency while recording expressions',
  )
})
