import { describe, expect, test } from 'vitest'
import { Labels } from './labels.ts'
import { Matcher, type MatchOperator, matchesAll } from './matcher.ts'

describe('a matcher', () => {
  const accepts = (operator: MatchOperator, value: string, texts: readonly string[], others: readonly string[]) =>
    test(`job${operator}"${value}" accepts ${JSON.stringify(texts)} and not ${JSON.stringify(others)}`, () => {
      const matcher = new Matcher('job', operator, value)
      expect(texts.filter((text) => !matcher.matches(text))).toEqual([])
      expect(others.filter((text) => matcher.matches(text))).toEqual([])
    })
  accepts('=', 'node', ['node'], ['', 'nodes'])
  accepts('!=', 'node', ['', 'web'], ['node'])
  accepts('=~', 'node|web', ['node', 'web'], ['', 'nodes', 'node|web'])
  accepts('!~', 'node|web', ['', 'nodes'], ['node', 'web'])
  accepts('=~', '.*', ['', 'node', 'a\nb'], [])
  accepts('=~', '.+', ['node'], [''])
  accepts('=~', 'n.*', ['n', 'node', 'n\n'], ['web', 'an'])
  accepts('=~', '(?i)NODE', ['node', 'NoDe'], ['nodes'])
  accepts('=~', '', [''], ['node'])

  test('says whether a series without the label matches', () => {
    expect(new Matcher('job', '=', '').matchesEmpty).toBe(true)
    expect(new Matcher('job', '!=', 'node').matchesEmpty).toBe(true)
    expect(new Matcher('job', '=~', '.+').matchesEmpty).toBe(false)
  })

  test('prints as it stands in a selector', () => {
    expect(String(new Matcher('job', '=~', 'a"b'))).toBe('job=~"a\\"b"')
    expect(String(new Matcher('service.name', '!=', 'x'))).toBe('"service.name"!="x"')
  })

  test('refuses a pattern that is none, with the words of Prometheus', () => {
    expect(() => new Matcher('job', '=~', '(')).toThrow(new RangeError('error parsing regexp: missing closing ): `^(?s:()$`'))
    expect(() => new Matcher('job', '=~', 'a**')).toThrow('error parsing regexp: invalid nested repetition operator: `**`')
  })

  test('all of several must accept', () => {
    const matchers = [new Matcher('job', '=', 'node'), new Matcher('env', '!=', 'dev')]
    expect(matchesAll(matchers, Labels.of({ job: 'node' }))).toBe(true)
    expect(matchesAll(matchers, Labels.of({ job: 'node', env: 'dev' }))).toBe(false)
    expect(matchesAll([], Labels.empty)).toBe(true)
  })
})
