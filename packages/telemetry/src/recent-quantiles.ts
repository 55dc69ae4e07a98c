// Quantiles over what was observed lately, sorted when somebody asks. A digest that is kept up to date with every
// observation, as prom-client's is, takes longer than a cheap query.

import type { Clock, DurationMs } from '@promlet/model'

/** Of the newest observations. */
const KEPT_MAX = 1_024
const AGE_MAX_MS: DurationMs = 600_000

export class RecentQuantiles {
  /** Of all that was ever observed. */
  count = 0
  sum = 0
  readonly #values = new Float64Array(KEPT_MAX)
  readonly #times = new Float64Array(KEPT_MAX)
  readonly #clock: Pick<Clock, 'monotonic'>

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  observe(value: number): void {
    const slot = this.count++ % KEPT_MAX
    this.#values[slot] = value
    this.#times[slot] = this.#clock.monotonic()
    this.sum += value
  }

  /** Values of the last ten minutes; NaN when there is none. `ranks` lie between 0 and 1. */
  quantiles(ranks: readonly number[]): number[] {
    const since = this.#clock.monotonic() - AGE_MAX_MS
    const kept = Math.min(this.count, KEPT_MAX)
    const recent = this.#values.subarray(0, kept).filter((_, slot) => (this.#times[slot] as number) >= since)
    recent.sort()
    return ranks.map((rank) => (recent.length === 0 ? Number.NaN : (recent[Math.max(0, Math.ceil(rank * recent.length) - 1)] as number)))
  }
}
