import { describe, expect, test } from 'vitest'
import { parseTargetGroups } from './index.ts'

describe('parseTargetGroups', () => {
  const json = '[{"targets": ["localhost:9100"], "labels": {"job": "node"}}]'
  const expected = [{ targets: ['localhost:9100'], labels: { job: 'node' } }]

  test('reads JSON', () => expect(parseTargetGroups(json, 'targets.json')).toEqual(expected))
  test('reads YAML', () => expect(parseTargetGroups('- targets: [localhost:9100]\n  labels: {job: node}\n', 'a.yml')).toEqual(expected))
  test('an empty file has no groups', () => expect(parseTargetGroups('', 'targets.yml')).toEqual([]))

  const fails = (title: string, text: string, path: string, message: string) =>
    test(title, () => expect(() => parseTargetGroups(text, path)).toThrow(message))
  fails('another extension', json, 'targets.txt', 'invalid file extension: ".txt"')
  fails(
    'an unknown field',
    '- targats: []',
    'a.yml',
    'a.yml:1:3: [0].targats: field targats not found in type targetgroup.Group; did you mean targets?',
  )
  fails('a group that is empty', '-\n', 'a.yml', 'nil target group item found (index 0)')
  fails('a mapping', 'targets: []', 'a.yml', 'cannot unmarshal !!map into a list; expected a list')
})
