import { Labels } from '@promlet/model'
import { describe, expect, test } from 'vitest'
import { compileChanges } from './label-changes.ts'

describe('label changes', () => {
  const labels = Labels.of({ __name__: 'up', instance: 'db-1', job: 'node', zone: 'a' })
  const is = (pairs: [string, string][], expected: Record<string, string>) =>
    test(JSON.stringify(pairs), () => {
      expect(compileChanges(pairs)(labels)).toEqual(labels.withAll(pairs))
      expect(compileChanges(pairs)(labels).toJSON()).toEqual(expected)
    })
  const all = { __name__: 'up', instance: 'db-1', job: 'node', zone: 'a' }
  is([], all)
  is([['job', 'web']], { ...all, job: 'web' })
  is([['job', '']], { __name__: 'up', instance: 'db-1', zone: 'a' })
  is([['none', '']], all)
  is(
    [
      ['__name__', 'x'],
      ['a', '1'],
      ['zzz', '2'],
      ['k', '3'],
      ['zone', ''],
    ],
    { __name__: 'x', a: '1', instance: 'db-1', job: 'node', k: '3', zzz: '2' },
  )
  is(
    [
      ['job', 'first'],
      ['job', 'second'],
    ],
    { ...all, job: 'second' },
  )

  test('of an empty set', () => {
    expect(
      compileChanges([
        ['b', '1'],
        ['a', '2'],
        ['c', ''],
      ])(Labels.empty).toJSON(),
    ).toEqual({ a: '2', b: '1' })
  })
})
