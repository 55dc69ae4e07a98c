import { Labels } from '@promlet/model'
import { describe, expect, test } from 'vitest'
import { type ActiveAlerts, type FoundAlert, stepAlerts, takeDue } from './alert-state.ts'

const MINUTE = 60_000
const labels = Labels.of({ alertname: 'DiskFull', instance: 'db-1' })
const found = (value = 1): Map<string, FoundAlert> => new Map([[labels.key, { labels, annotations: Labels.empty, value }]])
const none = new Map<string, FoundAlert>()

/** Steps through minutes: `1` is a minute in which the condition holds; gives the states, `-` where there is no alert. */
function states(minutes: string, { forMs = 0, keepFiringForMs = 0 } = {}): string {
  const active: ActiveAlerts = new Map()
  return [...minutes]
    .map((holds, minute) => {
      stepAlerts(active, holds === '1' ? found() : none, minute * MINUTE, { forMs, keepFiringForMs }, 0)
      return active.get(labels.key)?.state[0] ?? '-'
    })
    .join('')
}

describe('an alert', () => {
  test('without `for` fires at once', () => expect(states('1110')).toBe('fffi'))
  test('is pending until `for` has passed', () => expect(states('11110', { forMs: 2 * MINUTE })).toBe('ppffi'))
  test('that ends while pending is forgotten', () => expect(states('1101', { forMs: 3 * MINUTE })).toBe('pp-p'))
  test('keeps firing for `keep_firing_for` after its condition went', () =>
    expect(states('10001', { keepFiringForMs: 3 * MINUTE })).toBe('fffff'))
  test('ends when that time has passed', () => expect(states('100000', { keepFiringForMs: 3 * MINUTE })).toBe('ffffii'))
  test('starts that time again when its condition came back', () =>
    expect(states('10010000', { keepFiringForMs: 3 * MINUTE })).toBe('fffffffi'))
  test('that is resolved is remembered for fifteen minutes', () => expect(states('100000000000000000000')).toBe('fiiiiiiiiiiiiiiii----'))
  test('that comes back begins anew', () => expect(states('111011', { forMs: MINUTE })).toBe('pffipf'))

  test('waits again when a reload made its `for` longer', () => {
    const active: ActiveAlerts = new Map()
    stepAlerts(active, found(), 0, { forMs: 0, keepFiringForMs: 0 }, 0)
    stepAlerts(active, found(), MINUTE, { forMs: 5 * MINUTE, keepFiringForMs: 0 }, 0)
    expect(active.get(labels.key)).toMatchObject({ state: 'pending', activeAt: 0, lastSentAt: undefined })
  })

  test('beyond the limit fails the rule and clears its alerts', () => {
    const active: ActiveAlerts = new Map()
    const other = labels.with('instance', 'db-2')
    const two = new Map([...found(), [other.key, { labels: other, annotations: Labels.empty, value: 1 }]])
    expect(() => stepAlerts(active, two, 0, { forMs: 0, keepFiringForMs: 0 }, 1)).toThrow('exceeded limit of 1 with 2 alerts')
    expect(active.size).toBe(0)
  })
})

describe('sending', () => {
  /** The minutes at which the alert is told, evaluated every half minute. */
  function told(halfMinutes: string, forMs = 0): number[] {
    const active: ActiveAlerts = new Map()
    const at: number[] = []
    for (const [index, holds] of [...halfMinutes].entries()) {
      stepAlerts(active, holds === '1' ? found() : none, (index * MINUTE) / 2, { forMs, keepFiringForMs: 0 }, 0)
      if (takeDue(active, (index * MINUTE) / 2, MINUTE).length > 0) at.push(index / 2)
    }
    return at
  }

  test('a pending alert is not told', () => expect(told('11111', 2 * MINUTE)).toEqual([2]))
  test('a firing alert is repeated after more than the resend delay', () => expect(told('11111111')).toEqual([0, 1.5, 3]))
  test('a resolved alert is told at once, then repeated for fifteen minutes', () => {
    const times = told(`11${'0'.repeat(40)}`)
    expect(times.slice(0, 3)).toEqual([0, 1, 2.5])
    expect(times.at(-1)).toBe(16)
  })
})
