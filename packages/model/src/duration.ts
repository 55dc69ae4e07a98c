import type { DurationMs } from './units.ts'

const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['y', 365 * 86_400_000],
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
]
const PATTERN = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/
/** Go keeps durations as 64-bit nanoseconds. */
const DURATION_MAX_MS = 9_223_372_036_854

/**
 * Reads a Prometheus duration such as `1h30m` or `0`; units must stand from large to small, each once.
 * @throws RangeError with Prometheus's words when the text is no duration or out of range.
 */
export function parseDuration(text: string): DurationMs {
  if (text === '0') return 0
  if (text === '') throw new RangeError('empty duration string')
  const match = PATTERN.exec(text)
  if (match === null) throw new RangeError(`not a valid duration string: "${text}"`)
  let ms = 0
  for (let index = 0; index < UNITS.length; index++) {
    const digits = match[index + 1]
    if (digits !== undefined) ms += Number(digits) * (UNITS[index] as readonly [string, number])[1]
  }
  if (ms > DURATION_MAX_MS) throw new RangeError('duration out of range')
  return ms
}

/** The shortest Prometheus text of a duration: `90000` is `1m30s`, `0` is `0s`. */
export function formatDuration(duration: DurationMs): string {
  if (duration === 0) return '0s'
  let rest = Math.abs(Math.round(duration))
  let text = duration < 0 ? '-' : ''
  for (const [unit, ms] of UNITS) {
    // Years and weeks are used only when they divide exactly, as Prometheus prints them.
    if ((unit === 'y' || unit === 'w') && rest % ms !== 0) continue
    const count = Math.floor(rest / ms)
    if (count === 0) continue
    text += `${count}${unit}`
    rest -= count * ms
  }
  return text
}
