import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'

describe('parseDuration', () => {
  const is = (text: string, ms: number) => test(`${text} is ${ms} ms`, () => expect(parseDuration(text)).toBe(ms))
  is('0', 0)
  is('0s', 0)
  is('5m', 300_000)
  is('1h30m', 5_400_000)
  is('1y2w3d4h5m6s7ms', 365 * 86_400_000 + 14 * 86_400_000 + 3 * 86_400_000 + 4 * 3_600_000 + 5 * 60_000 + 6_000 + 7)
  is('20s500ms', 20_500)
  is('292y', 292 * 365 * 86_400_000)

  const fails = (text: string, message: string) =>
    test(`${JSON.stringify(text)} is refused: ${message}`, () => expect(() => parseDuration(text)).toThrow(new RangeError(message)))
  fails('', 'empty duration string')
  fails('5', 'not a valid duration string: "5"')
  fails('1', 'not a valid duration string: "1"')
  fails('-5m', 'not a valid duration string: "-5m"')
  fails('1m1h', 'not a valid duration string: "1m1h"')
  fails('5m5m', 'not a valid duration string: "5m5m"')
  fails('5x', 'unknown unit "x" in duration "5x"')
  fails('5y1hs', 'unknown unit "hs" in duration "5y1hs"')
  fails('1.5h', 'unknown unit "." in duration "1.5h"')
  fails('5m ', 'unknown unit "m " in duration "5m "')
  fails('300y', 'duration out of range')
})

describe('formatDuration', () => {
  const is = (ms: number, text: string) => test(`${ms} ms is ${text}`, () => expect(formatDuration(ms)).toBe(text))
  is(0, '0s')
  is(1, '1ms')
  is(90_000, '1m30s')
  is(86_400_000, '1d')
  is(7 * 86_400_000, '1w')
  is(8 * 86_400_000, '8d')
  is(14 * 86_400_000, '2w')
  is(365 * 86_400_000, '1y')
  is(366 * 86_400_000, '366d')
  is(-300_000, '-5m')
  is(3_661_001, '1h1m1s1ms')

  test('what is printed reads back to the same length', () => {
    fc.assert(fc.property(fc.nat(2 ** 43), (ms) => parseDuration(formatDuration(ms)) === ms))
  })
})
