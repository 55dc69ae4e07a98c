// Sliding gives what looking at each window anew gives.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { makeColumn } from '../columns/column.ts'
import { findWindows } from '../columns/windows.ts'
import { meanOf, sumOf } from './compensated.ts'
import { SortedWindow } from './quantile.ts'
import type { FloatWindows } from './range-function.ts'
import { slideExtreme, slideSum, slideTransitions } from './sliding.ts'

const value = fc.oneof(
  { weight: 8, arbitrary: fc.double({ noNaN: true, min: -1e6, max: 1e6 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, Number.NaN, Infinity, -Infinity, 1e300, -1e300, 1e-300) },
)

/** Samples at growing times, and windows over them. */
const input: fc.Arbitrary<FloatWindows> = fc
  .record({
    values: fc.array(value, { minLength: 1, maxLength: 120 }),
    gaps: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 120, maxLength: 120 }),
    step: fc.integer({ min: 1, max: 60 }),
    range: fc.integer({ min: 1, max: 900 }),
  })
  .map(({ values, gaps, step, range }) => {
    let at = 0
    const times = Float64Array.from(values, (_, index) => {
      at += gaps[index] as number
      return at
    })
    const ends = Float64Array.from({ length: Math.ceil((at + range) / step) + 1 }, (_, index) => index * step)
    return { times, values: Float64Array.from(values), starts: undefined, windows: findWindows(times, ends, range, 0) }
  })

const eachWindow = ({ windows: { low, high } }: FloatWindows, check: (from: number, to: number, step: number) => void) => {
  for (let step = 0; step < low.length; step++) check(low[step]!, high[step]!, step)
}

function expectClose(got: number, wanted: number, scale: number): void {
  if (Object.is(got, wanted) || got === wanted) return
  expect(Math.abs(got - wanted)).toBeLessThanOrEqual(1e-12 * scale)
}

describe('sliding', () => {
  test.each([false, true])('sums windows (mean: %j)', (isMean) => {
    fc.assert(
      fc.property(input, (windows) => {
        const column = makeColumn(windows.windows.low.length)
        slideSum(windows, isMean, column)
        eachWindow(windows, (from, to, step) => {
          expect(column.present[step]).toBe(from === to ? 0 : 1)
          if (from === to) return
          const scale = windows.values.subarray(from, to).reduce((most, own) => Math.max(most, Math.abs(own)), 0)
          expectClose(column.values[step]!, (isMean ? meanOf : sumOf)(windows.values, from, to), scale)
        })
      }),
    )
  })

  test.each([1, -1] as const)('finds extremes (sign %j)', (sign) => {
    fc.assert(
      fc.property(input, (windows) => {
        const found = slideExtreme(windows, sign)
        eachWindow(windows, (from, to, step) => {
          if (from === to) return expect(found[step]).toBe(-1)
          const own = [...windows.values.subarray(from, to)].filter((candidate) => !Number.isNaN(candidate))
          const wanted = own.length === 0 ? Number.NaN : sign === 1 ? Math.max(...own) : Math.min(...own)
          expect(windows.values[found[step]!]! + 0).toBe(wanted + 0)
        })
      }),
    )
  })

  test('counts transitions', () => {
    fc.assert(
      fc.property(input, (windows) => {
        const column = makeColumn(windows.windows.low.length)
        slideTransitions(windows, (before, now) => now < before, column)
        eachWindow(windows, (from, to, step) => {
          const falls = [...windows.values.subarray(from, to)].filter((own, index, all) => index > 0 && own < (all[index - 1] as number))
          if (from !== to) expect(column.values[step]).toBe(falls.length)
        })
      }),
    )
  })

  test('keeps a window sorted', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (values, size) => {
        const window = new SortedWindow(size + 1)
        for (const [index, own] of values.entries()) {
          window.add(own)
          if (index >= size) window.remove(values[index - size] as number)
          const wanted = values.slice(Math.max(0, index - size + 1), index + 1)
          const numbers = wanted.filter((candidate) => !Number.isNaN(candidate)).sort((left, right) => left - right)
          expect([...window.sorted.subarray(0, window.size)].map((own) => own + 0)).toEqual(numbers.map((own) => own + 0))
          expect(window.nans).toBe(wanted.length - numbers.length)
        }
      }),
    )
  })

  test('fills a window at once as one by one', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 60 }), fc.integer({ min: 0, max: 60 }), (values, from) => {
        const own = values.slice(from)
        const [filled, added] = [new SortedWindow(60), new SortedWindow(60)]
        filled.add(1)
        filled.fill(Float64Array.from(values), Math.min(from, values.length), values.length)
        for (const one of own) added.add(one)
        expect([filled.size, filled.nans]).toEqual([added.size, added.nans])
        for (const q of [0, 0.3, 1]) expect(filled.quantile(q) + 0).toBe(added.quantile(q) + 0)
      }),
    )
  })
})

describe('sumOf', () => {
  test('loses nothing that is small beside what is large', () => {
    expect(sumOf(Float64Array.of(1, 1e100, 1, -1e100), 0, 4)).toBe(2)
  })

  test('is infinite where it overflows, while the mean is not', () => {
    const values = Float64Array.of(1.5e308, 1.5e308, 1.5e308)
    expect(sumOf(values, 0, 3)).toBe(Infinity)
    expect(meanOf(values, 0, 3)).toBeCloseTo(1.5e308, -300)
  })
})
