import { describe, expect, test } from 'vitest'
import { LastSamples, RefMap, UNKNOWN } from './ref-pages.ts'

describe('memory per series', () => {
  test('goes with the last series of a page, and comes back', () => {
    const map = new RefMap()
    map.set(5, 1)
    map.set(5_000, 2)
    map.delete(5)
    map.trim()
    expect(map.pages.filter((page) => page !== undefined)).toHaveLength(1)
    expect(map.get(5)).toBeUndefined()
    expect(map.get(5_000)).toBe(2)
    map.set(5, 3)
    expect(map.get(5)).toBe(3)
  })

  test('of last samples goes when none of a page is newer than a time', () => {
    const last = new LastSamples()
    const value = Float64Array.of(1)
    for (const [ref, at] of [
      [1, 1000],
      [2, 2000],
      [3_000, 1000],
      [3_001, -Infinity],
    ] as const)
      last.set(ref, at, value, 0)
    last.trim(1500)
    expect(last.timeOf(1)).toBe(1000)
    expect(last.timeOf(3_000)).toBe(UNKNOWN)
    expect(last.times.filter((page) => page !== undefined)).toHaveLength(1)
  })
})
