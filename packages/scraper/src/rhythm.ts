// When a target is scraped. The beat follows the monotonic clock, so that a jump of the wall clock moves nothing, and a
// suspended machine does one scrape when it wakes, not all that it missed. Timestamps follow the wall clock, on a grid
// of whole intervals from the first scrape: a scrape that is late by two milliseconds at most gets the grid's time, as
// equal distances compress best. Prometheus: scrape/scrape.go scrapeLoop.run.

import type { Clock, DurationMs, Millis } from '@promlet/model'

const TOLERANCE_MAX_MS = 2

export class Rhythm {
  readonly #clock: Clock
  readonly #interval: DurationMs
  readonly #tolerance: DurationMs
  /** The next beat, by the monotonic clock. */
  #due: number
  /** The grid's last moment, by the wall clock. */
  #aligned: Millis

  /** The first beat is `offset` from now. */
  constructor(clock: Clock, interval: DurationMs, offset: DurationMs) {
    this.#clock = clock
    this.#interval = interval
    this.#tolerance = Math.min(interval / 100, TOLERANCE_MAX_MS)
    this.#due = clock.monotonic() + offset
    this.#aligned = clock.now() + offset
  }

  /** How long it is to the next beat; 0 when that came while the scrape before was still running. */
  delay(): DurationMs {
    return Math.max(0, this.#due - this.#clock.monotonic())
  }

  /** A scrape starts: the next beat is the first one that lies ahead. Those that were missed are left out. */
  beat(): void {
    const late = Math.max(0, this.#clock.monotonic() - this.#due)
    this.#due += (Math.floor(late / this.#interval) + 1) * this.#interval
  }

  /** The timestamp of a scrape that starts now; a whole millisecond. */
  stamp(): Millis {
    const now = this.#clock.now()
    const behind = now - this.#aligned
    if (behind >= this.#interval) this.#aligned += Math.floor(behind / this.#interval) * this.#interval
    // The clock was set back: the grid starts anew.
    if (behind < -this.#tolerance) this.#aligned = now
    return now - this.#aligned <= this.#tolerance ? this.#aligned : now
  }
}
