// Says on standard error how far a long command is, from time to time: over the same line in a terminal.

import { type DurationMs, systemClock } from '@promlet/model'

const EVERY_MS: DurationMs = 1_000
/** In a log. */
const EVERY_LINE_MS: DurationMs = 10_000

export interface Progress {
  /** Call it as often as you like; the text is made only when it is shown. */
  at(text: () => string): void
  /** Call it before anything else is printed. */
  end(): void
}

export function createProgress(): Progress {
  const isTerminal = process.stderr.isTTY === true
  let last = systemClock.monotonic()
  let shown = false
  return {
    at(text) {
      const now = systemClock.monotonic()
      if (now - last < (isTerminal ? EVERY_MS : EVERY_LINE_MS)) return
      last = now
      shown = true
      process.stderr.write(isTerminal ? `\r\x1b[K${text()}` : `${text()}\n`)
    },
    end() {
      if (shown && isTerminal) process.stderr.write('\r\x1b[K')
      shown = false
    },
  }
}

/** 1234567 as `1,234,567`. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 sample`, `2,000 samples`. */
export function counted(number: number, one: string, more = `${one}s`): string {
  return `${grouped(number)} ${number === 1 ? one : more}`
}
