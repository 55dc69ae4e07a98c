import { describe, expect, test } from 'vitest'
import { agoText, axisTexts, durationText, parseLocalTime, spanText } from './time-text.ts'

describe('times on the page', () => {
  const is = (title: string, given: unknown, expected: unknown) => test(title, () => expect(given).toEqual(expected))

  is('how long something took', [0, 0.000205, 0.0716, 1, 300].map(spanText), ['0 s', '205 µs', '71.6 ms', '1.0 s', '5 min'])
  is('a configured duration', [0, 0.5, 1, 15, 90, 3600, 5400, 90_061].map(durationText), [
    '0s',
    '500ms',
    '1s',
    '15s',
    '1m30s',
    '1h',
    '1h30m',
    '1d1h1m1s',
  ])

  test('how long ago something was', () => {
    const now = Date.UTC(2026, 0, 2)
    const ago = (seconds: number) => agoText(now - seconds * 1000, now)
    expect([-3, 0.4, 5.9, 119, 300, 7200, 200_000].map(ago)).toEqual([
      'just now',
      'just now',
      '5 s ago',
      '119 s ago',
      '5 min ago',
      '2 h ago',
      '2 d ago',
    ])
    expect(agoText(Date.parse('0001-01-01T00:00:00Z'), now)).toBe('never')
  })

  test('an axis tells the date once, and again when a day begins', () => {
    const start = new Date(2026, 0, 1, 22, 30).getTime() / 1000
    const times = Array.from({ length: 5 }, (_, index) => start + index * 1800)
    expect(axisTexts(times, 1800)).toEqual(['22:30\n2026-01-01', '23:00', '23:30', '00:00\n2026-01-02', '00:30'])
  })

  test('an axis leaves out a first date that the second one would run into', () => {
    const start = new Date(2026, 0, 1, 23, 59, 30).getTime() / 1000
    expect(axisTexts([start, start + 15, start + 30, start + 45], 15)).toEqual(['23:59:30', '23:59:45', '00:00:00\n2026-01-02', '00:00:15'])
  })

  test('an axis over many days has dates only', () => {
    const start = new Date(2026, 0, 1).getTime() / 1000
    expect(axisTexts([start, start + 2 * 86_400], 2 * 86_400)).toEqual(['2026-01-01', '2026-01-03'])
  })

  test('a typed time is local time', () => {
    expect(parseLocalTime(' 2026-01-31 18:05 ')).toBe(new Date(2026, 0, 31, 18, 5).getTime())
    expect(parseLocalTime('2026-01-31T18:05:09')).toBe(new Date(2026, 0, 31, 18, 5, 9).getTime())
    expect([parseLocalTime('now'), parseLocalTime('2026-13-01 00:00')]).toEqual([undefined, undefined])
  })
})
