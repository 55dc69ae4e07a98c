import { describe, expect, test } from 'vitest'
import { ConfigError, parseRuleFile, type RuleOptions } from './index.ts'

const read = (text: string, options: RuleOptions = {}) => parseRuleFile(text, { file: '/etc/prometheus/rules.yml', ...options })

function problems(text: string, options: RuleOptions = {}): readonly string[] {
  try {
    read(text, options)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n').map((line) => line.replace('/etc/prometheus/rules.yml:', ''))
  }
}

/** A group of rules, each a list of lines. */
const group = (...rules: readonly (readonly string[])[]) =>
  [
    'groups:',
    '- name: node',
    '  rules:',
    ...rules.flatMap((lines) => lines.map((line, index) => `${index === 0 ? '  - ' : '    '}${line}`)),
    '',
  ].join('\n')

describe('parseRuleFile', () => {
  test('gives rules with defaults and with their places', () => {
    const text = [
      'groups:',
      '- name: node',
      '  interval: 30s',
      '  query_offset: 0s',
      '  limit: 10',
      '  labels: {team: infra}',
      '  rules:',
      '  - record: job:up:sum',
      '    expr: sum by (job) (up)',
      '    labels: {level: job, instance: ""}',
      '  - alert: Down',
      '    expr: |',
      '      up == 0',
      '    for: 5m',
      '    annotations: {summary: "{{ $labels.instance }} is down"}',
    ].join('\n')
    const [first] = read(text).groups
    expect(first).toMatchObject({ name: 'node', intervalMs: 30_000, queryOffsetMs: 0, limit: 10, position: { line: 2, column: 3 } })
    expect(first?.labels.toJSON()).toEqual({ team: 'infra' })
    const [recording, alerting] = first?.rules ?? []
    expect(recording).toMatchObject({
      kind: 'recording',
      record: 'job:up:sum',
      expr: 'sum by (job) (up)',
      removedLabels: ['instance'],
      position: { line: 8, column: 5, expr: { line: 9, column: 11 } },
    })
    expect(recording?.labels.toJSON()).toEqual({ level: 'job' })
    expect(alerting).toMatchObject({ kind: 'alerting', alert: 'Down', expr: 'up == 0\n', forMs: 300_000, keepFiringForMs: 0 })
  })

  test('an empty file has no groups', () => {
    expect(read('').groups).toEqual([])
    expect(read('groups:\n').groups).toEqual([])
  })

  test('reads only the first document', () => {
    expect(read(`${group(['record: a', 'expr: up'])}---\ngroups: [{}]\n`).groups).toHaveLength(1)
  })
})

describe('problems of rule files', () => {
  const are = (title: string, text: string, ...expected: readonly string[]) => test(title, () => expect(problems(text)).toEqual(expected))
  const at = (place: string, message: string) => `${place}: group "node", rule 1, ${message}`

  are('neither record nor alert', group(['expr: up']), at('4:5: groups[0].rules[0]', `"": one of 'record' or 'alert' must be set`))
  are(
    'both record and alert',
    group(['record: a', 'alert: b', 'expr: up']),
    at('5:12: groups[0].rules[0].alert', `"b": only one of 'record' and 'alert' must be set`),
  )
  are(
    'fields of alerts in a recording rule, all at once',
    group(['record: a', 'expr: up', 'for: 1m', 'annotations: {a: b}']),
    at('6:10: groups[0].rules[0].for', `"a": invalid field 'for' in recording rule`),
    at('7:18: groups[0].rules[0].annotations', `"a": invalid field 'annotations' in recording rule`),
  )
  are(
    'a selector in place of a name',
    group(['record: up{job="a"}', 'expr: up']),
    at(
      '4:13: groups[0].rules[0].record',
      `"up{job=\\"a\\"}": braces present in the recording rule name; should it be in expr?: up{job="a"}`,
    ),
  )
  are(
    'names of labels',
    group(['alert: a', 'expr: up', 'labels: {__name__: b}']),
    at('6:24: groups[0].rules[0].labels.__name__', '"a": invalid label name: __name__'),
  )
  are(
    'groups of one name',
    'groups: [{name: a, rules: []}, {name: a, rules: []}, {rules: []}]\n',
    '1:39: groups[1].name: groupname: "a" is repeated in the same file',
    '1:54: groups[2]: Groupname must not be empty',
  )
  are(
    'an unknown field',
    group(['alert: a', 'expr: up', 'annotation: {}']),
    '6:5: groups[0].rules[0].annotation: field annotation not found in type rulefmt.Rule; did you mean annotations?',
  )

  test('unknown fields pass when asked', () => {
    expect(problems(group(['alert: a', 'expr: up', 'x: {}']), { ignoreUnknownFields: true })).toEqual([])
  })

  test('expressions and templates are checked by what is passed in', () => {
    const text = group(['alert: Down', 'expr: up ==', 'annotations: {summary: "{{ x"}'])
    const checkExpr = (expr: string) => (expr === 'up ==' ? '1:6: parse error: unexpected end of input' : undefined)
    const checkTemplate = (template: string, name: string) => (template.includes('x') ? `template: ${name}: unclosed action` : undefined)
    expect(problems(text, { checkExpr, checkTemplate })).toEqual([
      at('5:11: groups[0].rules[0].expr', '"Down": could not parse expression: 1:6: parse error: unexpected end of input'),
      at('6:28: groups[0].rules[0].annotations.summary', '"Down": annotation "summary": template: __alert_Down: unclosed action'),
    ])
  })

  test('the legacy scheme refuses other names', () => {
    expect(problems(group(['record: a.b', 'expr: up']), { nameValidation: 'legacy' })).toEqual([
      at('4:13: groups[0].rules[0].record', '"a.b": invalid recording rule name: a.b'),
    ])
  })
})
