import { QueryError } from '@promlet/model'
import { describe, expect, test } from 'vitest'
import type { Command } from './command.ts'
import { parseScript } from './parse.ts'

const only = (script: string): Command => {
  const commands = parseScript(script)
  expect(commands).toHaveLength(1)
  return commands[0] as Command
}

describe('a script', () => {
  test('is a list of commands, blocks ending at empty lines and comments', () => {
    const script = `
# what is loaded
load 5m
  up{job="node"} 1 _ stale
  up{job="web"}  0+1x3

eval instant at 5m up
  {} 1
# a comment ends the block
clear
eval range from 0 to 10m step 5m up
`
    expect(parseScript(script).map(({ kind, line }) => `${line} ${kind}`)).toEqual(['3 load', '7 eval', '10 clear', '11 eval'])
  })

  const fails = (script: string, message: string) =>
    test(`${JSON.stringify(script)} fails: ${message}`, () => {
      expect(() => parseScript(script)).toThrow(QueryError)
      expect(() => parseScript(script)).toThrow(message)
    })
  fails('\ndrop it', 'line 2: invalid command "drop it"')
  fails('load', 'line 1: invalid load command')
  fails('load 5x', 'line 1: unknown unit "x" in duration "5x"')
  fails('load 5m\n  up{ 1', 'line 2: 1:5: parse error: unexpected character inside braces')
  fails('eval at 5m up', 'line 1: invalid eval command')
  fails('eval instant at 5m up\n  expect nothing', 'line 2: invalid expect statement')
  fails('eval instant at 5m up\n  expect ordered msg:x', 'line 2: invalid expect flags: ordered takes no text')
  fails('eval instant at 5m up\n  expect fail regex:(', 'line 2: error parsing regexp: missing closing ): `^(?s:()$`')
  fails('eval instant at 5m up\n  expect string x', 'line 2: expected string literal not valid: x')
})

describe('load', () => {
  test('holds the step and the series', () => {
    const load = only('load_with_nhcb 30s\n  up{job="node"} 1+1x2')
    expect(load).toMatchObject({
      kind: 'load',
      step: 30_000,
      withNhcb: true,
      series: [{ line: 2, values: [{ value: 1 }, { value: 2 }, { value: 3 }] }],
    })
  })

  test('joins start timestamps to the series they are for', () => {
    const load = only('load 1m\n  a@st _ _x2 -30s-1mx2 1ms 0\n  a _x3 1 2 3 4 5\n  b{x="y"} 1')
    expect(load).toMatchObject({
      kind: 'load',
      series: [{ startTimes: [undefined, undefined, undefined, -30_000, -90_000, -150_000, 1, 0] }, { line: 4 }],
    })
    expect((load as { series: readonly object[] }).series[1]).not.toHaveProperty('startTimes')
    expect(() => parseScript('load 1m\n  a@st -1m\n  b 1')).toThrow('line 2: start timestamps of a series that the block does not load')
    expect(() => parseScript('load 1m\n  a@st soon\n  a 1')).toThrow('line 2: unexpected "soon" in start timestamps')
  })
})

describe('eval', () => {
  test('instant, at a time or at zero', () => {
    expect(only('eval instant at 1m30s sum(up)')).toMatchObject({
      query: 'sum(up)',
      span: { kind: 'instant', at: 90_000 },
      expectations: [],
      result: { kind: 'series', series: [] },
    })
    expect(only('eval instant at -10s up')).toMatchObject({ span: { at: -10_000 } })
    expect(only('eval instant at 1000.5 up')).toMatchObject({ span: { at: 1_000_500 } })
    expect(only('eval instant up')).toMatchObject({ span: { at: 0 }, query: 'up' })
  })

  test('range', () => {
    expect(only('eval range from 0 to 10m step 30s up')).toMatchObject({
      query: 'up',
      span: { kind: 'range', start: 0, end: 600_000, step: 30_000 },
    })
  })

  test('with series, a number, a text or a range vector as its result', () => {
    expect(only('eval instant at 5m up\n  up{job="node"} 1\n  {job="web"} 2')).toMatchObject({
      result: { kind: 'series', series: [{ line: 2 }, { line: 3 }] },
    })
    expect(only('eval instant at 5m 1\n  1e3')).toMatchObject({ result: { kind: 'scalar', value: 1000 } })
    expect(only('eval instant at 5m 1\n  -Inf')).toMatchObject({ result: { kind: 'scalar', value: -Infinity } })
    expect(only('eval instant at 5m "a"\n  expect string `a "b"`')).toMatchObject({ result: { kind: 'string', value: 'a "b"' } })
    expect(only('eval instant at 1m up[1m]\n  expect range vector from 10s to 1m step 10s\n  up 1 2')).toMatchObject({
      result: { kind: 'series', range: { start: 10_000, end: 60_000, step: 10_000 }, series: [{ line: 3 }] },
    })
  })

  test('with expectations of errors, annotations and order', () => {
    const script = `eval instant at 5m up
      expect warn
      expect no_info
      expect fail msg: something went wrong
      expect info regex:some(thing|where)
      expect ordered`
    expect(only(script)).toMatchObject({
      expectations: [
        { kind: 'warn' },
        { kind: 'no_info' },
        { kind: 'fail', match: { kind: 'message', text: 'something went wrong' } },
        { kind: 'info', match: { kind: 'regex', text: 'some(thing|where)' } },
        { kind: 'ordered' },
      ],
    })
  })

  test('with the older words for them', () => {
    expect(only('eval_ordered instant at 5m up')).toMatchObject({ expectations: [{ kind: 'ordered' }] })
    expect(only('eval_warn range from 0 to 1m step 1m up')).toMatchObject({ expectations: [{ kind: 'warn' }] })
    expect(only('eval_fail instant at 5m up')).toMatchObject({ expectations: [{ kind: 'fail' }] })
    expect(only('eval_fail instant at 5m up\n  expected_fail_message no').kind === 'eval').toBe(true)
    expect(only('eval_fail instant at 5m up\n  expected_fail_message too bad')).toMatchObject({
      expectations: [{ kind: 'fail', match: { kind: 'message', text: 'too bad' } }],
    })
    expect(only('eval_fail instant at 5m up\n  expected_fail_regexp too .*')).toMatchObject({
      expectations: [{ kind: 'fail', match: { kind: 'regex', text: 'too .*' } }],
    })
  })
})
