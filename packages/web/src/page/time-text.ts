// Times and spans as the page writes them: 24 hours, local time, no more precision than helps.

const MINUTE = 60
const HOUR = 3600
const DAY = 86_400

/** How long something took, in seconds: `71.6 ms`. */
export function spanText(seconds: number): string {
  if (seconds === 0) return '0 s'
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`
  if (seconds < 1) return `${(seconds * 1000).toFixed(1)} ms`
  return seconds < 2 * MINUTE ? `${seconds.toFixed(1)} s` : roughText(seconds)
}

/** How long ago a time was: `12 s ago`. A clock that is behind the server's shows no time before now. */
export function agoText(at: number, now: number): string {
  if (Number.isNaN(at) || at <= 0) return 'never'
  const seconds = Math.floor((now - at) / 1000)
  return seconds < 1 ? 'just now' : `${roughText(seconds)} ago`
}

function roughText(seconds: number): string {
  if (seconds < 2 * MINUTE) return `${Math.round(seconds)} s`
  if (seconds < 2 * HOUR) return `${Math.round(seconds / MINUTE)} min`
  return seconds < 2 * DAY ? `${Math.round(seconds / HOUR)} h` : `${Math.round(seconds / DAY)} d`
}

/** A configured length of time as Prometheus writes it: `1h30m`. */
export function durationText(seconds: number): string {
  const units = [
    ['d', DAY],
    ['h', HOUR],
    ['m', MINUTE],
    ['s', 1],
  ] as const
  let rest = seconds
  let text = ''
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  if (rest > 1e-6) text += `${Math.round(rest * 1000)}ms`
  return text === '' ? '0s' : text
}

/**
 * Labels of a time axis, at times in seconds that are `step` apart: hours and minutes, with seconds only where these
 * differ, and below them the date at the first one and where a new day begins. A date that the next one would run into is left out.
 */
export function axisTexts(times: readonly number[], step: number): readonly string[] {
  const dates = times.map(dateText)
  return times.map((at, index) => {
    const date = dates[index] as string
    const isNew = date !== dates[index - 1]
    if (step >= DAY) return date
    const isCrowded = index === 0 && dates.slice(1, 3).some((next) => next !== date)
    return isNew && !isCrowded ? `${clockText(at, step)}\n${date}` : clockText(at, step)
  })
}

function clockText(at: number, step: number): string {
  const date = new Date(at * 1000)
  const parts = [date.getHours(), date.getMinutes()]
  if (step < MINUTE) parts.push(date.getSeconds())
  return parts.map(twoDigits).join(':')
}

function dateText(at: number): string {
  const date = new Date(at * 1000)
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}

/** Reads `2026-01-31 18:05`, with or without seconds, as local time; in milliseconds, undefined for anything else. */
export function parseLocalTime(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)$/.exec(text.trim())
  const at = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2]}`)
  return Number.isNaN(at) ? undefined : at
}
