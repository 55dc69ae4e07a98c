// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${1} is relabelling's own syntax

import { describe, expect, test } from 'vitest'
import { Labels } from './labels.ts'
import { compileRelabel, type RelabelConfig, relabelDefaults } from './relabel.ts'

const target = Labels.of({ __address__: '10.0.0.7:9100', job: 'node', env: 'Prod', team: 'straße' })

function run(labels: Labels, ...steps: readonly Partial<RelabelConfig>[]): Record<string, string> | undefined {
  return compileRelabel(steps.map((step) => ({ ...relabelDefaults, ...step })))(labels)?.toJSON()
}

/** What one step makes of the target's labels, as the difference to them. */
function change(step: Partial<RelabelConfig>): Record<string, string | undefined> | undefined {
  const after = run(target, step)
  if (after === undefined) return undefined
  const names = new Set([...target.names, ...Object.keys(after)])
  return Object.fromEntries([...names].filter((name) => target.get(name) !== (after[name] ?? '')).map((name) => [name, after[name]]))
}

describe('compileRelabel', () => {
  const is = (title: string, step: Partial<RelabelConfig>, expected: Record<string, string | undefined> | undefined) =>
    test(title, () => expect(change(step)).toEqual(expected))

  is('replace copies a label by default', { sourceLabels: ['job'], targetLabel: 'service' }, { service: 'node' })
  is('replace sets a fixed text when there is no source', { targetLabel: 'zone', replacement: 'a' }, { zone: 'a' })
  is('replace with an empty text removes the label', { targetLabel: 'job', replacement: '' }, { job: undefined })
  is('replace joins sources', { sourceLabels: ['job', 'env'], separator: '/', targetLabel: 'id' }, { id: 'node/Prod' })
  is(
    'replace takes a part of the text',
    { sourceLabels: ['__address__'], regex: '([^:]+):(\\d+)', targetLabel: 'port', replacement: '${2}' },
    { port: '9100' },
  )
  is(
    'replace takes a named part',
    { sourceLabels: ['__address__'], regex: '(?P<host>[^:]+):.*', targetLabel: 'host', replacement: '$host' },
    { host: '10.0.0.7' },
  )
  is('replace does nothing when the whole text does not match', { sourceLabels: ['job'], regex: 'nod', targetLabel: 'x' }, {})
  is('replace can make the target name', { sourceLabels: ['job'], targetLabel: 'is_$1', replacement: 'yes' }, { is_node: 'yes' })
  is('replace does nothing when the target name comes out empty', { sourceLabels: ['none'], targetLabel: '$1', replacement: 'x' }, {})
  is('a name before other letters needs braces', { sourceLabels: ['job'], targetLabel: 'x', replacement: '$1s-${1}s' }, { x: '-nodes' })
  is('two dollars are one', { sourceLabels: ['job'], targetLabel: 'x', replacement: '$$1' }, { x: '$1' })
  is('a dollar without a name is a dollar', { sourceLabels: ['job'], targetLabel: 'x', replacement: '${}$' }, { x: '${}$' })
  is('keep keeps what matches', { sourceLabels: ['job'], regex: 'node|web', action: 'keep' }, {})
  is('keep drops what does not match', { sourceLabels: ['job'], regex: 'web', action: 'keep' }, undefined)
  is('drop drops what matches', { sourceLabels: ['job'], regex: 'no.*', action: 'drop' }, undefined)
  is('keepequal drops unequal labels', { sourceLabels: ['job'], targetLabel: 'env', action: 'keepequal' }, undefined)
  is('dropequal drops equal labels', { sourceLabels: ['job'], targetLabel: 'job', action: 'dropequal' }, undefined)
  is('hashmod is the MD5 sum modulo', { sourceLabels: ['job'], targetLabel: 'shard', modulus: 8, action: 'hashmod' }, { shard: '4' })
  is(
    'labelmap copies labels under other names',
    { regex: '(job|env)', replacement: 'meta_$1', action: 'labelmap' },
    { meta_env: 'Prod', meta_job: 'node' },
  )
  is('labeldrop removes labels', { regex: '__.*', action: 'labeldrop' }, { __address__: undefined })
  is(
    'labelkeep removes the other labels',
    { regex: 'job', action: 'labelkeep' },
    { __address__: undefined, env: undefined, team: undefined },
  )
  is('lowercase', { sourceLabels: ['env'], targetLabel: 'env', action: 'lowercase' }, { env: 'prod' })
  is('uppercase maps letter by letter', { sourceLabels: ['team'], targetLabel: 'team', action: 'uppercase' }, { team: 'STRAßE' })

  test('steps see what earlier steps made', () => {
    const steps = [
      { targetLabel: 'a', replacement: 'x' },
      { sourceLabels: ['a'], targetLabel: 'b' },
      { regex: 'b', action: 'labelkeep' as const },
    ]
    expect(run(target, ...steps)).toEqual({ b: 'x' })
  })
  test('labels that nothing changes stay the same object', () => {
    expect(compileRelabel([{ ...relabelDefaults, sourceLabels: ['job'], targetLabel: 'job' }])(target)).toBe(target)
  })
  test('the legacy scheme makes no other names', () => {
    const step = { ...relabelDefaults, sourceLabels: ['job'], targetLabel: '$1.x', replacement: 'y' }
    expect(compileRelabel([step], { nameValidation: 'legacy' })(target)).toBe(target)
    expect(compileRelabel([step])(target)?.get('node.x')).toBe('y')
  })
  test('a pattern that is not valid is refused when it is compiled', () => {
    expect(() => compileRelabel([{ ...relabelDefaults, regex: '(unclosed' }])).toThrow(RangeError)
  })
})
