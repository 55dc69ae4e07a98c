import { quote } from './labels.ts'
import type { DurationMs } from './units.ts'

/** Largest first. The flag marks units that are printed only where they divide what is left. */
const UNITS: readonly (readonly [unit: string, ms: number, onlyExact: boolean])[] = [
  ['y', 365 * 86_400_000, true],
  ['w', 7 * 86_400_000, true],
  ['d', 86_400_000, false],
  ['h', 3_600_000, false],
  ['m', 60_000, false],
  ['s', 1_000, false],
  ['ms', 1, false],
]
const PART = /(\d+)(\D+)/y
/** Go keeps durations as 64-bit nanoseconds. */
const DURATION_MAX_MS = 9_223_372_036_854

/**
 * Reads a Prometheus duration such as `1h30m` or `0`; units must stand from large to small, each once.
 * @throws RangeError with Prometheus's words when the text is no duration or out of range.
 */
export function parseDuration(text: string): DurationMs {
  if (text === '0') return 0
  if (text === '') throw new RangeError('empty duration string')
  let ms = 0
  let lastUnit = -1
  for (PART.lastIndex = 0; PART.lastIndex < text.length; ) {
    const [, digits = '', name = ''] = PART.exec(text) ?? invalid(text)
    const unit = UNITS.findIndex(([known]) => known === name)
    if (unit < 0) throw new RangeError(`unknown unit ${quote(name)} in duration ${quote(text)}`)
    if (unit <= lastUnit) invalid(text)
    lastUnit = unit
    ms += Number(digits) * (UNITS[unit] as readonly [string, number, boolean])[1]
  }
  if (ms > DURATION_MAX_MS) throw new RangeError('duration out of range')
  return ms
}

function invalid(text: string): never {
  throw new RangeError(`not a valid duration string: ${quote(text)}`)
}

/** The Prometheus text of a duration: `90000` is `1m30s`, `0` is `0s`. Parts of a millisecond are rounded. */
export function formatDuration(duration: DurationMs): string {
  let rest = Math.abs(Math.round(duration))
  if (rest === 0) return '0s'
  let text = duration < 0 ? '-' : ''
  for (const [unit, ms, onlyExact] of UNITS) {
    if (onlyExact && rest % ms !== 0) continue
    const count = Math.floor(rest / ms)
    if (count === 0) continue
    text += `${count}${unit}`
    rest -= count * ms
  }
  return text
}
