import { VirtualClock } from '@promlet/model/testing'
import { describe, expect, test } from 'vitest'
import { RecentQuantiles } from './recent-quantiles.ts'

describe('quantiles of what was observed lately', () => {
  test('are the values that so many of the others do not exceed', () => {
    const quantiles = new RecentQuantiles(new VirtualClock(0))
    for (let value = 100; value >= 1; value--) quantiles.observe(value)
    expect(quantiles.quantiles([0, 0.5, 0.9, 0.99, 1])).toEqual([1, 50, 90, 99, 100])
    expect(quantiles).toMatchObject({ count: 100, sum: 5050 })
  })

  test('forget what is older than ten minutes, which still counts', async () => {
    const clock = new VirtualClock(0)
    const quantiles = new RecentQuantiles(clock)
    quantiles.observe(1)
    await clock.advance(599_000)
    quantiles.observe(3)
    expect(quantiles.quantiles([0])).toEqual([1])
    await clock.advance(2_000)
    expect(quantiles.quantiles([0])).toEqual([3])
    await clock.advance(600_000)
    expect(quantiles.quantiles([0.5])).toEqual([Number.NaN])
    expect(quantiles).toMatchObject({ count: 2, sum: 4 })
  })

  test('look at the newest where there are too many', () => {
    const quantiles = new RecentQuantiles(new VirtualClock(0))
    for (let value = 0; value < 10_000; value++) quantiles.observe(value)
    expect(quantiles.quantiles([0, 1])).toEqual([10_000 - 1_024, 9_999])
  })
})
