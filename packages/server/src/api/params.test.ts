import { describe, expect, test } from 'vitest'
import { optionalSpan, optionalTime, parseSpan, parseTime, readLimit, readMatcherSets, readSwitch, TIME_MAX, TIME_MIN } from './params.ts'

describe('parseTime', () => {
  const is = (text: string, at: number | undefined) => test(`${text} is ${at}`, () => expect(parseTime(text)).toBe(at))
  is('1709251507', 1_709_251_507_000)
  is('1709251507.2504', 1_709_251_507_250)
  is('-1.5', -1500)
  is('1e3', 1_000_000)
  is('2024-03-01T00:05:07Z', 1_709_251_507_000)
  is('2024-03-01T00:05:07.123456789Z', 1_709_251_507_123)
  is('2024-03-01T01:05:07+01:00', 1_709_251_507_000)
  is('2024-02-29T23:35:07-00:30', 1_709_251_507_000)
  is('2023-02-29T00:00:00Z', undefined)
  is('2024-03-01T24:00:00Z', undefined)
  is('2024-03-01', undefined)
  is('2024-03-01t00:05:07z', undefined)
  is('NaN', undefined)
  is('', undefined)
  is('-292273086-05-16T16:47:06Z', TIME_MIN)
  is('292277025-08-18T07:12:54.999999999Z', TIME_MAX)
})

describe('parseSpan', () => {
  const is = (text: string, ms: number) => test(`${text} is ${ms} ms`, () => expect(parseSpan(text)).toBe(ms))
  is('15', 15_000)
  is('12.5', 12_500)
  is('-5', -5000)
  is('1m30s', 90_000)
  is('0.0001', 0.1)
  const fails = (text: string, message: string) => test(`${text} is refused`, () => expect(() => parseSpan(text)).toThrow(message))
  fails('0.5m', 'cannot parse "0.5m" to a valid duration')
  fails('', 'cannot parse "" to a valid duration')
  fails('1e30', 'cannot parse "1e30" to a valid duration. It overflows int64')
})

describe('a parameter', () => {
  const params = (query: string) => new URLSearchParams(query)
  const fails = (name: string, read: () => unknown, message: string) => test(name, () => expect(read).toThrow(message))

  test('that is missing or empty has its default', () => {
    expect(optionalTime(params('time='), 'time', 7)).toBe(7)
    expect(optionalSpan(params(''), 'timeout')).toBeUndefined()
    expect(readLimit(params('limit=0'))).toBe(0)
    expect(readSwitch('skip_head', '', 'unable')).toBe(false)
    expect(readMatcherSets(params(''))).toEqual([])
  })

  test('that is a switch is read as Go reads it', () => {
    expect(['1', 't', 'TRUE', 'True'].map((text) => readSwitch('skip_head', text, 'unable'))).toEqual([true, true, true, true])
    expect(['0', 'f', 'FALSE'].map((text) => readSwitch('skip_head', text, 'unable'))).toEqual([false, false, false])
  })

  test('may be there several times', () => {
    const sets = readMatcherSets(params('match[]=up&match[]={job="node",env!~"dev.*"}'))
    expect(sets.map((matchers) => matchers.map(String))).toEqual([['__name__="up"'], ['job="node"', 'env!~"dev.*"']])
  })

  fails(
    'that is no time is named',
    () => optionalTime(params('start=x'), 'start', 0),
    'invalid parameter "start": Invalid time value for \'start\': cannot parse "x"',
  )
  fails(
    'that is no limit is named',
    () => readLimit(params('limit=ten')),
    'invalid parameter "limit": strconv.Atoi: parsing "ten": invalid syntax',
  )
  fails(
    'that is a limit beyond all numbers is refused',
    () => readLimit(params(`limit=${'9'.repeat(20)}`)),
    `invalid parameter "limit": strconv.Atoi: parsing "${'9'.repeat(20)}": value out of range`,
  )
  fails(
    'that is a limit below zero is refused',
    () => readLimit(params('limit=-1')),
    'invalid parameter "limit": limit must be non-negative',
  )
  fails(
    'that is no switch is refused',
    () => readSwitch('skip_head', 'maybe', 'unable to parse boolean'),
    'invalid parameter "skip_head": unable to parse boolean: strconv.ParseBool: parsing "maybe": invalid syntax',
  )
  fails(
    'that selects everything is refused',
    () => readMatcherSets(params('match[]={job=~".*"}')),
    'match[] must contain at least one non-empty matcher',
  )
})
