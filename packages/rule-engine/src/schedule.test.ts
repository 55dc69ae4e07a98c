import { describe, expect, test } from 'vitest'
import { groupOffset, slotBefore } from './schedule.ts'

const MINUTE = 60_000

describe('the place of a group in its interval', () => {
  test('depends on file and name, and on nothing else', () => {
    expect(groupOffset('/etc/rules.yml', 'node', MINUTE)).toBe(groupOffset('/etc/rules.yml', 'node', MINUTE))
    expect(groupOffset('/etc/rules.yml', 'node', MINUTE)).not.toBe(groupOffset('/etc/rules.yml', 'web', MINUTE))
    expect(groupOffset('/etc/rules.yml', 'node', MINUTE)).not.toBe(groupOffset('/etc/other.yml', 'node', MINUTE))
  })

  test('spreads groups over the interval', () => {
    const offsets = Array.from({ length: 1000 }, (_, index) => groupOffset('/etc/rules.yml', `group-${index}`, MINUTE))
    expect(offsets.every((offset) => Number.isInteger(offset) && offset >= 0 && offset < MINUTE)).toBe(true)
    for (let tenth = 0; tenth < 10; tenth++) {
      const count = offsets.filter((offset) => Math.floor(offset / (MINUTE / 10)) === tenth).length
      expect(count).toBeGreaterThan(60)
      expect(count).toBeLessThan(140)
    }
  })

  test('gives slots that do not depend on when it was started', () => {
    expect(slotBefore(100_000, 7_000, MINUTE)).toBe(67_000)
    expect(slotBefore(66_999, 7_000, MINUTE)).toBe(7_000)
    expect(slotBefore(67_000, 7_000, MINUTE)).toBe(67_000)
    expect(slotBefore(1_000, 7_000, MINUTE)).toBe(-53_000)
  })
})
