import { describe, expect, test } from 'vitest'
import { Budget, TurnOver } from './budget.ts'

/** A budget with a turn of 40 ms, the time as the clock tells it and as the thread has computed. */
function turn(measuresUse: boolean) {
  const time = { now: 1_000, used: 500 }
  const clock = { monotonic: () => time.now }
  const budget = new Budget({ clock, timeoutMs: 60_000, samplesMax: 1_000, signal: undefined })
  budget.limitTurn({ ms: 40, samples: 100, ...(measuresUse ? { usedMs: () => time.used } : {}) })
  return { time, budget }
}

describe('a turn', () => {
  test('ends with its time', () => {
    const { time, budget } = turn(false)
    time.now += 40
    budget.check()
    time.now += 1
    expect(() => budget.check()).toThrow(TurnOver)
  })

  test('lasts longer where others had the processor, until the thread has computed for so long', () => {
    const { time, budget } = turn(true)
    time.now += 60
    time.used += 30
    budget.check()
    time.now += 30
    time.used += 9
    budget.check()
    time.now += 2
    time.used += 1
    expect(() => budget.check()).toThrow(TurnOver)
  })

  test('but not longer than four times', () => {
    const { time, budget } = turn(true)
    time.now += 159
    budget.check()
    time.now += 2
    expect(() => budget.check()).toThrow(TurnOver)
  })

  test('ends with the samples of the answer', () => {
    const { budget } = turn(true)
    budget.answer(100)
    expect(() => budget.answer(1)).toThrow(TurnOver)
  })
})
